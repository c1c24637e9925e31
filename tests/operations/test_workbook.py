"""The workbook that is deployed is the one that its description makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from devtools import workbook
from tests.architecture.sources import ROOT


def _items(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in of["items"]:
        yield item
        if item["type"] == 12:
            yield from _items(item["content"])


def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workbook.WORKBOOK.read_text(encoding="utf-8"))
    return found


def test_the_committed_workbook_is_the_one_that_its_description_makes() -> None:
    """`python3 dev.py workbook` makes it anew."""
    assert workbook.WORKBOOK.read_text(encoding="utf-8") == workbook.text()


def test_every_query_of_the_workbook_is_the_file_of_its_name() -> None:
    """An alert, a picture and a query by hand never differ."""
    asked = {item["name"]: item["content"]["query"] for item in _items(_document()) if item["type"] == 3}
    assert len(asked) > 20
    for name, text in asked.items():
        assert text == (workbook.QUERIES / f"{name}.kql").read_text(encoding="utf-8")


def test_what_queries_are_to_be_filled_in_with_is_asked_for() -> None:
    """Each {parameter} of a query is one of the workbook, and the time is that of the page."""
    document = _document()
    parameters = {
        given["name"]
        for item in _items(document)
        if item["type"] == 9
        for given in item["content"]["parameters"]
    }
    for item in (item for item in _items(document) if item["type"] == 3):
        assert set(re.findall(r"\{(\w+)\}", item["content"]["query"])) <= parameters
        assert item["content"]["timeContextFromParameter"] in parameters


def test_every_tab_has_its_view() -> None:
    """A tab that nothing is shown for is a dead end."""
    document = _document()
    links = next(item["content"]["links"] for item in document["items"] if item["type"] == 11)
    views = [item["conditionalVisibility"]["value"] for item in document["items"] if item["type"] == 12]
    assert [link["subTarget"] for link in links] == views == ["fleet", "customer", "run"]


def test_names_and_ids_in_the_workbook_are_unique() -> None:
    """The portal tells parts apart by their names."""
    items = list(_items(_document()))
    names = [item["name"] for item in items]
    assert len(names) == len(set(names))


def test_what_deployment_puts_in_is_in_the_workbook() -> None:
    """The module names the workspace and the portal, in whichever cloud they are."""
    module = (ROOT / "infra" / "workbook.bicep").read_text(encoding="utf-8")
    text = workbook.WORKBOOK.read_text(encoding="utf-8")
    for placeholder in (workbook.WORKSPACE, workbook.PORTAL):
        assert text.count(f'"{placeholder}"') == 1
        assert f"'{placeholder}'" in module
