"""When the syncs of a connection are due, also on the days when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState
from shared.core.messages import SyncMessage
from shared.core.schedule import due_times, is_due, next_due, not_due, outstanding, spread_delay

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ID = "c0c0c0c0c0c0c0c1"
DELAY = timedelta(minutes=32, seconds=23)  # of this id within an hour
ZONES = [
    "America/Los_Angeles",
    "Europe/Rome",
    "Australia/Lord_Howe",  # clocks change by half an hour
    "Asia/Kolkata",
    "America/Phoenix",
    "America/Nuuk",  # clocks change in the last hour of the day
    "Asia/Beirut",  # clocks change at midnight
    "Africa/Casablanca",  # clocks change four times within some years
    "Pacific/Chatham",
    "Pacific/Apia",
    "UTC",
]

moments = st.timedeltas(timedelta(0), timedelta(days=26 * 365)).map(
    lambda t: datetime(2009, 1, 1, tzinfo=UTC) + t
)
spans = st.timedeltas(timedelta(0), timedelta(days=20))
ids = st.sampled_from([f"{number:016x}" for number in range(50)])
spreads = st.sampled_from([timedelta(0), timedelta(minutes=5), HOUR, timedelta(hours=12), 30 * DAY])
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
every_so_often = st.builds(Schedule, hours=st.integers(1, 168))


def daily(at: str, time_zone: str) -> Schedule:
    return Schedule(kind=ScheduleKind.DAILY, at=at, time_zone=time_zone)


schedules = every_so_often | st.builds(daily, minutes, st.sampled_from(ZONES))


def days(at: str, time_zone: str, first: date, number: int) -> list[str]:
    """The due times of some local days, as the clock on the wall shows them."""
    zone = ZoneInfo(time_zone)
    after, until = (datetime.combine(day, time(), zone) for day in (first, first + number * DAY))
    due = due_times(daily(at, time_zone), ID, HOUR, after.astimezone(UTC), until.astimezone(UTC))
    return [f"{moment.astimezone(zone):%d %H:%M %z}" for moment in due]


def exists(day: date, at: time, zone: ZoneInfo) -> bool:
    moment = datetime.combine(day, at, zone)
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None)


# Every so many hours.


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        (12, ["02 12:32:23", "03 00:32:23", "03 12:32:23", "04 00:32:23"]),
        (24, ["03 00:32:23", "04 00:32:23"]),
        (5, ["02 14:32:23", "02 19:32:23", "03 00:32:23", "03 05:32:23"]),
        (168, []),
    ],
)
def test_every_so_many_hours_since_1970(hours: int, due: list[str]) -> None:
    """In UTC, plus the connection's own delay; hours that do not divide a day just go on."""
    found = due_times(Schedule(hours=hours), ID, HOUR, NOON, NOON + 2 * DAY)
    assert [f"{moment:%d %H:%M:%S}" for moment in found][: len(due) or None] == due


def test_a_weekly_sync_is_weekly() -> None:
    """The first of January 1970 was a Thursday."""
    found = due_times(Schedule(hours=168), ID, HOUR, NOON, NOON + 21 * DAY)
    assert [f"{moment:%a %d %H:%M:%S}" for moment in found] == [
        "Thu 05 00:32:23",
        "Thu 12 00:32:23",
        "Thu 19 00:32:23",
    ]


@given(every_so_often, ids, spreads, moments)
def test_nobody_is_spread_further_than_to_the_next_time(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime
) -> None:
    """The delay is the same every time and less than both the spread and the interval."""
    interval = timedelta(hours=schedule.hours)
    due = due_times(schedule, connection_id, spread, after, after + 3 * interval)
    assert len(due) == 3
    assert {later - earlier for earlier, later in pairwise(due)} == {interval}
    delay = (due[0] - datetime(1970, 1, 1, tzinfo=UTC)) % interval
    assert delay == spread_delay(connection_id, min(spread, interval)) < interval
    assert delay <= spread


# Daily, at a local time.


