"""Each alert fires for what it is meant for and for nothing else, on rows as the app's events make them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.operations.alert_rules import rules
from tests.operations.engine import NOW, Event, Request, event, fired

RULES = {rule.name: rule for rule in rules()}
HAPPENINGS = {
    "run-held": "run.held",
    "message-given-up": "message.given_up",
    "connection-action-required": "connection.action_required",
    "credential-refused": "credential.refused",
}


def _failed(run: str, minutes: float = 10, actor: str = "operator", connection: str = "c1") -> Event:
    return _finished(run, minutes, "failed", actor, connection)


def _finished(
    run: str, minutes: float, outcome: str = "succeeded", actor: str = "-", connection: str = "c1"
) -> Event:
    ids = {"run": run, "connection": connection, "customer": f"customer of {connection}"}
    code = "graph_refused" if outcome == "failed" else "-"
    return event("run.finished", minutes, kind="sync", outcome=outcome, actor=actor, code=code, **ids)


def _look(minutes: float, **counts: int) -> Event:
    return event("fleet.observed", minutes, **counts)


def _expiry(minutes: float, days_left: int) -> Event:
    return event("credential.observed", minutes, kind="certificate", days_left=days_left)


@pytest.mark.parametrize("name", ["app-silent", "timer-absent"])
def test_nothing_is_missed_right_after_a_deployment(name: str) -> None:
    """Where nothing was ever said, the alert waits for as long as it does after the last word."""
    rule = RULES[name]
    unit = timedelta(minutes=1) if name == "app-silent" else timedelta(hours=1)
    late = rule.threshold * unit + timedelta(minutes=1)
    assert fired(rule, [], deployed_at=NOW - rule.threshold * unit / 2) == []
    assert fired(rule, [], deployed_at=NOW - late) == [()]


def test_an_app_that_falls_silent_is_missed_after_an_hour() -> None:
    """One look that is late or lost wakes nobody."""
    assert fired(RULES["app-silent"], [_look(59), _look(74)]) == []
    assert fired(RULES["app-silent"], [_look(61), _look(76)]) == [()]


def test_an_app_that_has_been_silent_for_days_is_still_missed() -> None:
    """When its last word has left the window, the deployment is even longer ago."""
    assert fired(RULES["app-silent"], [_look(3 * 24 * 60)]) == [()]
    assert fired(RULES["timer-absent"], [_look(3 * 24 * 60)]) == [()]


def test_a_timer_is_missed_an_hour_after_its_slot() -> None:
    """Slots are 12 hours apart, and handing one out may take its time."""
    alive = [_look(minutes) for minutes in range(5, 24 * 60, 60)]
    assert fired(RULES["timer-absent"], [*alive, event("fan_out.done", 12.9 * 60)]) == []
    assert fired(RULES["timer-absent"], [*alive, event("fan_out.done", 13.1 * 60)]) == [()]
    assert fired(RULES["timer-absent"], alive) == [()]


def test_a_timer_is_not_missed_before_its_first_slot() -> None:
    """An app that has lived for half a day has had no slot yet, however long ago its alerts were made."""
    assert fired(RULES["timer-absent"], [_look(minutes) for minutes in range(5, 12 * 60, 60)]) == []


@pytest.mark.parametrize("name", HAPPENINGS)
@pytest.mark.parametrize("delay", [0, 1, 7, 14, 20, 40])
def test_a_happening_is_told_once_however_late_it_arrives(name: str, delay: float) -> None:
    """Of all looks that could see it, exactly one tells of it."""
    happened = replace(event(HAPPENINGS[name], 60, run="r1", connection="c1", code="x"), delay=delay)
    looks = [NOW + timedelta(minutes=minutes) for minutes in range(-60, 61, 15)]
    assert sum(len(fired(RULES[name], [happened], at=look)) for look in looks) == 1


def test_alerts_about_one_customer_name_it() -> None:
    """Nobody has to search for whom an alert is about."""
    ids = {"run": "r1", "connection": "c1", "customer": "acme", "code": "consent_revoked"}
    assert fired(RULES["run-held"], [event("run.held", 5, **ids)]) == [("c1", "acme")]
    late = event("connection.late", 5, overdue_seconds=3601, **ids)
    assert fired(RULES["connection-late"], [late]) == [("c1", "acme")]
    asked = event("connection.action_required", 5, **ids)
    assert fired(RULES["connection-action-required"], [asked]) == [("c1", "acme", "consent_revoked")]


def test_five_failures_of_one_code_are_the_operators() -> None:
    """Also those that nobody should have to mend, for they do not pass by themselves."""
    failures = [_failed(f"r{number}", actor="nobody" if number % 2 else "operator") for number in range(5)]
    assert fired(RULES["runs-failing"], failures) == [("graph_refused",)]
    assert fired(RULES["runs-failing"], failures[:4]) == []


@pytest.mark.parametrize("actor", ["customer_admin", "technician"])
def test_what_somebody_else_must_mend_wakes_no_operator(actor: str) -> None:
    """They have been told where they look."""
    failures = [_failed(f"r{number}", actor=actor, connection=f"c{number % 2}") for number in range(30)]
    for name in ("runs-failing", "runs-failing-share", "connection-failing"):
        assert fired(RULES[name], failures) == []


def test_a_run_that_is_told_of_twice_counts_once() -> None:
    """After a crash an event may come again."""
    failures = [_failed(f"r{number}", minutes) for number in range(4) for minutes in (10, 12)]
    assert fired(RULES["runs-failing"], failures) == []


def test_a_tenth_of_the_runs_is_too_much_if_there_are_enough_of_them() -> None:
    """One failure among three runs says nothing."""
    good = [_finished(f"g{number}", 10) for number in range(18)]
    failures = [_failed("f1"), _failed("f2")]
    assert fired(RULES["runs-failing-share"], good + failures) == [()]
    assert fired(RULES["runs-failing-share"], good[:17] + failures) == []
    assert fired(RULES["runs-failing-share"], [*good, _finished("g19", 10), *failures[:1]]) == []


def test_a_customer_whose_syncs_fail_in_a_row_is_named() -> None:
    """Two since the last good one; one that works in between begins the count again."""
    row = [_finished("r0", 1500), _failed("r1", 800), _failed("r2", 80)]
    alert = [("c1", "customer of c1", "graph_refused")]
    assert fired(RULES["connection-failing"], row) == alert
    assert fired(RULES["connection-failing"], row[1:]) == alert
    assert fired(RULES["connection-failing"], [*row, _finished("r3", 10)]) == []
    assert fired(RULES["connection-failing"], [*row, _finished("r3", 400)]) == []
    assert fired(RULES["connection-failing"], [*row, _finished("r3", 400, connection="c2")]) == alert


def test_a_customer_is_late_until_it_is_synced() -> None:
    """The looks of the last half hour count, and of those the last."""
    ids = {"connection": "c1", "customer": "acme"}
    looks = [
        event("connection.late", minutes, overdue_seconds=3600 + 60 * (60 - minutes), **ids)
        for minutes in (5, 20)
    ]
    assert fired(RULES["connection-late"], looks) == [("c1", "acme")]
    assert fired(RULES["connection-late"], [event("connection.late", 31, overdue_seconds=9000, **ids)]) == []


def test_many_late_customers_are_those_of_the_last_look() -> None:
    """What was is over."""
    assert fired(RULES["connections-late-many"], [_look(5, late=25), _look(20, late=3)]) == [()]
    assert fired(RULES["connections-late-many"], [_look(5, late=24), _look(20, late=400)]) == []


@pytest.mark.parametrize(
    ("days_left", "alerts"),
    [
        (31, set()),
        (30, {"credential-expiring"}),
        (8, {"credential-expiring"}),
        (7, {"credential-expiring", "credential-expiring-soon"}),
        (0, {"credential-expiring", "credential-expiring-soon"}),
        (-1, set()),
    ],
)
def test_a_credential_is_told_of_a_month_and_a_week_before_its_end(days_left: int, alerts: set[str]) -> None:
    """-1 is one that never ends."""
    names = ("credential-expiring", "credential-expiring-soon")
    assert {name for name in names if fired(RULES[name], [_expiry(5, days_left)])} == alerts


def test_a_credential_that_was_renewed_is_no_longer_told_of() -> None:
    """The last look counts, though the one before is still within the window."""
    assert fired(RULES["credential-expiring"], [_expiry(5, 700), _expiry(20, 3)]) == []


def test_many_customers_with_the_same_trouble_are_one_alert() -> None:
    """Ten customers with ten reasons are ten customers; with the same one, it is ours."""
    same = [
        event("connection.action_required", 5, connection=f"c{n}", code="consent_revoked") for n in range(10)
    ]
    other = [event("connection.action_required", 5, connection=f"c{n}", code=f"x{n}") for n in range(10)]
    assert fired(RULES["connections-action-required-many"], same) == [("consent_revoked",)]
    assert fired(RULES["connections-action-required-many"], same[:9] + other) == []
    held = [event("run.held", 5, connection=f"c{n}", run=f"r{n}") for n in range(10)]
    assert fired(RULES["runs-held-many"], held) == [()]
    assert fired(RULES["runs-held-many"], held[:9] * 2) == []


def test_server_errors_count_and_requests_that_are_none_do_not() -> None:
    """Timers and queue messages are requests too, with a status that is not HTTP's."""
    assert fired(RULES["http-errors"], [Request("200", 190), Request("500", 6), Request("503", 4)]) == [()]
    assert fired(RULES["http-errors"], [Request("200", 190), Request("404", 500), Request("500", 9)]) == []
    assert fired(RULES["http-errors"], [Request("200", 190), Request("500", 10), Request("0", 9000)]) == [()]
    assert fired(RULES["http-errors"], [Request("200", 1000), Request("500", 10)]) == []


def test_errors_that_no_other_alert_is_for_are_told_of_by_name() -> None:
    """Ten within the hour; what has an alert of its own is not told of twice."""
    errors = [event("work.failed", 5, level="ERROR")] * 10
    others = [event("message.given_up", 5, level="ERROR"), event("http.failed", 5, level="WARNING")] * 10
    assert fired(RULES["errors-logged"], errors + others) == [("work.failed",)]
    assert fired(RULES["errors-logged"], errors[1:]) == []


def test_every_rule_is_tried() -> None:
    """On an empty workspace a rule that is not about absence is silent, and none of them breaks."""
    loud = {name for name, rule in RULES.items() if fired(rule, [])}
    assert loud == {"app-silent", "timer-absent"}
