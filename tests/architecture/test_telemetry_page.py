"""docs/telemetry.md names exactly the events and metrics that the code has; queries and alerts go by it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from shared.core import run_facts
from shared.core.run import Run, RunKind, Trigger
from tests.architecture.sources import ROOT, modules
from tests.contract.contracts.values import NOW

PAGE = (ROOT / "docs/telemetry.md").read_text(encoding="utf-8")
IDS = {"account", "customer", "connection", "run"}
RUN = Run("run", "a", "c", "connection", RunKind.SYNC, Trigger.API, NOW, NOW)
PUT_TOGETHER = {
    "run.started": run_facts.started(RUN),
    "run.held": run_facts.held(RUN),
    "run.finished": run_facts.finished(RUN, None),
}
"""Events whose fields are made elsewhere than where they are logged."""
INSTRUMENTS = {"create_counter": "counter", "create_histogram": "histogram", "create_gauge": "gauge"}


def rows(title: str) -> Iterator[list[str]]:
    """The cells of every row of the tables below a title, without the heads."""
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    for line in section.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def words(cell: str) -> set[str]:
    """The names in a cell; what is in parentheses explains one."""
    names = {name.strip() for name in re.sub(r"\([^)]*\)", "", cell).split(",")}
    return names - {"–"}


def calls(*names: str) -> Iterator[ast.Call]:
    for path in modules("function_app.py", "shared"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node


def logged() -> dict[str, set[str]]:
    """Event → its fields besides the ids, as the code logs it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for call in calls("log", "log_event"):
        for node in ast.walk(call.args[0]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] |= {keyword.arg or "**" for keyword in call.keywords}
    found |= {name: set(facts) for name, facts in PUT_TOGETHER.items()}
    return {name: fields - IDS - {"level"} for name, fields in found.items() if name != "event"}


def test_every_event_is_on_the_page_with_exactly_its_fields() -> None:
    """And nothing else is: a query for what nobody logs finds nothing, and no one wonders why."""
    told = {cells[0].strip("`"): words(cells[2]) for cells in rows("Events")}
    assert told == logged()


def test_no_event_is_named_twice_and_every_one_says_when() -> None:
    """One row each, with a sentence."""
    names = [cells[0] for cells in rows("Events")]
    assert len(names) == len(set(names))
    assert all(cells[1] for cells in rows("Events"))


def test_every_instrument_is_on_the_page_with_its_kind_and_unit() -> None:
    """And nothing else is."""
    tree = ast.parse((ROOT / "shared/telemetry/metrics.py").read_text(encoding="utf-8"))
    made = {
        (node.args[0].value, INSTRUMENTS[node.func.attr], node.args[1].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in INSTRUMENTS
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[1], ast.Constant)
    }
    told = set()
    for cells in rows("Metrics"):
        name, kind = cells[0].split()
        told.add((name.strip("`"), kind, cells[1].strip("`")))
    assert told == made


@pytest.mark.parametrize("event", sorted(logged()))
def test_an_event_has_a_name_that_reads_as_one(event: str) -> None:
    """What it is about, and what became of it."""
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event)