def test_a_daily_sync_is_not_spread() -> None:
    """One in the morning is one in the morning."""
    assert days("01:00", "America/Los_Angeles", date(2026, 3, 3), 2) == ["03 01:00 -0800", "04 01:00 -0800"]
    assert due_times(daily("01:00", "America/Los_Angeles"), ID, HOUR, NOON, NOON + DAY) == [
        datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("at", "time_zone", "first", "shown"),
    [
        (
            "01:00",
            "America/Los_Angeles",
            "2026-03-07",
            ["07 01:00 -0800", "08 01:00 -0800", "09 01:00 -0700"],
        ),
        (
            "02:30",
            "America/Los_Angeles",
            "2026-03-07",
            ["07 02:30 -0800", "08 03:30 -0700", "09 02:30 -0700"],
        ),
        (
            "03:30",
            "America/Los_Angeles",
            "2026-03-07",
            ["07 03:30 -0800", "08 03:30 -0700", "09 03:30 -0700"],
        ),
        (
            "01:30",
            "America/Los_Angeles",
            "2026-10-31",
            ["31 01:30 -0700", "01 01:30 -0700", "02 01:30 -0800"],
        ),
        ("02:30", "Europe/Rome", "2026-03-28", ["28 02:30 +0100", "29 03:30 +0200", "30 02:30 +0200"]),
        ("02:00", "Europe/Rome", "2026-10-24", ["24 02:00 +0200", "25 02:00 +0200", "26 02:00 +0100"]),
        ("02:59", "Europe/Rome", "2026-10-24", ["24 02:59 +0200", "25 02:59 +0200", "26 02:59 +0100"]),
        (
            "02:15",
            "Australia/Lord_Howe",
            "2026-10-03",
            ["03 02:15 +1030", "04 02:45 +1100", "05 02:15 +1100"],
        ),
        (
            "01:45",
            "Australia/Lord_Howe",
            "2026-04-04",
            ["04 01:45 +1100", "05 01:45 +1100", "06 01:45 +1030"],
        ),
        ("02:30", "Asia/Kolkata", "2026-03-28", ["28 02:30 +0530", "29 02:30 +0530", "30 02:30 +0530"]),
        ("02:30", "America/Phoenix", "2026-03-07", ["07 02:30 -0700", "08 02:30 -0700", "09 02:30 -0700"]),
        ("00:30", "Asia/Beirut", "2026-03-28", ["28 00:30 +0200", "29 01:30 +0300", "30 00:30 +0300"]),
        ("23:30", "America/Nuuk", "2026-03-27", ["27 23:30 -0200", "29 00:30 -0100", "29 23:30 -0100"]),
    ],
)
def test_a_day_on_which_clocks_change_has_one_sync(
    at: str, time_zone: str, first: str, shown: list[str]
) -> None:
    """Skipped, it is a day after the one before; shown twice, it is the first time."""
    assert days(at, time_zone, date.fromisoformat(first), 3) == shown


def test_a_day_that_a_zone_skips_has_no_sync_of_its_own() -> None:
    """Samoa had no 30 December 2011: the time of that day and of the next are the same moment."""
    assert days("10:00", "Pacific/Apia", date(2011, 12, 28), 5) == [
        "28 10:00 -1000",
        "29 10:00 -1000",
        "31 10:00 +1400",
        "01 10:00 +1400",
    ]


@given(st.sampled_from(ZONES), minutes, moments)
@example("America/Los_Angeles", "02:30", datetime(2026, 3, 1, tzinfo=UTC))
@example("America/Los_Angeles", "01:30", datetime(2026, 10, 25, tzinfo=UTC))
@example("Australia/Lord_Howe", "02:15", datetime(2026, 9, 27, tzinfo=UTC))
@example("America/Nuuk", "23:30", datetime(2026, 3, 20, tzinfo=UTC))
def test_every_local_day_has_exactly_one(time_zone: str, at: str, after: datetime) -> None:
    """At the time that was asked for, on every day that has it; what is skipped comes within a day."""
    zone, wanted = ZoneInfo(time_zone), time.fromisoformat(at)
    due = due_times(daily(at, time_zone), ID, HOUR, after, after + 20 * DAY)
    shown = [moment.astimezone(zone) for moment in due]
    exact = [moment.date() for moment in shown if moment.time() == wanted]
    first = after.astimezone(zone).date() + DAY
    for day in (first + number * DAY for number in range(18)):
        assert exact.count(day) == exists(day, wanted, zone)
        if exists(day, wanted, zone) and exists(day - DAY, wanted, zone):
            assert [moment.date() for moment in shown].count(day) == 1
    assert all(timedelta(hours=22) <= b - a <= timedelta(hours=26) for a, b in pairwise(due))


# Both kinds.


@given(schedules, ids, spreads, moments, spans)
def test_due_times_only_go_on(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime, span: timedelta
) -> None:
    """Each is later than the one before, within the window, in UTC and on the second."""
    due = due_times(schedule, connection_id, spread, after, after + span)
    assert due == sorted(set(due))
    assert all(after <= moment < after + span for moment in due)
    assert all(moment.tzinfo is UTC and moment.microsecond == 0 for moment in due)


