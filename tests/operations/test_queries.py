"""Queries ask for what is said, and each of them is asked by somebody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devtools import workbook
from tests.operations.alert_rules import QUERIES, rules
from tests.operations.events_page import BESIDE, IDS, events

FILES = sorted(QUERIES.glob("*.kql"))
every_query = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)

_COMPARED = re.compile(r'\bName (?:==|!=) "([^"]+)"')
_LISTED = re.compile(r"\bName !?in \(([^)]*)\)")


def _events(text: str) -> set[str]:
    listed = {name for group in _LISTED.findall(text) for name in re.findall(r'"([^"]+)"', group)}
    return set(_COMPARED.findall(text)) | listed


def _fields(text: str) -> set[str]:
    named = set(re.findall(r'Properties\["tenantry\.(\w+)"\]', text))
    composed = re.findall(r"dynamic\(\[([^\]]*)\]\)", text) if 'strcat("tenantry.", ' in text else []
    return named | {name for group in composed for name in re.findall(r'"(\w+)"', group)}


@every_query
def test_a_query_asks_for_events_that_there_are(path: Path) -> None:
    """An event of another name would be an empty picture, or an alert that never fires."""
    text = path.read_text(encoding="utf-8")
    assert _events(text) <= set(events())


@every_query
def test_a_query_asks_for_fields_that_its_events_have(path: Path) -> None:
    """Each field is one of an event that the query names, or of any, if it names none or all but some."""
    text = path.read_text(encoding="utf-8")
    known = events()
    named = _events(text) if " !in (" not in text else set()
    offered = frozenset().union(*(known[name] for name in named or known))
    assert _fields(text) <= offered | IDS | BESIDE


@every_query
def test_a_query_says_what_it_answers(path: Path) -> None:
    """The first line is a comment, for whoever finds the query in an alert or runs it by hand."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert text.endswith("\n")


def test_every_query_is_asked_by_an_alert_or_by_the_workbook() -> None:
    """What nobody asks is not kept right."""
    shown = {panel.query for tab in workbook.TABS for panel in tab.panels}
    assert shown | {rule.query for rule in rules()} == {path.stem for path in FILES}


def test_queries_of_alerts_have_nothing_to_be_filled_in() -> None:
    """Nobody fills in a parameter at night."""
    assert [rule.name for rule in rules() if re.search(r"\{\w+\}", rule.text)] == []


def test_the_events_are_read_from_the_page() -> None:
    """The tests here know every event with its fields."""
    assert {"created", "graph_requests", "outcome"} <= events()["run.finished"]
    assert events()["credential.observed"] == {"kind", "days_left"}
