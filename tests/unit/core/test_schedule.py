"""Slots of the timer, and each connection's place after the hour; `test_due_times.py` has the due times."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.schedule import is_schedule, slot_after, slot_at, spread_delay

TWELVE_HOURS = "0 0 */12 * * *"
HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
IDS = [f"{number:016x}" for number in range(2_000)]


@pytest.mark.parametrize("expression", [TWELVE_HOURS, "0 */5 * * * *", "30 0 1 * * 1-5", "0 0 0 1 1 *"])
def test_six_fields_are_a_schedule(expression: str) -> None:
    """Seconds first, as timer triggers take it."""
    assert is_schedule(expression)


@pytest.mark.parametrize(
    "expression", ["", "0 */12 * * *", "0 0 */12 * * * *", "0 0 25 * * *", "x y z a b c"]
)
def test_anything_else_is_not(expression: str) -> None:
    """Five fields would mean something quite different."""
    assert not is_schedule(expression)


@pytest.mark.parametrize(
    ("fires", "slot"),
    [
        (NOON, NOON),
        (NOON + timedelta(microseconds=1), NOON),
        (NOON + timedelta(hours=11, minutes=59, seconds=58), NOON),
        (NOON - timedelta(milliseconds=1), NOON),
        (NOON - timedelta(seconds=1), NOON),
        (NOON - timedelta(seconds=1, microseconds=1), NOON - timedelta(hours=12)),
        (NOON - timedelta(seconds=2), NOON - timedelta(hours=12)),
    ],
)
def test_a_timer_belongs_to_the_slot_it_was_meant_for(fires: datetime, slot: datetime) -> None:
    """Late by hours, or early by up to a second."""
    assert slot_at(TWELVE_HOURS, fires) == slot


def test_slots_are_in_utc_and_whole() -> None:
    """So that all workers name a slot alike."""
    slot = slot_at(TWELVE_HOURS, NOON + timedelta(minutes=7, microseconds=5))
    assert slot.isoformat() == "2026-03-02T12:00:00+00:00"


def test_every_delay_is_within_the_spread() -> None:
    """From nothing to just less than all of it, and well mixed."""
    delays = [spread_delay(connection_id, HOUR) for connection_id in IDS]
    assert timedelta(0) <= min(delays) < timedelta(minutes=1)
    assert timedelta(minutes=59) < max(delays) < HOUR
    quarters = [sum(delay // timedelta(minutes=15) == number for delay in delays) for number in range(4)]
    assert min(quarters) > len(IDS) / 4 * 0.8


def test_a_connection_keeps_its_place() -> None:
    """The delay is a matter of the id alone, today and after the next release."""
    assert spread_delay("c0c0c0c0c0c0c0c0", HOUR) == timedelta(seconds=507)
    assert spread_delay("c0c0c0c0c0c0c0c1", HOUR) == timedelta(minutes=32, seconds=23)


def test_without_a_spread_everybody_starts_at_once() -> None:
    """A delay of nothing."""
    assert {spread_delay(connection_id, timedelta(0)) for connection_id in IDS[:50]} == {timedelta(0)}


@pytest.mark.parametrize("expression", [TWELVE_HOURS, "0 30 */5 * * *", "0 0 1 * * 1"])
def test_slots_follow_each_other(expression: str) -> None:
    """What comes after a slot is the slot of a timer that fires then, and there is none in between."""
    slot = slot_at(expression, NOON)
    for _ in range(30):
        after = slot_after(expression, slot)
        assert slot_at(expression, after) == after
        assert slot_at(expression, after - timedelta(seconds=2)) == slot
        slot = after


def test_both_day_fields_must_match() -> None:
    """The 13th and a Friday, not one of them, as NCRONTAB has it."""
    assert slot_at("0 0 0 13 * 5", datetime(2026, 3, 31, tzinfo=UTC)) == datetime(2026, 3, 13, tzinfo=UTC)
