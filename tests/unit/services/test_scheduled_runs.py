"""The schedule as a customer sees it: connect, wait, pause, change; and the runs that come of it."""

import logging
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import Conflict, RetryLater
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.core.schedule import due_times
from tests.fakes import TENANT, Process, World

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = Schedule(hours=1)
DAILY = Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="America/Los_Angeles")


@pytest.fixture
def world() -> World:
    return World()


async def newcomer(world: World) -> Customer:
    """A customer whose place after the hour is known: 8 minutes and 27 seconds."""
    customer = msgspec.structs.replace(await world.customer(), connection_id="c0c0c0c0c0c0c0c0")
    await world.customers.put(customer)
    return customer


async def connected(world: World, schedule: Schedule = HOURLY) -> Customer:
    """A customer with one person, connected at midnight and configured before anything runs."""
    customer = await newcomer(world)
    await world.connect(world.tenant(TENANT, "ada"), customer)
    await configure(world, customer, schedule)
    return customer


async def configure(world: World, customer: Customer, schedule: Schedule) -> Connection:
    version = (await world.connection(customer)).configuration_version
    return await world.app.customers.configure(customer, Configuration(schedule=schedule), version)


async def live(world: World, until: datetime) -> None:
    """Let time pass: the timer fires at its slots, and messages are delivered when they become visible."""
    slot = world.clock.now().replace(hour=0 if world.clock.now().hour < 12 else 12, minute=0, second=0)
    while slot < until:
        slot = min(slot + 12 * HOUR, until)
        await world.drain(until=slot)
        world.clock.move_to(slot)
        if slot < until:
            await world.app.fan_out.fire()


async def first_message(world: World) -> SyncMessage:
    """The first message of the schedule, when it becomes visible."""
    while not isinstance(message := world.queue.take(), SyncMessage):
        assert message is not None
        await world.deliver(message)
    return message


def scheduled(world: World) -> list[Run]:
    """The runs of the schedule, in the order in which they were due."""
    runs = [run for run in world.runs.all() if run.trigger is Trigger.SCHEDULE]
    return sorted(runs, key=lambda run: run.slot or MIDNIGHT)


@pytest.mark.parametrize("schedule", [HOURLY, Schedule(), Schedule(hours=50), DAILY])
async def test_every_due_time_is_one_run_at_that_time(world: World, schedule: Schedule) -> None:
    """From the moment of connecting on, through several slots of the timer."""
    customer = await connected(world, schedule)
    began = world.clock.now()
    await live(world, MIDNIGHT + 3 * DAY)
    due = due_times(schedule, customer.connection_id, HOUR, began, MIDNIGHT + 3 * DAY)
    runs = scheduled(world)
    assert [run.slot for run in runs] == due
    assert [run.started_at for run in runs] == due
    assert {run.state for run in runs} == {RunState.SUCCEEDED}


async def test_messages_that_are_there_twice_are_one_run(world: World) -> None:
    """Reconnected, configured to and fro, paused and resumed: each due time is still one run."""
    customer = await connected(world)
    for schedule in (Schedule(), HOURLY, DAILY, HOURLY):
        await configure(world, customer, schedule)
    await world.app.pausing.pause(customer)
    await world.app.pausing.resume(customer)
    await live(world, MIDNIGHT + 12 * HOUR)
    due = due_times(HOURLY, customer.connection_id, HOUR, MIDNIGHT, MIDNIGHT + 12 * HOUR)
    assert [run.slot for run in scheduled(world)] == due
    assert {(run.state, run.resumes) for run in scheduled(world)} == {(RunState.SUCCEEDED, 0)}


async def test_a_reconnected_customer_is_synced_before_the_next_slot(world: World) -> None:
    """The consent was withdrawn and given again between two slots."""
    customer = await connected(world)
    tenant = world.directories.tenants[TENANT]
    tenant.consented = False
    await world.drain(until=MIDNIGHT + 4 * HOUR)
    assert (await world.connection(customer)).state is ConnectionState.ACTION_REQUIRED
    world.queue.waiting.clear()
    world.clock.move_to(MIDNIGHT + 5 * HOUR)
    tenant.consented = True
    await world.connect(tenant, customer)
    before = {run.id for run in scheduled(world)}
    await live(world, MIDNIGHT + 12 * HOUR)
    due = due_times(HOURLY, customer.connection_id, HOUR, MIDNIGHT + 5 * HOUR, MIDNIGHT + 12 * HOUR)
    assert [run.slot for run in scheduled(world) if run.id not in before] == due


