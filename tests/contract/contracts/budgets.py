"""What every Budgets must do."""

import asyncio
import random
from datetime import datetime, timedelta

import pytest

from shared.ports import Budgets
from tests.contract.contracts.values import HOSTILE, NOW, unique
from tests.fakes.clock import FakeClock

WINDOW = timedelta(minutes=1)
NOTHING = timedelta(0)


class BudgetsContract:
    """Allowances that all workers share."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The clock of the budgets under test."""
        return FakeClock(NOW)

    @pytest.fixture
    def budgets(self, clock: FakeClock) -> Budgets:
        raise NotImplementedError("the budgets under test")

    async def test_the_whole_limit_is_granted_and_no_more(self, budgets: Budgets) -> None:
        """In parts that make it up exactly; a refusal takes nothing."""
        name = unique()
        for amount in (4, 5):
            assert await budgets.reserve(name, amount, limit=10, window=WINDOW) == NOTHING
        assert await budgets.reserve(name, 2, limit=10, window=WINDOW) > NOTHING
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW) == NOTHING
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW) > NOTHING

    async def test_whoever_waits_as_long_as_told_is_granted_it(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        """Where nobody else asks in the meantime; and the wait is never longer than a window."""
        name = unique()
        for amount in (7, 3, 10, 1, 9, 10):
            wait = await budgets.reserve(name, amount, limit=10, window=WINDOW)
            assert wait <= WINDOW
            if wait:
                clock.advance(wait)
                assert await budgets.reserve(name, amount, limit=10, window=WINDOW) == NOTHING
            clock.advance(timedelta(seconds=7))

    async def test_no_window_holds_more_than_the_limit(self, budgets: Budgets, clock: FakeClock) -> None:
        """Wherever it begins: also across the edge of a minute, with one that asks as fast as it can."""
        chance, name, limit = random.Random(20260302), unique(), 20
        granted: list[tuple[datetime, int]] = []
        for _ in range(200):
            amount = chance.randint(1, 8)
            wait = await budgets.reserve(name, amount, limit=limit, window=WINDOW)
            if wait == NOTHING:
                granted.append((clock.now(), amount))
            clock.advance(chance.choice([NOTHING, wait, timedelta(seconds=chance.random() * 20)]))
        assert len(granted) > 50
        for begin, _ in granted:
            assert sum(amount for at, amount in granted if begin <= at < begin + WINDOW) <= limit

    async def test_of_many_that_ask_at_once_the_limit_is_granted_at_most(self, budgets: Budgets) -> None:
        """Thirty workers and ten calls; whoever gets none waits, and asking again uses up the rest."""
        name = unique()

        async def ask() -> bool:
            return await budgets.reserve(name, 1, limit=10, window=WINDOW) == NOTHING

        granted = sum(await asyncio.gather(*(ask() for _ in range(30))))
        assert 0 < granted <= 10
        for _ in range(10 - granted):
            assert await ask()
        assert not await ask()

    async def test_names_do_not_share(self, budgets: Budgets) -> None:
        """A name with any character in it has a budget, and a pause, of its own."""
        mark = unique()
        await budgets.reserve(mark, 1, limit=1, window=WINDOW)
        await budgets.pause(mark, NOW + WINDOW)
        for text in HOSTILE:
            assert await budgets.paused_until(f"{mark}{text}") is None
            assert await budgets.reserve(f"{mark}{text}", 1, limit=1, window=WINDOW) == NOTHING
            assert await budgets.reserve(f"{mark}{text}", 1, limit=1, window=WINDOW) > NOTHING

    @pytest.mark.parametrize("amount", [-1, 0, 11])
    async def test_what_can_never_be_granted_is_an_error(self, budgets: Budgets, amount: int) -> None:
        """Waiting for it would never end."""
        with pytest.raises(ValueError, match="10"):
            await budgets.reserve(unique(), amount, limit=10, window=WINDOW)

    async def test_during_a_pause_nobody_is_granted_anything(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        """They are told to wait until it is over, and then it is."""
        name, until = unique(), NOW + timedelta(minutes=5)
        await budgets.reserve(name, 1, limit=10, window=WINDOW)
        await budgets.pause(name, until)
        assert await budgets.paused_until(name) == until
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW) == timedelta(minutes=5)
        clock.advance(timedelta(minutes=5) - timedelta(microseconds=1))
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW) == timedelta(microseconds=1)
        clock.advance(timedelta(microseconds=1))
        assert await budgets.paused_until(name) is None
        assert await budgets.reserve(name, 10, limit=10, window=WINDOW) == NOTHING

    async def test_a_later_pause_counts(self, budgets: Budgets) -> None:
        """In whichever order they are told, and before anything was ever reserved."""
        name, sooner, later = unique(), NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
        for until in (sooner, later, sooner):
            await budgets.pause(name, until)
        assert await budgets.paused_until(name) == later

    async def test_of_many_pauses_at_once_the_last_one_counts(self, budgets: Budgets) -> None:
        """Ten workers that were told to wait, each a little longer."""
        name = unique()
        until = [NOW + timedelta(seconds=number) for number in range(1, 11)]
        await asyncio.gather(*(budgets.pause(name, each) for each in until))
        assert await budgets.paused_until(name) == until[-1]

    async def test_a_pause_gives_nothing_back(self, budgets: Budgets, clock: FakeClock) -> None:
        """What was granted before it still counts after it, for the rest of its window."""
        name = unique()
        await budgets.reserve(name, 10, limit=10, window=WINDOW)
        await budgets.pause(name, NOW + WINDOW / 2)
        clock.advance(WINDOW / 2)
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW) == WINDOW / 2

    async def test_a_pause_that_is_over_is_none(self, budgets: Budgets) -> None:
        """Nor is one that nobody ever told."""
        name = unique()
        assert await budgets.paused_until(name) is None
        await budgets.pause(name, NOW)
        assert await budgets.paused_until(name) is None
        assert await budgets.reserve(name, 1, limit=1, window=WINDOW) == NOTHING
