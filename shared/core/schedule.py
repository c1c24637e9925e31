"""When the automatic syncs happen: slots of the schedule, and each connection's place in a slot."""

import hashlib
from datetime import datetime, timedelta

from croniter import croniter

# The platform may call a timer a moment before the scheduled second.
_EARLY = timedelta(seconds=1)


def is_schedule(expression: str) -> bool:
    """Whether the text is a six-field NCRONTAB expression (seconds first), as timer triggers take it."""
    return len(expression.split()) == 6 and croniter.is_valid(expression, second_at_beginning=True)


def slot_at(expression: str, now: datetime) -> datetime:
    """The slot that a timer firing now belongs to, also when it fires late or a moment early."""
    return _iterator(expression, now + _EARLY + timedelta(microseconds=1)).get_prev(datetime)


def spread_delay(connection_id: str, spread: timedelta) -> timedelta:
    """How long after the slot's start this connection's sync begins; the same in every slot."""
    digest = hashlib.blake2b(connection_id.encode(), digest_size=8).digest()
    return timedelta(seconds=int(spread.total_seconds() * int.from_bytes(digest, "big") / 2**64))


def next_sync(expression: str, connection_id: str, spread: timedelta, now: datetime) -> datetime:
    """When the connection's next automatic sync begins (UTC)."""
    delay = spread_delay(connection_id, spread)
    slot: datetime = _iterator(expression, now - delay).get_next(datetime)
    return slot + delay


def _iterator(expression: str, start: datetime) -> croniter:
    # Both day fields given means both must match, as NCRONTAB has it.
    return croniter(expression, start, second_at_beginning=True, day_or=False)
