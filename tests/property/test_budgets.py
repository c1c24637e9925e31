"""The count behind a budget: never more than the limit in any window, and never stuck."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.tables.budgets import Budget

START = datetime(2026, 3, 2, tzinfo=UTC)
NOTHING = timedelta(0)
WINDOWS = st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(hours=1))
LIMITS = st.integers(1, 200)
ASKED = st.lists(
    st.tuples(st.floats(0, 1), st.one_of(st.just(0.0), st.floats(0, 0.05), st.floats(0, 1.5))), max_size=120
)
"""Shares of the limit that are asked for, each with the share of the window that passes after it."""


@given(LIMITS, WINDOWS, ASKED)
def test_no_window_holds_more_than_the_limit(
    limit: int, window: timedelta, asked: list[tuple[float, float]]
) -> None:
    """Wherever the window begins, the fullest ones begin with a grant."""
    budget, now = Budget(), START
    granted: list[tuple[datetime, int]] = []
    for share, pause in asked:
        amount = max(1, round(share * limit))
        budget, wait = budget.reserved(amount, limit, window, now)
        if wait == NOTHING:
            granted.append((now, amount))
        now += pause * window
    for begin, _ in granted:
        assert sum(amount for at, amount in granted if begin <= at < begin + window) <= limit


@given(LIMITS, WINDOWS, ASKED)
def test_whoever_waits_as_told_is_granted_it(
    limit: int, window: timedelta, asked: list[tuple[float, float]]
) -> None:
    """A refusal changes nothing, and no wait is longer than the window."""
    budget, now = Budget(), START
    for share, pause in asked:
        amount = max(1, round(share * limit))
        reserved, wait = budget.reserved(amount, limit, window, now)
        if wait > NOTHING:
            assert reserved == budget
            assert wait <= window
            now += wait
            reserved, wait = budget.reserved(amount, limit, window, now)
        assert wait == NOTHING
        budget = reserved
        now += pause * window


@given(WINDOWS, st.integers(0, 2**32))
def test_a_budget_stays_small_whatever_its_limit(window: timedelta, seed: int) -> None:
    """A thousand calls, one by one, within a few windows."""
    budget, now, chance = Budget(), START, random.Random(seed)
    for pause in (chance.uniform(0, 0.01) for _ in range(1_000)):
        budget, wait = budget.reserved(1, 10**9, window, now)
        assert wait == NOTHING
        assert len(budget.grants) <= 66
        now += pause * window
    assert len(msgspec.json.encode(budget)) < 3_000


@given(st.integers(1, 10), st.lists(st.integers(-5, 5), min_size=1, max_size=49))
def test_clocks_that_differ_give_little_away(limit: int, skews: list[int]) -> None:
    """Workers whose clocks are up to 5 seconds off: 50 seconds of a minute's window are safe."""
    budget, granted = Budget(), 0
    for second, skew in enumerate(skews):
        now = START + timedelta(seconds=second + skew)
        budget, wait = budget.reserved(1, limit, timedelta(seconds=60), now)
        granted += wait == NOTHING
        moments = [grant.at for grant in budget.grants]
        assert moments == sorted(moments)
    assert granted <= limit
