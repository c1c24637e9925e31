"""Every slot of the timer: a message for each sync that is due before the next one."""

import asyncio
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import ConnectionState
from shared.core.errors import RetryLater
from shared.core.messages import QueueMessage, SyncMessage
from shared.core.run import slot_run_id
from shared.core.schedule import due_times, next_due, spread_delay
from shared.ports import Page, ScheduledConnection
from shared.services.fan_out import FanOut
from shared.services.housekeeping import Housekeeping
from tests.contract.contracts.values import active, connection
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEventStore
from tests.fakes.process import Process, ProcessKilled
from tests.fakes.queue import LONGEST_DELAY, FakeQueue
from tests.fakes.stores import FakeConnectionStore, FakeOneTimeStore, FakeSlotStore
from tests.fakes.webhooks import FakeDeliveryStore

SLOT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWICE_A_DAY = "0 0 */12 * * *"
PAGE, CONNECTIONS = 4, 18


class World:
    """What a fan-out meets: connections, slots and a queue, at noon."""

    def __init__(self, connections: FakeConnectionStore | None = None, timer: str = TWICE_A_DAY) -> None:
        self.connections = connections or FakeConnectionStore(PAGE)
        self.clock, self.slots, self.timer = FakeClock(SLOT), FakeSlotStore(), timer
        self.queue = FakeQueue(self.clock)

    def fan_out(self, process: Process | None = None) -> FanOut:
        """A fan-out in a process of its own."""
        port = (process or Process()).port
        return FanOut(
            port(self.connections), port(self.slots), port(self.queue), self.clock, self.timer, HOUR
        )

    async def connect(self, schedule: Schedule, number: int = 0) -> str:
        """Another active connection."""
        added = active("account", f"{number:016x}")
        configured = msgspec.structs.replace(added, configuration=Configuration(schedule=schedule))
        return (await self.connections.add(configured)).value.id

    @property
    def messages(self) -> list[SyncMessage]:
        return [message for message, _ in self.queue.sent if isinstance(message, SyncMessage)]


@pytest.fixture
async def world() -> World:
    """Eighteen connected customers in several accounts, some in other states."""
    world = World()
    for number in range(CONNECTIONS):
        await world.connections.add(active(f"account-{number % 5}", f"{number:016x}"))
    for state in ConnectionState:
        if state is not ConnectionState.ACTIVE:
            await world.connections.add(connection("account-0", state=state))
    return world


def sent(world: World) -> Counter[tuple[str, str]]:
    """How many messages each connection got."""
    return Counter((message.account_id, message.connection_id) for message in world.messages)


def one_each(world: World) -> Counter[tuple[str, str]]:
    return Counter((c.account_id, c.id) for c in world.connections.all() if c.state is ConnectionState.ACTIVE)


def daily(at: str, time_zone: str = "America/Los_Angeles") -> Schedule:
    return Schedule(kind=ScheduleKind.DAILY, at=at, time_zone=time_zone)


async def test_every_active_connection_gets_one_message(world: World) -> None:
    """Who says nothing is synced every twelve hours: exactly one, at the connection's place in the slot."""
    assert await world.fan_out().fire() == CONNECTIONS
    assert sent(world) == one_each(world)
    for message, delay in world.queue.sent:
        assert isinstance(message, SyncMessage)
        assert delay == spread_delay(message.connection_id, HOUR)
        assert message.slot == SLOT + delay
        assert message.run_id == slot_run_id(message.connection_id, message.slot, message.slot)


async def test_the_announced_time_is_the_time(world: World) -> None:
    """What a customer reads as the next sync is when its message becomes visible."""
    announced = {c.id: next_due(Schedule(), c.id, HOUR, SLOT) for c in world.connections.all()}
    await world.fan_out().fire()
    for waiting in world.queue.waiting:
        assert isinstance(waiting.message, SyncMessage)
        assert waiting.visible_at == announced[waiting.message.connection_id]


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        (Schedule(hours=6), ["02 12:00", "02 18:00"]),
        (Schedule(hours=5), ["02 14:00", "02 19:00"]),
        (Schedule(hours=24), []),
        (Schedule(hours=168), []),
        (daily("04:00"), ["02 12:00"]),
        (daily("15:59"), ["02 23:59"]),
        (daily("16:00"), []),
        (daily("03:59"), []),
        (daily("20:00", "Asia/Kolkata"), ["02 14:30"]),
    ],
)
async def test_a_connection_gets_a_message_for_each_due_time_before_the_next_slot(
    schedule: Schedule, due: list[str]
) -> None:
    """From this slot on, which is noon, until just before midnight."""
    world = World()
    delay = spread_delay(await world.connect(schedule), HOUR)
    assert await world.fan_out().fire() == len(due)
    if schedule.kind is ScheduleKind.DAILY:
        delay = timedelta(0)
    assert [f"{message.slot - delay:%d %H:%M}" for message in world.messages if message.slot] == due
    assert [waiting.visible_at for waiting in world.queue.waiting] == [m.slot for m in world.messages]