async def test_a_consent_is_proven_only_when_its_messages_are_sent(world: World) -> None:
    """The queue is down while a connection becomes active: the proof comes again, and nothing is missing."""

    async def outage() -> None:
        raise RetryLater.soon("queue_storage_unavailable", "Queue Storage did not answer.")

    watched, other = Process(), World()
    tenant, customer = other.tenant(TENANT, "ada"), await newcomer(other)
    other.app = other.start_app(watched)
    await other.connect(tenant, customer)
    plan = max(number for number, call in enumerate(watched.calls, start=1) if call == "FakeQueue.send")

    tenant, customer = world.tenant(TENANT, "ada"), await newcomer(world)
    world.app = world.start_app(Process(plan, action=outage))
    assert (await world.connect(tenant, customer)).state is ConnectionState.VALIDATING
    await world.drain(until=MIDNIGHT + timedelta(minutes=5))
    assert (await world.connection(customer)).state is ConnectionState.ACTIVE
    await live(world, MIDNIGHT + 12 * HOUR)
    assert len(scheduled(world)) == 1


async def test_what_is_no_longer_in_the_schedule_does_not_happen(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Messages of the old schedule are dropped when they come, and say so in the log."""
    caplog.set_level(logging.INFO, "tenantry")
    customer = await connected(world)
    await configure(world, customer, DAILY)
    waiting = sum(isinstance(waiting.message, SyncMessage) for waiting in world.queue.waiting)
    await live(world, MIDNIGHT + 12 * HOUR)
    assert [run.slot for run in scheduled(world)] == [MIDNIGHT + 9 * HOUR]
    assert caplog.text.count("sync.ignored") == caplog.text.count("reason=not_due") == waiting - 1


async def test_nothing_is_synced_during_a_pause(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Messages that come are dropped; the fan-out sends none; on demand it is refused, in words that help."""
    caplog.set_level(logging.INFO, "tenantry")
    customer = await connected(world)
    await world.drain(until=MIDNIGHT + 2 * HOUR)
    before = [run.id for run in scheduled(world)]
    paused = await world.app.pausing.pause(customer)
    assert world.app.customers.next_sync(paused) is None
    await live(world, MIDNIGHT + 3 * DAY)
    assert [run.id for run in scheduled(world)] == before
    assert caplog.text.count("reason=not_due") == 12 - len(before)
    with pytest.raises(Conflict, match="connection_not_active") as refused:
        await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert "is paused" in refused.value.title
    assert "Resume" in refused.value.detail


async def test_after_a_pause_what_happened_meanwhile_is_caught_up_with(world: World) -> None:
    """At the next due time, with a full read where the pause was a long one."""
    customer = await connected(world)
    await world.drain(until=MIDNIGHT + 2 * HOUR)
    await world.app.pausing.pause(customer)
    await live(world, MIDNIGHT + 6 * DAY + 3 * HOUR)
    world.directories.tenants[TENANT].hire("bob")
    resumed = await world.app.pausing.resume(customer)
    due = world.app.customers.next_sync(resumed)
    await world.drain(until=due)
    newest = scheduled(world)[-1]
    assert (newest.slot, newest.state, newest.counts.created) == (due, RunState.SUCCEEDED, 1)
    assert newest.full_reason == "stale"


async def _reading() -> int:
    """Which of a first sync's calls asks Microsoft Graph for the first time."""
    world, process = World(), Process()
    await connected(world)
    await world.deliver(await first_message(world), world.start_app(process))
    return next(number for number, call in enumerate(process.calls, start=1) if "Directory" in call)


async def test_a_run_that_has_begun_ends_though_its_time_is_no_longer_due(world: World) -> None:
    """The schedule is changed while it waits for Microsoft Graph: it is not left hanging."""

    async def busy() -> None:
        raise RetryLater.soon("graph_unavailable", "Microsoft Graph did not answer.")

    customer = await connected(world)
    message = await first_message(world)
    await world.deliver(message, world.start_app(Process(await _reading(), action=busy)))
    begun = await world.runs.get(message.run_id)
    assert begun is not None
    assert begun.state is RunState.RUNNING
    await configure(world, customer, DAILY)
    await world.drain(until=MIDNIGHT + 2 * HOUR)
    ended = await world.runs.get(message.run_id)
    assert ended is not None
    assert ended.state is RunState.SUCCEEDED


async def test_a_double_delivery_of_a_message_is_one_run(world: World) -> None:
    """The queue delivers at least once."""
    await connected(world, Schedule())
    message = await first_message(world)
    await world.queue.send(message)
    await world.queue.send(message)
    await world.drain(until=MIDNIGHT + 2 * HOUR)
    assert [(run.state.value, run.counts.created) for run in scheduled(world)] == [("succeeded", 1)]
