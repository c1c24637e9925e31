"""Calls to a PSA, in blocks of an allowance that all workers share."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.psa.problems import NotSent
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets
from tests.unit.adapters.psa.scripted import NAME, PSA, allowance, seconds

MINUTE = timedelta(minutes=1)
LONGER = timedelta(seconds=65)
"""What a call is counted for."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets(clock: FakeClock) -> FakeBudgets:
    return FakeBudgets(clock)


async def test_calls_that_were_expected_are_one_question(clock: FakeClock, budgets: FakeBudgets) -> None:
    """And no call is made without an answer to it."""
    calls = allowance(clock, budgets, per_minute=60)
    await calls.expect(10)
    for _ in range(10):
        await calls.take()
    assert (budgets.calls, budgets.granted(NAME)) == (1, 10)
    await calls.take()
    assert (budgets.calls, budgets.granted(NAME)) == (2, 11)


async def test_nothing_is_asked_for_where_nothing_is_expected(clock: FakeClock, budgets: FakeBudgets) -> None:
    """Nor where the last block still has enough."""
    calls = allowance(clock, budgets, per_minute=60)
    await calls.expect(0)
    assert budgets.calls == 0
    await calls.expect(10)
    await calls.take()
    await calls.expect(9)
    assert budgets.calls == 1
    await calls.expect(10)
    assert budgets.calls == 2


async def test_a_block_is_a_part_of_a_minutes_calls(clock: FakeClock, budgets: FakeBudgets) -> None:
    """So that others get some; what is expected beyond it takes further blocks."""
    calls = allowance(clock, budgets, per_minute=60)
    await calls.expect(50)
    block = budgets.granted(NAME)
    assert 1 < block <= 20
    for _ in range(50):
        await calls.take()
    assert (budgets.granted(NAME), budgets.calls) == (50, -(-50 // block))


@pytest.mark.parametrize("per_minute", [1, 2, 3])
async def test_however_few_calls_there_are_they_can_be_made(per_minute: int) -> None:
    """One by one, all of them within a minute and no more."""
    clock = FakeClock()
    calls = allowance(clock, FakeBudgets(clock), per_minute=per_minute)
    for _ in range(3):
        await calls.expect(10)
        for _ in range(per_minute):
            await calls.take()
        with pytest.raises(NotSent):
            await calls.take()
        clock.advance(LONGER + seconds(2))


async def test_what_is_left_of_a_block_is_good_for_five_seconds(
    clock: FakeClock, budgets: FakeBudgets
) -> None:
    """After that it is asked for anew, and what was not used stays counted."""
    calls = allowance(clock, budgets, per_minute=60)
    await calls.expect(3)
    clock.advance(seconds(4.9))
    await calls.take()
    assert budgets.calls == 1
    clock.advance(seconds(0.1))
    await calls.take()
    assert (budgets.calls, budgets.granted(NAME)) == (2, 5)


async def test_where_no_call_is_granted_it_says_when_to_come_back(
    clock: FakeClock, budgets: FakeBudgets
) -> None:
    """It neither waits nor lets anything be sent; whoever comes back then is granted it."""
    greedy, small = (allowance(clock, budgets, per_minute=3, by=by) for by in ("greedy", "small"))
    for _ in range(3):
        await greedy.take()
    with pytest.raises(NotSent) as refused:
        await small.take()
    error = refused.value
    assert (error.code, error.title) == (
        "destination_busy",
        f"{PSA} takes only so many calls a minute.",
    )
    assert timedelta(0) < error.after <= LONGER + seconds(2)
    clock.advance(error.after)
    await small.take()


async def test_a_pause_takes_the_rest_of_the_block_too(clock: FakeClock, budgets: FakeBudgets) -> None:
    """Nothing is sent before it is over; then everything is as before."""
    calls, others = (allowance(clock, budgets, by=by) for by in ("mine", "others"))
    await calls.expect(5)
    await calls.take()
    await calls.pause(seconds(40))
    for one in (calls, others):
        with pytest.raises(NotSent) as refused:
            await one.take()
        assert refused.value.after == seconds(40)
    clock.advance(seconds(40))
    await others.take()
    await calls.take()


async def test_a_wait_is_at_most_an_hour_at_a_time(clock: FakeClock, budgets: FakeBudgets) -> None:
    """Whoever comes back is told the rest."""
    calls = allowance(clock, budgets)
    await calls.pause(timedelta(hours=20))
    with pytest.raises(NotSent) as refused:
        await calls.take()
    assert refused.value.after == timedelta(hours=1)


async def test_a_call_that_is_made_late_counts_for_a_minute_all_the_same(
    clock: FakeClock, budgets: FakeBudgets
) -> None:
    """Whoever was granted everything, and used it just in time, gets nothing within a minute after that."""
    workers = [allowance(clock, budgets, per_minute=60) for _ in range(60)]
    for worker in workers:
        await worker.expect(1)
    clock.advance(seconds(4.9))
    for worker in workers:
        await worker.take()
    assert budgets.granted(NAME) == 60
    clock.advance(seconds(59.9))
    with pytest.raises(NotSent):
        await workers[0].take()
    clock.advance(seconds(0.2))
    await workers[0].take()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # who
        st.sampled_from([0, 1, 2, 5, 50]),  # how many calls they expect
        st.sampled_from([0, 1, 1, 2, 5, 9]),  # how many they make
        st.sampled_from([0.0, 0.0, 0.1, 1.0, 4.9, 5.0, 7.0, 30.0]),  # what passes after each of them
    ),
    max_size=60,
)


@settings(derandomize=True, database=None, deadline=None, max_examples=150)
@given(st.sampled_from([1, 2, 3, 7, 20, 60]), STEPS)
async def test_no_minute_has_more_calls_than_the_limit(
    per_minute: int, steps: list[tuple[int, int, int, float]]
) -> None:
    """Of four workers who use their blocks as late as they like."""
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    workers = [allowance(clock, budgets, per_minute=per_minute, by=str(number)) for number in range(4)]
    made: list[datetime] = []
    for who, expected, takes, pause in steps:
        try:
            await workers[who].expect(expected)
            for _ in range(takes):
                await workers[who].take()
                made.append(clock.now())
                clock.advance(seconds(pause))
        except NotSent:
            clock.advance(seconds(pause))
    for place, moment in enumerate(made):
        assert bisect_left(made, moment + MINUTE) - place <= per_minute
