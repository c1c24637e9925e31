"""Every slot of the schedule: one message for every connected customer."""

import asyncio
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.connection import ConnectionState
from shared.core.errors import RetryLater
from shared.core.messages import QueueMessage, SyncMessage
from shared.core.run import slot_run_id
from shared.core.schedule import next_sync, spread_delay
from shared.ports import Page
from shared.services.fan_out import FanOut
from tests.contract.contracts.values import active, connection
from tests.fakes import FakeConnectionStore, FakeSlotStore, Process, ProcessKilled, World

SLOT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE, CONNECTIONS = 4, 18


@pytest.fixture
async def world() -> World:
    """Eighteen connected customers in several accounts, some in other states; it is noon."""
    world = World()
    world.connections.page_size = PAGE
    for number in range(CONNECTIONS):
        await world.connections.add(active(f"account-{number % 5}", f"{number:016x}"))
    for state in ConnectionState:
        if state is not ConnectionState.ACTIVE:
            await world.connections.add(connection("account-0", state=state))
    world.clock.move_to(SLOT)
    return world


def sent(world: World) -> Counter[tuple[str, str]]:
    """How many messages each connection got."""
    messages = [message for message, _ in world.queue.sent if isinstance(message, SyncMessage)]
    return Counter((message.account_id, message.connection_id) for message in messages)


def one_each(world: World) -> Counter[tuple[str, str]]:
    return Counter((c.account_id, c.id) for c in world.connections.all() if c.state is ConnectionState.ACTIVE)


async def test_every_active_connection_gets_one_message(world: World) -> None:
    """Exactly one, for the run of this slot, at the connection's place in it."""
    assert await world.app.fan_out.fire() == CONNECTIONS
    assert sent(world) == one_each(world)
    for message, delay in world.queue.sent:
        assert isinstance(message, SyncMessage)
        assert message.slot == SLOT
        assert message.run_id == slot_run_id(message.connection_id, SLOT, SLOT + delay)
        assert delay == spread_delay(message.connection_id, HOUR)


async def test_the_announced_time_is_the_time(world: World) -> None:
    """What a customer reads as the next sync is when its message becomes visible."""
    schedule, spread = world.settings.sync_schedule, world.settings.sync_spread
    before = SLOT - timedelta(seconds=1)
    announced = {c.id: next_sync(schedule, c.id, spread, before) for c in world.connections.all()}
    await world.app.fan_out.fire()
    for waiting in world.queue.waiting:
        assert isinstance(waiting.message, SyncMessage)
        assert waiting.visible_at == announced[waiting.message.connection_id]


async def test_a_queue_that_is_down_is_said_to_be_down(world: World) -> None:
    """The error is the queue's own, not a group of as many as there were senders; the slot stays open."""

    async def outage() -> None:
        raise RetryLater.soon("queue_storage_unavailable", "Queue Storage did not answer.")

    process = Process(at=3, action=outage)
    with pytest.raises(RetryLater, match="queue_storage_unavailable"):
        await world.start_app(process).fan_out.fire()
    assert process.calls[2] == "FakeQueue.send"
    world.clock.advance(HOUR)
    assert await world.app.fan_out.resume() > 0


async def test_a_timer_that_fires_twice_sends_nothing_twice(world: World) -> None:
    """Nor does one that fires hours late, after the slot is done."""
    await world.app.fan_out.fire()
    assert await world.app.fan_out.fire() == 0
    world.clock.advance(timedelta(hours=11))
    assert await world.app.fan_out.fire() == 0
    assert sent(world) == one_each(world)


async def test_the_next_slot_is_another_one(world: World) -> None:
    """Twelve hours later everybody gets a message again, for another run."""
    await world.app.fan_out.fire()
    world.clock.advance(timedelta(hours=12))
    assert await world.app.fan_out.fire() == CONNECTIONS
    runs = {message.run_id for message, _ in world.queue.sent if isinstance(message, SyncMessage)}
    assert len(runs) == 2 * CONNECTIONS


@pytest.mark.parametrize("early", [timedelta(milliseconds=1), timedelta(seconds=1)])
async def test_a_timer_that_fires_early_serves_the_slot_it_meant(world: World, early: timedelta) -> None:
    """And the one that fires on time has nothing left to do."""
    world = await _at(world, SLOT + timedelta(hours=12) - early)
    assert await world.app.fan_out.fire() == CONNECTIONS
    world.clock.advance(early)
    assert await world.app.fan_out.fire() == 0


async def _at(world: World, moment: datetime) -> World:
    world.clock.move_to(moment)
    return world


@pytest.mark.parametrize("late", [timedelta(minutes=20), timedelta(hours=5)])
async def test_a_late_timer_takes_the_delay_off(world: World, late: timedelta) -> None:
    """Whose place has gone by starts at once; nobody waits longer than on time."""
    world.clock.advance(late)
    await world.app.fan_out.fire()
    for message, delay in world.queue.sent:
        assert isinstance(message, SyncMessage)
        assert delay == max(spread_delay(message.connection_id, HOUR) - late, timedelta(0))


