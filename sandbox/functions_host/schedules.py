"""Timer schedules: six-field NCRONTAB expressions and plain time spans, in UTC.

The grammar is NCrontab's, which is narrower than that of most cron libraries: an expression Azure would
refuse must be refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from croniter import croniter

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.timespan import parse_timespan

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        if text.lower() in self.names:
            return self.lowest + self.names.index(text.lower())
        value = int(text) if text.isascii() and text.isdigit() else -1
        return value if self.lowest <= value <= self.highest else None

    def accepts(self, item: str) -> bool:
        found = _ITEM.fullmatch(item)
        if not found or (found["step"] is not None and int(found["step"]) < 1):
            return False
        bounds = [self.number(text) for text in (found["first"], found["last"]) if text is not None]
        numbers = [bound for bound in bounds if bound is not None]
        return len(numbers) == len(bounds) and numbers == sorted(numbers)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)
_ITEM = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


class Schedule(Protocol):
    """When a timer fires."""

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence after `moment` (UTC, aware)."""

    def is_more_frequent_than_a_minute(self, moment: datetime) -> bool:
        """Whether it fires more than once in the minute after `moment`: such timers have no monitor."""


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A checked NCRONTAB expression."""

    expression: str

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence after `moment`; day and day of the week must both match, as in NCrontab."""
        occurrences = croniter(self.expression, moment, day_or=False, second_at_beginning=True)
        following: datetime = occurrences.get_next(datetime)
        return following.astimezone(UTC)

    def is_more_frequent_than_a_minute(self, moment: datetime) -> bool:
        """Whether two occurrences lie within the minute after `moment`."""
        return self.next_after(self.next_after(moment)) <= moment + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """Every so often, counted from the run before."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime:
        """One interval after `moment`."""
        return moment + self.interval

    def is_more_frequent_than_a_minute(self, moment: datetime) -> bool:
        """Whether the interval is shorter than a minute."""
        return self.interval < timedelta(minutes=1)


def parse_schedule(expression: str) -> Schedule:
    """Read a six-field NCRONTAB expression or a time span. Raises `FunctionError` saying what is wrong."""
    text = expression.strip()
    if ":" in text:
        try:
            interval = parse_timespan(text)
        except ValueError as error:
            raise FunctionError(f"the schedule is not valid: {error}.") from None
        if interval <= timedelta(0):
            raise FunctionError("the schedule is not valid: the time span must be positive.")
        return IntervalSchedule(interval)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise FunctionError(f"the schedule '{expression}' has {len(fields)} fields instead of six.")
    for value, field in zip(fields, _FIELDS, strict=True):
        for item in value.split(","):
            if not field.accepts(item):
                raise FunctionError(f"the schedule '{expression}' is not valid: '{item}' is no {field.name}.")
    schedule = CronSchedule(" ".join(fields).lower())
    try:
        schedule.next_after(datetime.now(UTC))
    except ValueError:
        raise FunctionError(f"the schedule '{expression}' never occurs.") from None
    return schedule
