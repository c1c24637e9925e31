"""Whether everything is all right with a customer, and whether its contacts are as fresh as promised."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.configuration import Schedule
from shared.core.connection import Connection, ConnectionState
from shared.core.errors import is_somebody_elses
from shared.core.run import Run, RunState
from shared.core.schedule import next_due

PATIENCE = timedelta(hours=2)
"""How long a sync that is due may wait and work before anybody is told that it is late."""
_NEW_SCHEDULE = timedelta(days=1)  # the due time may be one that the schedule had only since


class Verdict(StrEnum):
    """The one thing to say about a customer; what needs somebody most comes first."""

    NOT_CONNECTED = "not_connected"
    CONSENTING = "consenting"
    VALIDATING = "validating"
    DISCONNECTED = "disconnected"
    ACTION_REQUIRED = "action_required"
    PAUSED = "paused"
    HELD = "held"
    FAILED = "failed"
    LATE = "late"
    PARTIAL = "partial"
    UNCLEAR = "unclear"
    SETTING_UP = "setting_up"
    FIRST_SYNC = "first_sync"
    FINE = "fine"


_OF_STATE = {
    ConnectionState.PENDING: Verdict.NOT_CONNECTED,
    ConnectionState.CONSENTING: Verdict.CONSENTING,
    ConnectionState.VALIDATING: Verdict.VALIDATING,
    ConnectionState.DISCONNECTED: Verdict.DISCONNECTED,
    ConnectionState.ACTION_REQUIRED: Verdict.ACTION_REQUIRED,
    ConnectionState.PAUSED: Verdict.PAUSED,
}


class Glance(msgspec.Struct, frozen=True):
    """What is seen of a connection at a glance: as much as tells how fresh its contacts are.

    `held`: a run waits for a person. `blocked`: the last run failed for what somebody other than the operator
    must put right. `waiting_since`: its next sync is the first that is due after this. `settled`: the last
    sync went by the schedule of today.
    """

    account_id: str
    customer_id: str
    id: str
    state: ConnectionState
    schedule: Schedule = Schedule()
    being_set_up: bool = False
    held: bool = False
    blocked: bool = False
    synced_at: datetime | None = None
    waiting_since: datetime | None = None
    settled: bool = True


def glance(connection: Connection) -> Glance:
    """The connection at a glance."""
    times = (connection.synced_at, connection.connected_at, connection.state_since)
    return Glance(
        account_id=connection.account_id,
        customer_id=connection.customer_id,
        id=connection.id,
        state=connection.state,
        schedule=connection.configuration.schedule,
        being_set_up=connection.being_set_up,
        held=connection.held_run is not None,
        blocked=connection.trouble is not None and is_somebody_elses(connection.trouble.actor),
        synced_at=connection.synced_at,
        waiting_since=max((at for at in times if at is not None), default=None),
        settled=connection.applied_version in (None, connection.configuration_version),
    )


def overdue_since(connection: Connection, spread: timedelta, now: datetime) -> datetime | None:
    """When the sync was due that has not come about; None while none is late.

    `spread`: over how long syncs of the same hour are spread.
    """
    return missed_since(glance(connection), spread, now, PATIENCE)


def missed_since(seen: Glance, spread: timedelta, now: datetime, patience: timedelta) -> datetime | None:
    """The same for a connection at a glance. `patience`: how long after its time a sync is late."""
    if seen.state is not ConnectionState.ACTIVE or seen.being_set_up or seen.waiting_since is None:
        return None
    if seen.waiting_since + patience > now:
        return None  # whenever it was due, that is not long ago
    due = next_due(seen.schedule, seen.id, spread, seen.waiting_since + timedelta.resolution)
    return due if due + (patience if seen.settled else _NEW_SCHEDULE) <= now else None


def verdict(
    connection: Connection | None,
    now: datetime,
    *,
    last: Run | None = None,
    overdue: datetime | None = None,
    open_reviews: int = 0,
) -> Verdict:
    """What to say first. `last`: the last sync of everybody that ended; `overdue`: see `overdue_since`."""
    state = ConnectionState.PENDING if connection is None else connection.state_at(now)
    if connection is None or state in _OF_STATE:
        return _OF_STATE[state]
    ended = None if last is None else last.state
    holds = {
        Verdict.HELD: connection.held_run is not None,
        Verdict.SETTING_UP: connection.being_set_up,
        Verdict.FAILED: ended is RunState.FAILED,
        Verdict.LATE: overdue is not None,
        Verdict.PARTIAL: ended is RunState.PARTIAL,
        Verdict.UNCLEAR: open_reviews > 0,
        Verdict.FIRST_SYNC: connection.synced_at is None,
    }
    return next((found for found, so in holds.items() if so), Verdict.FINE)