@given(schedules, ids, spreads, moments, spans, spans)
@example(daily("10:00", "Pacific/Apia"), ID, HOUR, datetime(2011, 12, 29, tzinfo=UTC), DAY, 3 * DAY)
@example(daily("23:30", "America/Nuuk"), ID, HOUR, datetime(2026, 3, 28, tzinfo=UTC), 25 * HOUR, DAY)
def test_windows_that_meet_are_one_window(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime, one: timedelta, two: timedelta
) -> None:
    """Whichever way time is cut into slots, no sync is lost and none is there twice."""
    middle, until = after + one, after + one + two
    parts = due_times(schedule, connection_id, spread, after, middle)
    parts += due_times(schedule, connection_id, spread, middle, until)
    assert parts == due_times(schedule, connection_id, spread, after, until)


@given(schedules, ids, spreads, moments, spans)
def test_a_window_that_ends_at_a_due_time_does_not_have_it(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime, span: timedelta
) -> None:
    """The next one, which begins there, does."""
    due = next_due(schedule, connection_id, spread, after + span)
    assert due not in due_times(schedule, connection_id, spread, after, due)
    assert due_times(schedule, connection_id, spread, due, due + timedelta.resolution) == [due]


@given(schedules, ids, spreads, moments)
def test_the_next_one_is_the_first_of_those_to_come(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime
) -> None:
    """Nothing is due before it."""
    due = next_due(schedule, connection_id, spread, after)
    assert due_times(schedule, connection_id, spread, after, after + timedelta(days=8))[0] == due


@given(schedules, ids, spreads, moments)
def test_only_due_times_are_due(
    schedule: Schedule, connection_id: str, spread: timedelta, after: datetime
) -> None:
    """The very moment, and no other near it."""
    due = next_due(schedule, connection_id, spread, after)
    assert is_due(schedule, connection_id, spread, due)
    for other in (timedelta.resolution, timedelta(seconds=1), timedelta(minutes=1)):
        assert not is_due(schedule, connection_id, spread, due + other)
        assert not is_due(schedule, connection_id, spread, due - other)


# What still counts of them.


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (timedelta(hours=-1), [0, 1, 2]),
        (timedelta(0), [0, 1, 2]),
        (timedelta(minutes=59), [0, 1, 2]),
        (timedelta(hours=1), [1, 2]),
        (timedelta(hours=1, minutes=1), [1, 2]),
        (timedelta(hours=9), [2]),
    ],
)
def test_of_those_gone_by_only_the_last_counts(now: timedelta, left: list[int]) -> None:
    """One sync makes up for all that were missed."""
    due = [NOON + number * HOUR for number in range(3)]
    assert outstanding(due, NOON + now) == [NOON + number * HOUR for number in left]


def test_where_nothing_is_due_nothing_is_left() -> None:
    """Neither before nor after."""
    assert outstanding([], NOON) == []


def connection(schedule: Schedule, state: ConnectionState = ConnectionState.ACTIVE) -> Connection:
    configuration = Configuration(schedule=schedule)
    return Connection(ID, "account", "customer", NOON, state=state, configuration=configuration)


def message(due: datetime | None) -> SyncMessage:
    return SyncMessage("account", ID, "run", due)


def test_a_message_counts_while_its_time_is_the_last_one() -> None:
    """From the due time until just before the next one; after that, the next message does its work."""
    due, active = NOON + DELAY, connection(Schedule(hours=2))
    for late in (timedelta(0), HOUR, 2 * HOUR - timedelta(seconds=1)):
        assert not not_due(message(due), active, HOUR, due + late)
    for late in (2 * HOUR, 3 * HOUR, 7 * DAY):
        assert not_due(message(due), active, HOUR, due + late)


@pytest.mark.parametrize(
    "schedule", [Schedule(hours=11), daily("01:00", "America/Los_Angeles"), daily("12:32", "UTC")]
)
def test_a_message_of_another_schedule_came_for_nothing(schedule: Schedule) -> None:
    """One that shares the time keeps it."""
    due = NOON + DELAY
    assert not_due(message(due), connection(schedule), HOUR, due)
    assert not not_due(message(due), connection(Schedule(hours=6)), HOUR, due)


def test_a_message_that_comes_during_a_pause_came_for_nothing() -> None:
    """Though its time is in the schedule."""
    due = NOON + DELAY
    assert not_due(message(due), connection(Schedule(), ConnectionState.PAUSED), HOUR, due)


@pytest.mark.parametrize("state", list(ConnectionState))
def test_a_run_on_demand_is_always_meant(state: ConnectionState) -> None:
    """Whatever the schedule says; whether it may run is for others to say."""
    assert not not_due(message(None), connection(Schedule(hours=168), state), HOUR, NOON)