async def test_slot_after_slot_has_every_due_time_once() -> None:
    """A week of fan-outs, across the day on which Los Angeles changes its clocks."""
    world = World()
    schedules = [Schedule(hours=1), Schedule(hours=7), Schedule(hours=100), daily("02:30"), daily("16:00")]
    ids = [await world.connect(schedule, number) for number, schedule in enumerate(schedules)]
    for _ in range(14):
        await world.fan_out().fire()
        world.clock.advance(12 * HOUR)
    for connection_id, schedule in zip(ids, schedules, strict=True):
        found = [message.slot for message in world.messages if message.connection_id == connection_id]
        assert found == due_times(schedule, connection_id, HOUR, SLOT, SLOT + timedelta(days=7))
    assert len({message.run_id for message in world.messages}) == len(world.messages)


async def test_who_has_nothing_due_costs_nothing() -> None:
    """Not one call to the queue, and the slot is done."""
    world, process = World(), Process()
    for number in range(10):
        await world.connect(daily("01:00"), number)
    assert await world.fan_out(process).fire() == 0
    assert not [call for call in process.calls if call.startswith("FakeQueue")]
    assert [slot.done for slot, _ in world.slots.slots.values()] == [True]


async def test_no_message_waits_longer_than_a_queue_lets_it() -> None:
    """Seven days, also where the timer fires once a month only."""
    world = World(timer="0 0 12 2 * *")
    connection_id = await world.connect(Schedule(hours=1))
    await world.fan_out().fire()
    found = [message.slot for message in world.messages]
    assert found == due_times(Schedule(hours=1), connection_id, HOUR, SLOT, SLOT + LONGEST_DELAY)


async def test_a_queue_that_is_down_is_said_to_be_down(world: World) -> None:
    """The error is the queue's own, not a group of as many as there were senders; the slot stays open."""

    async def outage() -> None:
        raise RetryLater.soon("queue_storage_unavailable", "Queue Storage did not answer.")

    process = Process(at=3, action=outage)
    with pytest.raises(RetryLater, match="queue_storage_unavailable"):
        await world.fan_out(process).fire()
    assert process.calls[2] == "FakeQueue.send"
    world.clock.advance(HOUR)
    assert await world.fan_out().resume() > 0


async def test_a_timer_that_fires_twice_sends_nothing_twice(world: World) -> None:
    """Nor does one that fires hours late, after the slot is done."""
    await world.fan_out().fire()
    assert await world.fan_out().fire() == 0
    world.clock.advance(timedelta(hours=11))
    assert await world.fan_out().fire() == 0
    assert sent(world) == one_each(world)


async def test_the_next_slot_is_another_one(world: World) -> None:
    """Twelve hours later everybody gets a message again, for another run."""
    await world.fan_out().fire()
    world.clock.advance(timedelta(hours=12))
    assert await world.fan_out().fire() == CONNECTIONS
    assert len({message.run_id for message in world.messages}) == 2 * CONNECTIONS


@pytest.mark.parametrize("early", [timedelta(milliseconds=1), timedelta(seconds=1)])
async def test_a_timer_that_fires_early_serves_the_slot_it_meant(world: World, early: timedelta) -> None:
    """And the one that fires on time has nothing left to do."""
    world.clock.move_to(SLOT + timedelta(hours=12) - early)
    assert await world.fan_out().fire() == CONNECTIONS
    world.clock.advance(early)
    assert await world.fan_out().fire() == 0


@pytest.mark.parametrize("late", [timedelta(minutes=20), timedelta(hours=5)])
async def test_a_late_timer_takes_the_delay_off(world: World, late: timedelta) -> None:
    """Whose time has gone by starts at once, and is listed there; nobody waits longer than on time."""
    world.clock.advance(late)
    await world.fan_out().fire()
    assert sent(world) == one_each(world)
    for message, delay in world.queue.sent:
        assert isinstance(message, SyncMessage)
        place = spread_delay(message.connection_id, HOUR)
        assert delay == max(place - late, timedelta(0))
        assert message.slot == SLOT + place
        assert message.run_id == slot_run_id(message.connection_id, message.slot, SLOT + late + delay)


