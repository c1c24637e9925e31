"""Whether everything is all right with a customer, and whether its contacts are as fresh as promised."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.core.connection import Connection, ConnectionState
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


def overdue_since(connection: Connection, spread: timedelta, now: datetime) -> datetime | None:
    """When the sync was due that has not come about; None while none is late.

    `spread`: over how long syncs of the same hour are spread.
    """
    times = (connection.synced_at, connection.connected_at, connection.state_since)
    known = [at for at in times if at is not None]
    if connection.state is not ConnectionState.ACTIVE or connection.being_set_up or not known:
        return None
    since = max(known) + timedelta.resolution
    due = next_due(connection.configuration.schedule, connection.id, spread, since)
    applied = connection.applied_version in (None, connection.configuration_version)
    return due if due + (PATIENCE if applied else _NEW_SCHEDULE) <= now else None


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
