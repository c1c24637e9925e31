"""Alert rules fire for what they are meant for, as far as that can be seen without Azure."""

from __future__ import annotations

import re

import pytest

from tests.operations.alert_rules import ALERTS, QUERIES, Rule, rules

# What the service answers a rule with another window: "Supported granularities are …".
WINDOWS = {5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880}
ABSENCE = ("app-silent", "timer-absent")

every_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)


def test_every_rule_is_read() -> None:
    """The tests here look at all rules: as many as have a query."""
    source = ALERTS.read_text(encoding="utf-8")
    assert len(rules()) == len(re.findall(r"^    query: ", source, re.MULTILINE)) > 10
    assert len({rule.name for rule in rules()}) == len(rules())


@every_rule
def test_a_rule_has_a_window_that_the_service_knows_and_misses_nothing_between_two_looks(rule: Rule) -> None:
    """A window is one of a few sizes, and at least as long as it is from look to look."""
    assert rule.window in WINDOWS
    assert rule.frequency <= rule.window


@every_rule
def test_a_rule_reads_columns_that_its_query_makes(rule: Rule) -> None:
    """A column of another name would be an alert that never fires."""
    columns = [column for column in (rule.measure, *rule.dimensions) if column]
    made = set(re.findall(r"(\w+) = ", rule.text)) | set(re.findall(r"\bproject ([^|]+)", rule.text))
    words = {word for text in made for word in re.findall(r"\w+", text)}
    assert set(columns) <= words
    last = rule.text.rstrip().rsplit("\n| ", 1)[-1]
    if last.startswith("project "):
        assert set(columns) <= set(re.findall(r"\w+", last))


@every_rule
def test_a_happening_is_told_once_and_also_when_it_arrives_late(rule: Rule) -> None:
    """Told by when it arrived, since the former look, within a window that is longer than that."""
    arrived = re.findall(r"ingestion_time\(\) > ago\((\d+)m\)", rule.text)
    if rule.state:
        assert arrived == []
    else:
        assert arrived == [str(rule.frequency)]
        assert rule.window >= 2 * rule.frequency


@every_rule
def test_only_a_happening_is_muted_and_for_longer_than_from_look_to_look(rule: Rule) -> None:
    """The service refuses to mute what resolves by itself, and a pause that is shorter than the frequency."""
    assert rule.mute is None or (not rule.state and rule.mute >= rule.frequency)


@pytest.mark.parametrize("name", ABSENCE)
def test_absence_is_measured_from_the_deployment_where_nothing_was_ever_said(name: str) -> None:
    """No data makes a row too, which grows from the deployment on: nothing fires early, and silence does."""
    text = (QUERIES / f"{name}.kql").read_text(encoding="utf-8")
    source = ALERTS.read_text(encoding="utf-8")
    replaced = re.search(r"^var deploymentInQueries = '(.+)'$", source, re.MULTILINE)
    assert replaced is not None
    assert text.count(f"datetime({replaced[1]})") == text.count(replaced[1]) == 1
    assert f"replace(loadTextContent('queries/{name}.kql'), deploymentInQueries, deployedAt)" in source
    aggregated = re.search(r"^\| summarize .*", text, re.MULTILINE)
    assert aggregated is not None
    assert " by " not in aggregated[0]  # without groups a summary of nothing is one row
    assert re.search(r"coalesce\([^)]*deployed_at\)", text)


def test_the_days_of_a_credentials_warnings_are_put_into_its_query() -> None:
    """What the module replaces is in the query, once."""
    source = ALERTS.read_text(encoding="utf-8")
    wanted = re.findall(r"replace\(expiring, '([^']+)'", source)
    assert len(wanted) == 2
    for text in wanted:
        assert (QUERIES / "credential-expiring.kql").read_text(encoding="utf-8").count(text) == 1


def test_every_threshold_is_reached_from_below() -> None:
    """Of no rows nothing is below a number either: a rule for "less than" would be silent, or never still."""
    source = ALERTS.read_text(encoding="utf-8")
    assert re.findall(r"^ +operator: '(\w+)'$", source, re.MULTILINE) == ["Include", "GreaterThanOrEqual"]
