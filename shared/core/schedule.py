"""When the automatic syncs happen: each connection's due times, and the timer's slots, which they lie in."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from croniter import croniter

from shared.core.configuration import Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState
from shared.core.messages import StartMessage, SyncMessage

# The platform may call a timer a moment before the scheduled second.
_EARLY = timedelta(seconds=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_schedule(expression: str) -> bool:
    """Whether the text is a six-field NCRONTAB expression (seconds first), as timer triggers take it."""
    return len(expression.split()) == 6 and croniter.is_valid(expression, second_at_beginning=True)


def slot_at(expression: str, now: datetime) -> datetime:
    """The slot that a timer firing now belongs to, also when it fires late or a moment early."""
    return _iterator(expression, now + _EARLY + timedelta.resolution).get_prev(datetime)


def slot_after(expression: str, slot: datetime) -> datetime:
    """The next slot."""
    return _iterator(expression, slot).get_next(datetime)


def spread_delay(connection_id: str, spread: timedelta) -> timedelta:
    """How long after everybody's hour this connection's sync begins; always the same, in whole seconds."""
    digest = hashlib.blake2b(connection_id.encode(), digest_size=8).digest()
    return timedelta(seconds=int(spread.total_seconds() * int.from_bytes(digest, "big") / 2**64))


def due_times(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime, until: datetime
) -> list[datetime]:
    """When the connection's syncs begin within [after, until), in order (UTC).

    Every so many hours: multiples of them since 1970, plus the connection's delay within `spread`. Daily:
    exactly at the local time. One that clocks skip is as far from the day before as any other, one that
    they show twice counts the first time.
    """
    return list(takewhile(lambda due: due < until, _due_from(schedule, connection_id, spread, after)))


def next_due(schedule: Schedule, connection_id: str, spread: timedelta, after: datetime) -> datetime:
    """When the connection's first sync at or after the moment begins (UTC)."""
    return next(_due_from(schedule, connection_id, spread, after))


def is_due(schedule: Schedule, connection_id: str, spread: timedelta, at: datetime) -> bool:
    """Whether one of the connection's syncs begins at exactly this moment."""
    return next_due(schedule, connection_id, spread, at) == at


def outstanding(due: list[datetime], now: datetime) -> list[datetime]:
    """The due times that are still worth a sync: those to come, and of those gone by only the last."""
    return due[max(bisect_right(due, now) - 1, 0) :]


def not_due(message: SyncMessage, connection: Connection, spread: timedelta, now: datetime) -> bool:
    """Whether a message came for nothing: the schedule no longer has its time or is past the next one too,
    or the connection is paused, or waits to be set up.

    A run on demand has no due time, so its message never does, unless nobody started the run after all; one
    whose run has begun is not to be asked.
    """
    if message.slot is None:
        return isinstance(message, StartMessage) and connection.current_run != message.run_id
    schedule = connection.configuration.schedule
    return (
        connection.state is ConnectionState.PAUSED
        or connection.being_set_up
        or not is_due(schedule, connection.id, spread, message.slot)
        # Where syncs take longer than it is to the next one, they would queue up without end.
        or next_due(schedule, connection.id, spread, message.slot + timedelta.resolution) <= now
    )


def _due_from(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime
) -> Iterator[datetime]:
    """Every due time from the moment on, without end."""
    if schedule.kind is ScheduleKind.DAILY:
        return _daily(schedule, after)
    return _every(timedelta(hours=schedule.hours), connection_id, spread, after)


def _every(interval: timedelta, connection_id: str, spread: timedelta, after: datetime) -> Iterator[datetime]:
    start = _EPOCH + spread_delay(connection_id, min(spread, interval))
    due = start - (start - after) // interval * interval
    while True:
        yield due
        due += interval


def _daily(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    # The validated schedule has both.
    at, zone = time.fromisoformat(schedule.at or "00:00"), ZoneInfo(schedule.time_zone or "UTC")
    # A day early, for a skipped time can end up on the next local day.
    day = after.astimezone(zone).date() - _DAY
    latest = after - timedelta.resolution
    while True:
        due = _moment(day, at, zone)
        # Where a zone skips a whole day, two local times are the same moment.
        if due > latest:
            yield due
            latest = due
        day += _DAY


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    # With fold 0 a time that is skipped keeps the offset before, and of two the first is meant (PEP 495).
    return datetime.combine(day, at, zone).astimezone(UTC)


def _iterator(expression: str, start: datetime) -> croniter:
    # Both day fields given means both must match, as NCRONTAB has it.
    return croniter(expression, start, second_at_beginning=True, day_or=False)
