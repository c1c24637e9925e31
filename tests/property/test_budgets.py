"""The count behind a budget: never more than the limit in any window, and never stuck."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.core.budget import Budget

START = datetime(2026, 3, 2, tzinfo=UTC)
NOTHING = timedelta(0)
MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
WINDOW = MINUTE // MICROSECOND
SPAN = 6
"""Windows that are looked at."""
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


@given(st.integers(0, 2**32))
@example(253)
@example(264)  # where what is free earlier is somebody else's later
def test_whoever_waits_as_told_is_granted_it_among_others_too(seed: int) -> None:
    """If nobody else asks in the meantime, and those who wait do not want more than the limit together."""
    chance = random.Random(seed)
    budget, now, limit, names = (
        Budget(),
        START,
        chance.choice([4, 7, 10, 20]),
        "abcde"[: chance.randint(2, 5)],
    )
    for _ in range(40):
        amount, by = chance.randint(1, max(1, limit // 3)), chance.choice(names)
        worth = chance.choice([0, amount, chance.randint(amount, limit)])
        budget, wait = budget.reserved(amount, limit, MINUTE, now, by=by, worth=worth)
        assert wait <= MINUTE
        if wait > NOTHING and sum(one.amount for one in budget.waiting) <= limit:
            _, again = budget.reserved(amount, limit, MINUTE, now + wait, by=by, worth=worth)
            assert again == NOTHING
        now += chance.choice([0, 0.02, 0.1, 0.3]) * MINUTE


@given(st.integers(1, 10_000), WINDOWS, st.integers(0, 2**32))
@settings(max_examples=5)
def test_a_budget_stays_small_whoever_shares_it(limit: int, window: timedelta, seed: int) -> None:
    """Five hundred customers with long names, who come back as told or whenever they like."""
    budget, now, chance = Budget(), START, random.Random(seed)
    for _ in range(1_000):
        by = f"{chance.randrange(500):0100}"
        amount = chance.randint(1, max(limit // 20, 1))
        budget, _ = budget.reserved(amount, limit, window, now, by=by, worth=chance.choice([0, limit]))
        assert len(msgspec.json.encode(budget)) < 8_000
        now += chance.uniform(0, 0.004) * window


@dataclass
class Customer:
    """One who takes `amount` at a time until refused, and comes back as told or, if eager, much earlier.

    `begins`: in windows; `calls`: how many they want, `says`: whether they say so.
    """

    by: str
    begins: float
    calls: int = 10**9
    amount: int = 1
    says: bool = True
    eager: bool = False
    taken: list[int] = field(default_factory=list)

    def visit(self, budget: Budget, limit: int, moment: int) -> tuple[Budget, int | None]:
        """The budget afterwards, and when to come back; None when there is nothing left to want."""
        while self.calls:
            budget, wait = budget.reserved(
                self.amount,
                limit,
                MINUTE,
                START + moment * MICROSECOND,
                by=self.by,
                worth=self.calls * self.amount if self.says else 0,
            )
            assert wait <= MINUTE
            if wait > NOTHING:
                return budget, moment + min(wait // MICROSECOND, WINDOW // 40 if self.eager else WINDOW)
            self.taken.append(moment)
            self.calls -= 1
        return budget, None


def simulated(customers: list[Customer], limit: int) -> None:
    """Let them visit one budget, each as it was told."""
    budget = Budget()
    visits = [(round(customer.begins * WINDOW), place) for place, customer in enumerate(customers)]
    heapq.heapify(visits)
    while visits and visits[0][0] < SPAN * WINDOW:
        moment, place = heapq.heappop(visits)
        budget, again = customers[place].visit(budget, limit, moment)
        if again is not None:
            heapq.heappush(visits, (again, place))


def in_use(customers: list[Customer], moments: range) -> list[int]:
    """How much was granted within the window up to each of the moments."""
    taken = [(moment, customer.amount) for customer in customers for moment in customer.taken]
    return [sum(much for at, much in taken if moment - WINDOW < at <= moment) for moment in moments]


GREEDY = st.lists(
    st.tuples(st.floats(0, 2), st.sampled_from([1, 1, 2]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=5,
)
"""When each begins, how much it takes at a time, whether it says how much it wants, whether it is eager."""


def crowd(greedy: list[tuple[float, int, bool, bool]]) -> list[Customer]:
    """Customers that never have enough; the first is there from the beginning."""
    return [
        Customer(f"large {place}", begins if place else 0.0, amount=amount, says=says, eager=eager)
        for place, (begins, amount, says, eager) in enumerate(greedy)
    ]


@given(GREEDY, st.sampled_from([14, 40, 100]), st.floats(0, 4), st.booleans())
@settings(max_examples=40)
def test_a_small_customer_is_served_within_a_window_of_asking(
    greedy: list[tuple[float, int, bool, bool]], limit: int, begins: float, says: bool
) -> None:
    """Whatever large ones want, however eagerly they ask, and although it only comes back as told."""
    small = Customer("small", begins, calls=1, says=says)
    simulated([*crowd(greedy), small], limit)
    (moment,) = small.taken
    assert moment <= round(begins * WINDOW) + WINDOW


@given(GREEDY, st.sampled_from([14, 40, 100]), st.floats(0, 4))
@settings(max_examples=40)
def test_the_limit_is_made_use_of_and_never_exceeded(
    greedy: list[tuple[float, int, bool, bool]], limit: int, begins: float
) -> None:
    """Four fifths of it, on average of any window while large ones want more, also when a small one comes."""
    customers = [*crowd(greedy), Customer("small", begins, calls=1)]
    simulated(customers, limit)
    for begin in (moment for customer in customers for moment in customer.taken):
        assert in_use(customers, range(begin + WINDOW - 1, begin + WINDOW))[0] <= limit
    used = in_use(customers, range(0, SPAN * WINDOW, WINDOW // 50))
    for begin in range(len(used) - 50):
        assert sum(used[begin : begin + 50]) >= 0.8 * 50 * limit


@given(st.integers(2, 5), st.booleans(), st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=20)
def test_large_customers_get_the_same(count: int, says: bool, eager: list[bool]) -> None:
    """Once all have asked: none of them gets a quarter less than an equal share, eager or not."""
    customers = [Customer(f"{place}", place / 10, says=says, eager=eager[place]) for place in range(count)]
    simulated(customers, 60)
    for customer in customers:
        late = len(customer.taken) - bisect_right(customer.taken, 2 * WINDOW)
        assert late >= 0.75 * (SPAN - 2) * 60 / count


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
