"""Whether everything is all right with a customer."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.core.standing import PATIENCE, Verdict, overdue_since, verdict

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NO_SPREAD = timedelta(0)


def connection(**fields: object) -> Connection:
    """Active, synced a moment ago, every twelve hours at 00:00 and 12:00."""
    made = Connection("0" * 16, "a", "c", NOW, state=ConnectionState.ACTIVE, synced_at=NOW)
    return msgspec.structs.replace(made, **fields)


def run(state: RunState) -> Run:
    return Run("r", "a", "c", "0" * 16, RunKind.SYNC, Trigger.SCHEDULE, NOW, NOW, state)


@pytest.mark.parametrize("state", ConnectionState)
def test_what_is_not_active_says_what_it_is(state: ConnectionState) -> None:
    """Nothing else counts then: there is no sync to be late or to fail."""
    found = verdict(connection(state=state, held_run="r"), NOW, last=run(RunState.FAILED), overdue=NOW)
    named = {ConnectionState.PENDING: Verdict.NOT_CONNECTED, ConnectionState.ACTIVE: Verdict.HELD}
    assert found == named.get(state, state.value)


def test_nobody_began_to_connect() -> None:
    """Without a connection, and with a consent that nobody finished."""
    assert verdict(None, NOW) is Verdict.NOT_CONNECTED
    left = connection(state=ConnectionState.CONSENTING, consent_expires_at=NOW)
    assert verdict(left, NOW) is Verdict.NOT_CONNECTED


def test_what_needs_somebody_most_is_said_first() -> None:
    """Held, failed, late, in part, unclear people; and where there is nothing of it, all is well."""
    held = connection(held_run="r")
    failed, partial = run(RunState.FAILED), run(RunState.PARTIAL)
    assert verdict(held, NOW, last=failed, overdue=NOW, open_reviews=1) is Verdict.HELD
    assert verdict(connection(), NOW, last=failed, overdue=NOW, open_reviews=1) is Verdict.FAILED
    assert verdict(connection(), NOW, last=partial, overdue=NOW, open_reviews=1) is Verdict.LATE
    assert verdict(connection(), NOW, last=partial, open_reviews=1) is Verdict.PARTIAL
    assert verdict(connection(), NOW, last=run(RunState.SUCCEEDED), open_reviews=1) is Verdict.UNCLEAR
    assert verdict(connection(synced_at=None), NOW) is Verdict.FIRST_SYNC
    assert verdict(connection(), NOW, last=run(RunState.SUCCEEDED)) is Verdict.FINE


def test_a_sync_is_late_when_the_one_that_was_due_has_not_come_about() -> None:
    """With some patience, for it may wait its turn and take its time."""
    due = NOW + timedelta(hours=12)
    assert overdue_since(connection(), NO_SPREAD, due + PATIENCE - timedelta(seconds=1)) is None
    assert overdue_since(connection(), NO_SPREAD, due + PATIENCE) == due
    assert overdue_since(connection(synced_at=due), NO_SPREAD, due + PATIENCE) is None


def test_a_sync_goes_by_its_own_schedule() -> None:
    """Once a day is late after a day and not after twelve hours."""
    daily = Configuration(schedule=Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="UTC"))
    slow = connection(configuration=daily)
    due = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    assert overdue_since(slow, NO_SPREAD, due) is None
    assert overdue_since(slow, NO_SPREAD, due + PATIENCE) == due


def test_nothing_is_late_that_was_not_to_be() -> None:
    """Paused, or resumed or connected only since; or by a schedule that is in force only since."""
    later = NOW + timedelta(days=2)
    assert overdue_since(connection(state=ConnectionState.PAUSED), NO_SPREAD, later) is None
    assert overdue_since(connection(state_since=later), NO_SPREAD, later) is None
    assert overdue_since(connection(synced_at=None), NO_SPREAD, later) is None
    changed = connection(applied_version=1, configuration_version=2)
    assert overdue_since(changed, NO_SPREAD, NOW + timedelta(hours=15)) is None
    assert overdue_since(changed, NO_SPREAD, later) is not None
