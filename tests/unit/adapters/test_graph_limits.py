"""What workers share: allowances that are scarce, and pauses that are meant for all of them."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from shared.adapters.graph.limits import Allowance, SharedLimits
from shared.core.errors import RetryLater
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets
from tests.unit.adapters.scripted_graph import URL, ScriptedGraph

FIVE = Allowance("five", 5, timedelta(seconds=10))
MANY = Allowance("many", 14, timedelta(minutes=10))


class Worker:
    """One process with its limits; sleeping lets the clock go on."""

    def __init__(self, clock: FakeClock, budgets: FakeBudgets) -> None:
        self.slept: list[float] = []
        self._clock = clock
        self.limits = SharedLimits(budgets, clock, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets(clock: FakeClock) -> FakeBudgets:
    return FakeBudgets(clock)


@pytest.fixture
def worker(clock: FakeClock, budgets: FakeBudgets) -> Worker:
    return Worker(clock, budgets)


@pytest.fixture
def other(clock: FakeClock, budgets: FakeBudgets) -> Worker:
    return Worker(clock, budgets)


async def test_what_is_left_of_an_allowance_is_taken_at_once(worker: Worker) -> None:
    """Nobody waits for what is there."""
    for _ in range(5):
        await worker.limits.reserve(FIVE, MANY)
    assert worker.slept == []


async def test_a_short_wait_for_an_allowance_is_waited_out(worker: Worker, other: Worker) -> None:
    """Whoever used it up."""
    for _ in range(5):
        await other.limits.reserve(FIVE)
    await worker.limits.reserve(FIVE)
    assert worker.slept == [10.0]


async def test_a_long_wait_for_an_allowance_is_left_to_the_queue(worker: Worker, clock: FakeClock) -> None:
    """At once, with the time it takes."""
    for _ in range(14):
        await worker.limits.reserve(MANY)
    clock.advance(timedelta(minutes=2))
    with pytest.raises(RetryLater) as missed:
        await worker.limits.reserve(MANY)
    assert (missed.value.code, missed.value.after) == ("graph_throttled", timedelta(minutes=8))
    assert worker.slept == []


async def test_nobody_waits_for_ever_while_others_are_faster(clock: FakeClock) -> None:
    """After a minute the queue is the better place to wait."""

    class Greedy(FakeBudgets):
        async def reserve(
            self, name: str, amount: int, *, limit: int, window: timedelta, by: str = "", worth: int = 0
        ) -> timedelta:
            return timedelta(seconds=9)

    worker = Worker(clock, Greedy(clock))
    with pytest.raises(RetryLater):
        await worker.limits.reserve(FIVE)
    assert sum(worker.slept) <= 60


async def test_a_refused_allowance_takes_nothing_of_the_next(worker: Worker, budgets: FakeBudgets) -> None:
    """The tenant's own comes first, the one of all tenants after it."""
    for _ in range(14):
        await worker.limits.reserve(MANY)
    with pytest.raises(RetryLater):
        await worker.limits.reserve(MANY, FIVE)
    assert budgets.granted("five") == 0


async def test_a_pause_is_shared(worker: Worker, other: Worker, clock: FakeClock) -> None:
    """With those that have not looked yet at once, with the others within a minute."""
    await other.limits.check()
    await worker.limits.pause(120.0)
    await other.limits.check()
    clock.advance(timedelta(seconds=60))
    for each in (worker, other):
        with pytest.raises(RetryLater) as missed:
            await each.limits.check()
        assert missed.value.after == timedelta(seconds=60)
    clock.advance(timedelta(seconds=60))
    await worker.limits.check()
    await other.limits.check()


async def test_a_process_looks_once_a_minute(worker: Worker, clock: FakeClock, budgets: FakeBudgets) -> None:
    """However much it reads: a look is a call to the storage."""
    for _ in range(60):
        await worker.limits.check()
        clock.advance(timedelta(seconds=1))
    assert budgets.calls == 1
    await worker.limits.check()
    assert budgets.calls == 2


async def test_a_short_pause_is_waited_out(worker: Worker) -> None:
    """A pause without a length is a short one."""
    await worker.limits.pause(None)
    await worker.limits.check()
    assert worker.slept == [10.0]
    await worker.limits.check()
    assert worker.slept == [10.0]


async def test_a_shorter_pause_does_not_end_a_longer_one(worker: Worker) -> None:
    """The later moment counts."""
    await worker.limits.pause(100.0)
    await worker.limits.pause(1.0)
    with pytest.raises(RetryLater):
        await worker.limits.check()


async def test_during_a_pause_nothing_is_sent(worker: Worker, other: Worker) -> None:
    """Not even for a token."""
    graph = ScriptedGraph(lambda _: httpx.Response(200, json={}))
    transport = graph.open(worker.limits)
    await other.limits.pause(60.0)
    for ask in (transport.get(f"{URL}/v1.0/users"), transport.batch(["users/1"])):
        with pytest.raises(RetryLater):
            await ask
    assert graph.requests == []


@pytest.mark.parametrize(
    ("status", "scope", "pauses"),
    [
        (429, "Application/Read/app/tenant", True),
        (429, " application/ReadWrite/app/tenant", True),
        (429, "Tenant_Application/Read/app/tenant", False),
        (429, "Tenant/Read/app/tenant", False),
        (429, "", False),
        (503, "Application/Read/app/tenant", False),
    ],
)
async def test_only_a_limit_of_the_whole_application_makes_everybody_pause(
    worker: Worker, budgets: FakeBudgets, clock: FakeClock, status: int, scope: str, pauses: bool
) -> None:
    """What one tenant used up is no concern of the others."""
    headers = {"Retry-After": "90", "x-ms-throttle-scope": scope}
    graph = ScriptedGraph(lambda _: httpx.Response(status, headers=headers, json={}))
    with pytest.raises(RetryLater) as missed:
        await graph.open(worker.limits).get(f"{URL}/v1.0/users")
    assert missed.value.after == timedelta(seconds=90)
    until = clock.now() + timedelta(seconds=90) if pauses else None
    assert await budgets.paused_until("graph") == until
