"""docs/operations.md knows every alert, and none that does not exist."""

from __future__ import annotations

import re

import pytest
import typer
from typer.core import TyperGroup

from shared.admin.application import app
from tests.architecture.sources import ROOT
from tests.operations.alert_rules import QUERIES, Rule, rules

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ALERTS = PAGE.split("\n## Alerts\n", 1)[1].split("\n## Problem codes\n", 1)[0]


def _entries() -> dict[str, str]:
    parts = re.split(r"^### ([\w-]+)$", ALERTS, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_an_entry_and_every_entry_an_alert() -> None:
    """Whoever is woken finds what to do; nobody reads of alerts that there are none of."""
    assert sorted(_entries()) == sorted(rule.name for rule in rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_an_entry_says_what_it_means_who_is_affected_and_what_to_do(rule: Rule) -> None:
    """Each has the same five parts, in the same order."""
    parts = re.findall(r"^- \*\*(\w+)\*\*: \S", _entries()[rule.name], re.MULTILINE)
    assert parts == ["Means", "Affected", "Look", "Do", "Over"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_the_table_of_alerts_says_what_the_rules_say(rule: Rule) -> None:
    """Severity and kind are those of the rule."""
    kind = "state" if rule.state else "happening"
    assert f"| [{rule.name}](#{rule.name}) | {rule.severity} | {kind} |" in ALERTS


def test_the_page_names_queries_that_exist() -> None:
    """A query by another name is of no use at night."""
    assert set(re.findall(r"`([\w-]+)\.kql`", PAGE)) <= {path.stem for path in QUERIES.glob("*.kql")}


def test_links_within_the_page_lead_somewhere() -> None:
    """Every anchor is a heading."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-").replace(":", "") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors


def test_the_page_names_verbs_that_exist() -> None:
    """With the options that are given there: at night nobody reads --help."""
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    nouns = "|".join(program.commands)
    named = set(re.findall(rf"`(?:python -m shared\.admin )?((?:{nouns}) [a-z][^`]*)`", PAGE))
    assert len(named) > 10
    for text in named:
        noun, verb, *rest = text.split()
        group = program.commands[noun]
        assert isinstance(group, TyperGroup)
        assert verb in group.commands, text
        options = {option for given in group.commands[verb].params for option in given.opts}
        assert {word for word in rest if word.startswith("--")} <= options, text
