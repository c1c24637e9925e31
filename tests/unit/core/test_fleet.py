"""All connections at a glance: counted, their age measured, and those that are late named."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.core.configuration import Schedule, ScheduleKind
from shared.core.connection import ConnectionState
from shared.core.fleet import LATE_AFTER, MOST_NAMED, Fleet, freshness, late_ones, with_more
from shared.core.standing import PATIENCE, Glance

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_SPREAD = timedelta(0)


def seen(number: int = 0, **fields: object) -> Glance:
    """Active, synced at noon, every twelve hours at 00:00 and 12:00."""
    made = Glance("a", "c", f"{number:016x}", ConnectionState.ACTIVE, synced_at=NOW, waiting_since=NOW)
    return msgspec.structs.replace(made, **fields)


def looked(fleet: Fleet, page: Sequence[Glance], moment: datetime) -> Fleet:
    return with_more(fleet, page, list(late_ones(page, NO_SPREAD, moment)), moment)


def late_at(moment: datetime, *page: Glance) -> int:
    return looked(Fleet(), page, moment).late


def test_a_sync_is_late_an_hour_after_its_time() -> None:
    """Sooner than people are told, for the operator can still do something about it."""
    due = NOW + 12 * HOUR
    assert late_at(due + LATE_AFTER - timedelta(seconds=1), seen()) == 0
    assert late_at(due + LATE_AFTER, seen()) == 1
    assert LATE_AFTER < PATIENCE


def test_how_late_and_how_old_is_told() -> None:
    """From when the sync was due, and from the last one."""
    (late,) = looked(Fleet(), [seen()], NOW + 14 * HOUR).named
    assert (late.overdue, late.freshness) == (2 * HOUR, 14 * HOUR)
    assert (late.account_id, late.customer_id, late.connection_id) == ("a", "c", f"{0:016x}")


@pytest.mark.parametrize(
    "fields",
    [
        {"state": ConnectionState.PAUSED},
        {"state": ConnectionState.ACTION_REQUIRED},
        {"state": ConnectionState.DISCONNECTED},
        {"being_set_up": True},
        {"held": True},
        {"blocked": True},
        {"synced_at": None, "waiting_since": None},
        {"waiting_since": NOW + 47 * HOUR},
        {"schedule": Schedule(kind=ScheduleKind.EVERY, hours=168)},
    ],
    ids=" ".join,
)
def test_who_waits_for_somebody_else_is_not_late(fields: dict[str, Any]) -> None:
    """Paused, to be connected again, not set up yet, held, failing for what a technician must put right, just
    resumed, or with no sync due for a week."""
    assert late_at(NOW + 2 * 24 * HOUR, seen(**fields)) == 0
    assert late_at(NOW + 2 * 24 * HOUR, seen()) == 1


def test_a_schedule_of_today_is_given_a_day() -> None:
    """The time that was missed may be one that the schedule had only since."""
    changed = seen(settled=False)
    assert late_at(NOW + 15 * HOUR, changed) == 0
    assert late_at(NOW + 36 * HOUR, changed) == 1


def test_whoever_was_never_synced_has_waited_since_it_was_connected() -> None:
    """It is as stale as that, and is late like anybody else."""
    new = seen(synced_at=None, waiting_since=NOW)
    assert freshness(new, NOW + 3 * HOUR) == 3 * HOUR
    assert late_at(NOW + 14 * HOUR, new) == 1


@pytest.mark.parametrize("state", [state for state in ConnectionState if state is not ConnectionState.ACTIVE])
def test_only_active_connections_have_an_age(state: ConnectionState) -> None:
    """The contacts of the others are not promised to be fresh."""
    assert freshness(seen(state=state), NOW + HOUR) is None
    assert freshness(seen(being_set_up=True), NOW + HOUR) is None
    assert freshness(seen(synced_at=NOW + HOUR), NOW) == timedelta(0)


def test_every_connection_is_counted_once() -> None:
    """By what an operator tells apart: whoever has not finished connecting is pending."""
    everyone = [seen(number, state=state) for number, state in enumerate(ConnectionState)]
    fleet = looked(looked(Fleet(), everyone[:3], NOW), everyone[3:], NOW)
    assert fleet.groups == {
        "active": 1,
        "paused": 1,
        "action_required": 1,
        "pending": 3,
        "disconnected": 1,
    }
    assert Fleet().groups == dict.fromkeys(fleet.groups, 0)


def test_pages_add_up_in_any_order() -> None:
    """Counts, the oldest age, and the latest by name."""
    moment = NOW + 20 * HOUR
    pages = [
        [seen(1, synced_at=NOW - 30 * HOUR), seen(2, held=True)],
        [seen(3), seen(4, state=ConnectionState.PAUSED)],
        [],
    ]
    fleets = []
    for order in (pages, pages[::-1]):
        fleet = Fleet()
        for page in order:
            fleet = looked(fleet, page, moment)
        fleets.append(fleet)
    assert fleets[0] == fleets[1]
    assert (fleets[0].held, fleets[0].late, fleets[0].oldest) == (1, 2, 50 * HOUR)


def test_of_very_many_that_are_late_the_latest_are_named() -> None:
    """The others are counted: an outage is one alert and not a hundred thousand lines."""
    moment, total = NOW + 30 * HOUR, 3 * MOST_NAMED
    everyone = [
        seen(number, waiting_since=NOW - number * timedelta(days=1), synced_at=NOW) for number in range(total)
    ]
    fleet = Fleet()
    for start in range(0, total, 50):
        fleet = looked(fleet, everyone[start : start + 50], moment)
    assert (fleet.late, len(fleet.named)) == (total, MOST_NAMED)
    assert [late.connection_id for late in fleet.named] == [
        f"{number:016x}" for number in range(total - 1, total - 1 - MOST_NAMED, -1)
    ]
