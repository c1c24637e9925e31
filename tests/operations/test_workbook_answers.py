"""What the workbook shows, on rows as the app's events make them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devtools import workbook
from tests.operations.engine import NOW, Event, asked, event

# They ask what a table or a bag of properties has, which the engine here does not answer.
LOOK_INTO_ROWS = {"run-now", "run-trace"}
SHOWN = [panel.query for tab in workbook.TABS for panel in tab.panels if panel.query not in LOOK_INTO_ROWS]
IDS = {"account": "a1", "customer": "acme", "connection": "c1"}


def _finished(run: str, minutes: float, outcome: str = "succeeded", **fields: object) -> Event:
    return event("run.finished", minutes, run=run, outcome=outcome, **{"kind": "sync", **IDS, **fields})


@pytest.mark.parametrize("name", SHOWN)
def test_an_empty_workspace_is_an_empty_picture(name: str) -> None:
    """On the first day nothing is broken."""
    assert asked(name, [], customer="acme", run="r1") == []


def test_a_run_that_has_ended_no_longer_waits() -> None:
    """Approved or not: what ended is decided."""
    held = [
        event("run.held", minutes, run=run, reasons="x", **IDS) for run, minutes in (("r1", 90), ("r2", 60))
    ]
    assert [row["run"] for row in asked("held-runs", [*held, _finished("r1", 10)])] == ["r2"]


def test_a_customer_that_was_synced_since_needs_nobody() -> None:
    """Only what is still so is listed."""
    needs = event("connection.action_required", 60, code="consent_revoked", **IDS)
    other = event("connection.action_required", 50, code="sign_in_expired", connection="c2")
    shown = asked(
        "action-required", [needs, other, _finished("r1", 10), _finished("r0", 70, connection="c2")]
    )
    assert [(row["connection"], row["code"]) for row in shown] == [("c2", "sign_in_expired")]


def test_what_a_run_changed_counts_once_however_often_it_is_told() -> None:
    """And a preview changes nothing."""
    told = [_finished("r1", 10, created=5, updated=1), _finished("r1", 12, created=5, updated=1)]
    preview = _finished("r2", 10, created=900, kind="preview")
    (day,) = asked("customer-changes", [*told, preview], customer="acme")
    assert (day["created"], day["updated"], day["deactivated"]) == (5, 1, 0)


@pytest.mark.parametrize("who", ["acme", "c1"])
def test_a_customer_is_found_by_its_id_and_by_its_connections(who: str) -> None:
    """An alert names both."""
    runs = [_finished("r1", 180), _finished("r2", 30, "failed", code="graph_refused", actor="operator")]
    other = _finished("r3", 5, customer="other", connection="c9")
    (now,) = asked("customer-now", [*runs, other], customer=who)
    assert (now["worked"], now["failed"], now["hours_since"]) == (1, 1, 3)
    assert now["failed_at"] == NOW - timedelta(minutes=30)
    assert [row["run"] for row in asked("customer-runs", [*runs, other], customer=who)] == ["r2", "r1"]


def test_the_success_rate_tells_failures_of_others_apart() -> None:
    """A customer who withdrew the consent is no failure of the service."""
    runs = [_finished("r1", 10), _finished("r2", 10), _finished("r3", 10, "canceled")]
    failed = [
        _finished("r4", 10, "failed", actor="operator"),
        _finished("r5", 10, "failed", actor="customer_admin"),
    ]
    (hour,) = asked("success-rate", runs + failed)
    assert (hour["of_all_runs"], hour["but_for_failures_of_others"]) == (50, 75)


def test_a_slot_says_how_late_it_was_handed_out() -> None:
    """The time of the slot is the event's own, the time of handing out is the event's time."""
    (slot,) = asked("slots", [event("fan_out.done", 5, slot="2026-03-02T11:45:00+00:00", messages=700)])
    assert (slot["minutes_after"], slot["messages"]) == (10, 700)


def test_late_customers_are_those_of_the_last_half_hour_worst_first() -> None:
    """One that was synced meanwhile is not observed as late any more."""
    late = [
        event(
            "connection.late",
            minutes,
            connection=connection,
            overdue_seconds=seconds,
            freshness_seconds=50_000,
        )
        for connection, minutes, seconds in (
            ("c1", 5, 3600),
            ("c2", 5, 7200),
            ("c2", 20, 6300),
            ("c3", 40, 9000),
        )
    ]
    shown = asked("late-connections", late)
    assert [(row["connection"], row["overdue_hours"]) for row in shown] == [("c2", 2), ("c1", 1)]
