"""Timer schedules: NCRONTAB and time spans, no more and no less than Azure takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.schedules import parse_schedule
from sandbox.functions_host.timespan import format_timespan, parse_timespan

FRIDAY = datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("0 */5 * * * *", "2027-01-01T00:05:00"),
        ("0 0 */12 * * *", "2027-01-01T12:00:00"),
        ("30 0 0 * * *", "2027-01-01T00:00:30"),
        ("0 0 9-17 * * Mon-Fri", "2027-01-01T09:00:00"),
        ("0 0 9 * * 1", "2027-01-04T09:00:00"),
        ("0 0 0 1,15 FEB *", "2027-02-01T00:00:00"),
        ("5/15 * * * * *", "2027-01-01T00:00:05"),
        ("0 0 0 1 * mon", "2027-02-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("  0  0 3 * * * ", "2027-01-01T03:00:00"),
        ("02:30:00", "2027-01-01T02:30:00"),
        ("1.00:00:01", "2027-01-02T00:00:01"),
    ],
)
def test_a_schedule_says_when_it_is_due(expression: str, following: str) -> None:
    """Seconds come first; day and day of the week must both match; a span counts from the run before."""
    assert parse_schedule(expression).next_after(FRIDAY) == datetime.fromisoformat(following).replace(
        tzinfo=UTC
    )


@pytest.mark.parametrize(
    "expression",
    [
        "", "* * * * *", "0 0 0 * * * 2027", "@daily", "@hourly", "60 * * * * *", "0 60 * * * *",
        "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 32 * *", "0 0 0 * 13 *", "0 0 0 * * 7", "0 0 0 * * 0-7",
        "0 0 0 L * *", "0 0 0 ? * *",
        "0 0 0 * * 1#2", "0 0 0 15W * *", "0 0 17-9 * * *", "0 */0 * * * *", "0 0 0 * * mon,", "0 ,5 * * * *",
        "R * * * * *", "0 0 0 30 2 *", "0 0 0 * janvier *", "0 0 0 * * ٣", "00:00:00", "24:00:00", "1:2:3:4",
    ],
)  # fmt: skip
def test_what_ncrontab_refuses_is_refused(expression: str) -> None:
    """Other cron dialects, numbers out of range and days that never come are errors before anything runs."""
    with pytest.raises(FunctionError):
        parse_schedule(expression)


@pytest.mark.parametrize(
    ("expression", "frequent"),
    [
        ("*/30 * * * * *", True),
        ("0,30 * * * * *", True),
        ("0 * * * * *", False),
        ("30 */2 * * * *", False),
        ("00:00:59", True),
        ("00:01:00", False),
    ],
)
@pytest.mark.parametrize("second", [0, 29, 59])
def test_more_than_once_a_minute_is_told_apart(expression: str, frequent: bool, second: int) -> None:
    """Such timers have no monitor; the moment of asking makes no difference."""
    assert (
        parse_schedule(expression).is_more_frequent_than_a_minute(FRIDAY.replace(second=second)) is frequent
    )


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:10:00", timedelta(minutes=10)),
        ("00:00:00.1", timedelta(milliseconds=100)),
        ("7.23:59:59.0000010", timedelta(days=7, hours=23, minutes=59, seconds=59, microseconds=1)),
        ("1:30", timedelta(hours=1, minutes=30)),
    ],
)
def test_time_spans_are_read_as_dotnet_does(text: str, span: timedelta) -> None:
    """Hours and minutes suffice; days and fractions are allowed; writing one and reading it gives it back."""
    assert parse_timespan(text) == span
    assert parse_timespan(format_timespan(span)) == span