async def test_a_late_timer_makes_up_for_several_syncs_with_one() -> None:
    """Five hours late, an hourly connection has one sync at once and then goes on as planned."""
    world = World()
    connection_id = await world.connect(Schedule(hours=1))
    world.clock.advance(5 * HOUR)
    await world.fan_out().fire()
    delays = [delay for _, delay in world.queue.sent]
    place = spread_delay(connection_id, HOUR)
    assert delays == [timedelta(0), *(place + number * HOUR for number in range(7))]


async def test_two_at_once_send_everything_once(world: World) -> None:
    """Two timers on two machines: one of them fans out."""
    results = await asyncio.gather(*(world.fan_out().fire() for _ in range(2)))
    assert sorted(results) == [0, CONNECTIONS]
    assert sent(world) == one_each(world)


async def test_one_that_dies_is_taken_up_where_it_was(world: World) -> None:
    """Killed at any call: resumed, everybody has a message, and at most one page's went out twice."""
    process = Process()
    await world.fan_out(process).fire()
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            fresh, killed = World(world.connections), Process(at, after=after)
            await _until_killed(fresh.fan_out(killed))
            assert not killed.alive
            assert await fresh.fan_out().resume() == 0, "not while its lease lasts"
            fresh.clock.advance(timedelta(minutes=2))
            fan_out = fresh.fan_out()
            tidy = Housekeeping(
                FakeOneTimeStore(), fan_out, FakeEventStore(fresh.clock), FakeDeliveryStore(), fresh.clock
            ).tidy
            await (tidy() if fresh.slots.slots else fan_out.fire())
            twice = {key for key, number in sent(fresh).items() if number > 1}
            where = f"{'after' if after else 'before'} {at} {call}"
            if sent(fresh).keys() != one_each(fresh).keys():
                wrong.append(f"{where}: somebody got no message")
            if len(twice) > PAGE or max(sent(fresh).values()) > 2:
                wrong.append(f"{where}: {len(twice)} got several")
            if len({message.run_id for message in fresh.messages}) != CONNECTIONS:
                wrong.append(f"{where}: several runs for one slot")
            if await fan_out.resume() or await fan_out.fire():
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
        await world.fan_out().resume()

    process = Process(at=3 + PAGE, action=somebody_else)
    await world.fan_out(process).fire()
    assert sent(world).keys() == one_each(world).keys()
    assert sum(sent(world).values()) <= CONNECTIONS + PAGE


async def test_a_slot_without_connections_is_done() -> None:
    """Nobody is connected: nothing is sent, and nothing is left to finish."""
    world = World()
    assert await world.fan_out().fire() == 0
    world.clock.advance(timedelta(minutes=5))
    assert await world.fan_out().resume() == 0
    assert await world.slots.unfinished(world.clock.now()) == []
    assert all(slot.done for slot, _ in world.slots.slots.values())


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

    async def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        for start in range(int(after or 0), self.total, self.size):
            end = start + self.size
            ids = [ConnectionId(f"{number:016x}") for number in range(start, end)]
            self.alive.update(ids)
            self.most = max(self.most, len(self.alive))
            found = tuple(ScheduledConnection("account", one) for one in ids)
            yield Page(found, str(end) if end < self.total else None)


class CountingQueue:
    """Counts messages and keeps none."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        self.count += 1


async def test_memory_does_not_grow_with_the_connections() -> None:
    """A hundred thousand connections take no more memory than a few pages of them."""
    queue, crowd = CountingQueue(), Crowd()
    fan_out = FanOut(crowd, FakeSlotStore(), queue, FakeClock(SLOT), TWICE_A_DAY, HOUR)
    assert await fan_out.fire() == queue.count == Crowd.total
    assert crowd.most <= 3 * Crowd.size


async def test_a_slots_progress_is_kept(world: World) -> None:
    """After a page it says how many messages were sent and where to go on."""
    process = Process(at=2 + PAGE + 2, after=False)
    await _until_killed(world.fan_out(process))
    ((slot, _),) = world.slots.slots.values()
    assert (slot.done, slot.sent % PAGE) == (False, 0)
    assert msgspec.structs.replace(slot, sent=0).slot == SLOT
