"""The time spans of `host.json` and of timer schedules: `hh:mm:ss`, as .NET's `TimeSpan` reads them."""

from __future__ import annotations

import re
from datetime import timedelta

_PATTERN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?"
)


def parse_timespan(text: str) -> timedelta:
    """Read `[days.]hh:mm[:ss[.fffffff]]`. Raises `ValueError` for anything else, hours above 23 included."""
    found = _PATTERN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time span like 00:10:00")
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{text!r} is out of range: hours go to 23, minutes and seconds to 59")
    microseconds = int((found["fraction"] or "0").ljust(7, "0")) // 10
    return timedelta(
        days=int(found["days"] or 0), hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
    )


def format_timespan(span: timedelta) -> str:
    """Write a span the way `parse_timespan` reads it, without fractions unless there are any."""
    minutes, seconds = divmod(span.seconds, 60)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds * 10:07d}" if span.microseconds else ""
    return f"{days}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"
