"""Patterns, site rules and schedules: what may be configured, and what is refused."""

import pytest
from pydantic import ValidationError

from shared.core.configuration import (
    Exclusion,
    PatternField,
)
from tests.unit.core.configuration_documents import refused, sent


def daily(**values: object) -> dict[str, object]:
    return {"schedule": {"kind": "daily", "at": "01:00", "time_zone": "Europe/Berlin"} | values}


def site_rule(*values: str, attribute: str = "office", site: str = "site") -> dict[str, object]:
    return {"attribute": attribute, "values": values, "site": site}


# Patterns.


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1",
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?>a)",
        "(",
        "[",
        "*",
        "a{1001}",
        "((a{100}){100}){100}",
        "\\",
    ],
)
def test_a_pattern_that_could_take_forever_or_means_nothing_is_refused(pattern: str) -> None:
    """No backreference, no lookaround, no unfinished or huge expression."""
    document = {"scope": {"exclusions": [{"attribute": "email", "pattern": pattern}]}}
    assert refused(document) == [("scope", "exclusions", 0, "pattern")]


@pytest.mark.parametrize("pattern", ["^svc-", "(admin|backup)@", r"\bnoreply\b", "(a+)+$", "x" * 200, "Büro"])
def test_a_plain_pattern_is_accepted_as_it_was_written(pattern: str) -> None:
    """Also one that would take forever elsewhere."""
    document = {"scope": {"exclusions": [{"attribute": "email", "pattern": pattern}]}}
    assert sent(document).scope.exclusions == (Exclusion(PatternField.EMAIL, pattern),)


def test_half_a_character_in_a_pattern_is_refused() -> None:
    """A lone surrogate cannot be matched with anything."""
    with pytest.raises(ValidationError) as caught:
        Exclusion(attribute=PatternField.EMAIL, pattern="\ud800")
    assert [error["loc"] for error in caught.value.errors()] == [("pattern",)]


# Sites.


@pytest.mark.parametrize(
    "rules",
    [
        [site_rule("Bern", site="1"), site_rule("Bern", site="2")],
        [site_rule("Bern", site="1"), site_rule("Basel", "BERN", site="2")],
        [site_rule("", site="1"), site_rule("\t", site="2")],
        [site_rule("Bern", site="1"), site_rule("Bern", site="1")],
    ],
    ids=["twice", "other case", "empty", "same site"],
)
def test_two_site_rules_that_name_one_value_are_refused(rules: list[object]) -> None:
    """Nobody could see which of them counts."""
    assert refused({"sites": {"rules": rules}}) == [("sites", "rules")]


def test_one_value_may_be_an_office_and_a_department() -> None:
    """They are two different things, and the order of the rules decides."""
    rules = [site_rule("Bern", site="1"), site_rule("Bern", site="2", attribute="department")]
    assert len(sent({"sites": {"rules": rules}}).sites.rules) == 2


def test_one_rule_may_name_a_value_in_two_spellings() -> None:
    """Both lead to the same site."""
    assert len(sent({"sites": {"rules": [site_rule("Bern", "BERN")]}}).sites.rules) == 1


def test_a_thousand_site_rules_and_no_more() -> None:
    """And as many values in each."""
    rules = [site_rule(str(number)) for number in range(1001)]
    assert len(sent({"sites": {"rules": rules[:1000]}}).sites.rules) == 1000
    assert refused({"sites": {"rules": rules}}) == [("sites", "rules")]
    values = [str(number) for number in range(1001)]
    assert refused({"sites": {"rules": [site_rule(*values)]}}) == [("sites", "rules", 0, "values")]


# Schedule.


@pytest.mark.parametrize("at", ["00:00", "01:00", "23:59"])
def test_a_time_of_day_is_hours_and_minutes(at: str) -> None:
    """As a clock shows it."""
    assert sent(daily(at=at)).schedule.at == at


@pytest.mark.parametrize(
    "at",
    [
        "24:00",
        "1:00",
        "01:60",
        "0100",
        "T01:00",
        "01:00:00",
        "01:00Z",
        "01:00+01:00",
        "01:00-00:30",
        "noon",
        "",
    ],
)
def test_anything_else_is_no_time_of_day(at: str) -> None:
    """Among it a time with an offset: the zone is a field of its own."""
    assert refused(daily(at=at)) == [("schedule", "at")]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "UTC", "Asia/Kolkata"])
def test_a_known_time_zone_is_accepted(zone: str) -> None:
    """By its IANA name."""
    assert sent(daily(time_zone=zone)).schedule.time_zone == zone


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "America",
        "Mars/Phobos",
        "../etc/passwd",
        "/etc/localtime",
        "x" * 5_000,
        "a\0b",
        "PST8PDT!",
        " UTC",
    ],
)
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    """Whatever it would be on a disk."""
    assert refused(daily(time_zone=zone)) == [("schedule", "time_zone")]