async def test_two_at_once_send_everything_once(world: World) -> None:
    """Two timers on two machines: one of them fans out."""
    apps = [world.start_app(), world.start_app()]
    results = await asyncio.gather(*(app.fan_out.fire() for app in apps))
    assert sorted(results) == [0, CONNECTIONS]
    assert sent(world) == one_each(world)


async def test_one_that_dies_is_taken_up_where_it_was(world: World) -> None:
    """Killed at any call: resumed, everybody has a message, and at most one page's went out twice."""
    process = Process()
    await world.start_app(process).fan_out.fire()
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            fresh = World()
            fresh.connections = world.connections
            fresh.clock.move_to(SLOT)
            killed = Process(at, after=after)
            await _until_killed(fresh.start_app(killed).fan_out)
            assert not killed.alive
            assert await fresh.start_app().fan_out.resume() == 0, "not while its lease lasts"
            fresh.clock.advance(timedelta(minutes=2))
            app = fresh.start_app()
            await (app.housekeeping.tidy() if fresh.slots.slots else app.fan_out.fire())
            twice = {key for key, number in sent(fresh).items() if number > 1}
            where = f"{'after' if after else 'before'} {at} {call}"
            if sent(fresh).keys() != one_each(fresh).keys():
                wrong.append(f"{where}: somebody got no message")
            if len(twice) > PAGE or max(sent(fresh).values()) > 2:
                wrong.append(f"{where}: {len(twice)} got several")
            if len({m.run_id for m, _ in fresh.queue.sent if isinstance(m, SyncMessage)}) != CONNECTIONS:
                wrong.append(f"{where}: several runs for one slot")
            if await app.fan_out.resume() or await app.fan_out.fire():
                wrong.append(f"{where}: not done")
    assert not wrong, "\n".join(wrong)


async def _until_killed(fan_out: FanOut) -> None:
    """The process dies; what a task group makes of that does not matter."""
    try:
        await fan_out.fire()
    except* ProcessKilled:
        pass


async def test_whoever_was_overtaken_stops(world: World) -> None:
    """A timer that stalls longer than its lease leaves the rest to the one that took over."""

    async def somebody_else() -> None:
        world.clock.advance(timedelta(minutes=2))
        await world.start_app().fan_out.resume()

    process = Process(at=3 + PAGE, action=somebody_else)
    await world.start_app(process).fan_out.fire()
    assert sent(world).keys() == one_each(world).keys()
    assert sum(sent(world).values()) <= CONNECTIONS + PAGE


async def test_a_slot_without_connections_is_done() -> None:
    """Nobody is connected: nothing is sent, and nothing is left to finish."""
    world = World()
    assert await world.app.fan_out.fire() == 0
    world.clock.advance(timedelta(minutes=5))
    assert await world.app.fan_out.resume() == 0
    assert await world.slots.unfinished(world.clock.now()) == []
    assert all(slot.done for slot, _ in world.slots.slots.values())


async def test_a_double_delivery_of_a_slot_is_one_run() -> None:
    """Two messages of one slot end in one run."""
    world = World()
    customer, _ = await world.connected("ada")
    world.clock.move_to(SLOT)
    await world.app.fan_out.fire()
    (message, _), *_ = [item for item in world.queue.sent if isinstance(item[0], SyncMessage)]
    await world.queue.send(message)
    await world.drain()
    runs = await world.runs.list(customer.connection_id, 10)
    assert [(run.state.value, run.counts.created) for run in runs.items] == [("succeeded", 1)]


class ConnectionId(str):
    """An id that can be watched."""

    __slots__ = ("__weakref__",)


class Crowd(FakeConnectionStore):
    """A hundred thousand connections that are made while they are read; `most` of them were alive at once."""

    total, size = 100_000, 1_000

    def __init__(self) -> None:
        super().__init__()
        self.alive = weakref.WeakSet[ConnectionId]()
        self.most = 0

    async def active(self, after: str | None = None) -> AsyncIterator[Page[tuple[str, str]]]:
        for start in range(int(after or 0), self.total, self.size):
            end = start + self.size
            ids = [ConnectionId(f"{number:016x}") for number in range(start, end)]
            self.alive.update(ids)
            self.most = max(self.most, len(self.alive))
            yield Page(tuple(("account", one) for one in ids), str(end) if end < self.total else None)


class CountingQueue:
    """Counts messages and keeps none."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        self.count += 1


async def test_memory_does_not_grow_with_the_connections() -> None:
    """A hundred thousand connections take no more memory than a few pages of them."""
    world, queue, crowd = World(), CountingQueue(), Crowd()
    fan_out = FanOut(crowd, FakeSlotStore(), queue, world.clock, world.settings.sync_schedule, HOUR)
    assert await fan_out.fire() == queue.count == Crowd.total
    assert crowd.most <= 3 * Crowd.size


async def test_a_slots_progress_is_kept(world: World) -> None:
    """After a page it says how many messages were sent and where to go on."""
    process = Process(at=2 + PAGE + 2, after=False)
    await _until_killed(world.start_app(process).fan_out)
    ((slot, _),) = world.slots.slots.values()
    assert (slot.done, slot.sent % PAGE) == (False, 0)
    assert msgspec.structs.replace(slot, sent=0).slot == SLOT
