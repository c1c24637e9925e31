"""How long ago something was, as people say it."""

from datetime import datetime
from enum import StrEnum

import msgspec

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Unit(StrEnum):
    """What is counted."""

    NOW = "now"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Elapsed(msgspec.Struct, frozen=True):
    """So many of a unit; the macro `ago` says it."""

    unit: Unit
    number: int = 0


def elapsed(at: datetime, now: datetime) -> Elapsed:
    """The time from `at` to `now`, in one unit: minutes below an hour, hours below two days."""
    seconds = (now - at).total_seconds()
    if seconds < _MINUTE:
        return Elapsed(Unit.NOW)
    if seconds < _HOUR:
        return Elapsed(Unit.MINUTES, int(seconds // _MINUTE))
    if seconds < 2 * _DAY:
        return Elapsed(Unit.HOURS, int(seconds // _HOUR))
    return Elapsed(Unit.DAYS, int(seconds // _DAY))
