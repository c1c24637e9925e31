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

    async def test_one_with_a_name_may_use_the_whole_limit_alone(self, budgets: Budgets) -> None:
        """Nothing is kept for others who did not ask."""
        name = unique()
        for _ in range(10):
            assert await budgets.reserve(name, 1, limit=10, window=WINDOW, by="large") == NOTHING
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW, by="large") == WINDOW

    async def test_after_a_refusal_nobody_is_granted_more_than_a_share(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        """Half of the limit where two want it, whoever of them is faster."""
        name = unique()
        await budgets.reserve(name, 10, limit=10, window=WINDOW, by="large")
        wait = await budgets.reserve(name, 1, limit=10, window=WINDOW, by="other", worth=100)
        assert wait == WINDOW
        clock.advance(wait)
        assert await taken(budgets, name, "large") == 5
        assert await taken(budgets, name, "other") == 5

    async def test_a_small_one_is_served_within_a_window(self, budgets: Budgets, clock: FakeClock) -> None:
        """Although three that want everything ask all the time, and it only when it was told to."""
        name, large = unique(), ("first", "second", "third")
        for by in large:
            await taken(budgets, name, by)
        wait = await budgets.reserve(name, 1, limit=10, window=WINDOW, by="small", worth=1)
        assert NOTHING < wait <= WINDOW
        for _ in range(8):
            clock.advance(wait / 8)
            for by in large:
                await taken(budgets, name, by)
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW, by="small", worth=1) == NOTHING

    async def test_the_wait_is_until_what_it_is_worth(self, budgets: Budgets, clock: FakeClock) -> None:
        """Not until the first call is free; without a worth it is."""
        name = unique()
        for _ in range(10):
            await budgets.reserve(name, 1, limit=10, window=WINDOW, by="large")
            clock.advance(timedelta(seconds=1))
        assert await budgets.reserve(name, 1, limit=10, window=WINDOW, by="large") == WINDOW - timedelta(
            seconds=10
        )
        wait = await budgets.reserve(name, 1, limit=10, window=WINDOW, by="large", worth=3)
        assert wait == WINDOW - timedelta(seconds=8)

    async def test_without_a_name_only_the_limit_binds(self, budgets: Budgets, clock: FakeClock) -> None:
        """Nobody is remembered as waiting, and no share is kept for them."""
        name = unique()
        await budgets.reserve(name, 10, limit=10, window=WINDOW, by="large")
        for _ in range(3):
            assert await budgets.reserve(name, 1, limit=10, window=WINDOW) == WINDOW
        clock.advance(WINDOW)
        assert await budgets.reserve(name, 10, limit=10, window=WINDOW, by="large") == NOTHING

    async def test_any_name_can_ask(self, budgets: Budgets, clock: FakeClock) -> None:
        """With any character in it, a hundred of them; each has a share of its own."""
        name, names = unique(), [text[:100] for text in HOSTILE] + ["x" * 100]
        limit = len(names) + 1
        await budgets.reserve(name, limit, limit=limit, window=WINDOW, by="large")
        for by in names:
            assert await budgets.reserve(name, 1, limit=limit, window=WINDOW, by=by) == WINDOW
        clock.advance(WINDOW)
        assert await budgets.reserve(name, 2, limit=limit, window=WINDOW, by="large") > NOTHING
        for by in names:
            assert await budgets.reserve(name, 1, limit=limit, window=WINDOW, by=by) == NOTHING

    async def test_of_many_names_at_once_the_limit_is_granted_at_most(
        self, budgets: Budgets, clock: FakeClock
    ) -> None:
        """Thirty customers and ten calls: who comes back as told gets theirs, a window after the other."""
        name = unique()

        async def ask(by: str) -> timedelta:
            return await budgets.reserve(name, 1, limit=10, window=WINDOW, by=by, worth=1)

        left = [f"{number}" for number in range(30)]
        for _ in range(4):
            waits = await asyncio.gather(*(ask(by) for by in left))
            assert sum(wait == NOTHING for wait in waits) <= 10
            left = [by for by, wait in zip(left, waits, strict=True) if wait]
            waits = [await ask(by) for by in left]
            left = [by for by, wait in zip(left, waits, strict=True) if wait]
            clock.advance(WINDOW)
        assert not left


async def taken(budgets: Budgets, name: str, by: str) -> int:
    """How much of ten one is granted that asks for one after the other until refused."""
    count = 0
    while await budgets.reserve(name, 1, limit=10, window=WINDOW, by=by, worth=10) == NOTHING:
        count += 1
    return count
