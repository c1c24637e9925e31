"""Between two fan-outs: whoever is to be synced from now on, or at other times, has its messages at once."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import RetryLater, VersionConflict
from shared.core.messages import SyncMessage
from shared.core.schedule import due_times, next_due
from shared.services.customers import Customers
from shared.services.fan_out import FanOut
from shared.services.scheduling import Scheduling
from tests.contract.contracts.values import active
from tests.fakes.clock import FakeClock
from tests.fakes.process import Process
from tests.fakes.queue import FakeQueue
from tests.fakes.stores import FakeConnectionStore, FakeCustomerStore, FakeSlotStore

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWICE_A_DAY = "0 0 */12 * * *"
HOURLY, DAILY = Schedule(hours=1), Schedule(kind=ScheduleKind.DAILY, at="13:00", time_zone="Europe/Rome")
CUSTOMER = Customer("customer", "account", "Customer", "c0c0c0c0c0c0c0c0", NOON)


class Scene:
    """One active connection, and the services at noon."""

    def __init__(self, process: Process | None = None) -> None:
        self.clock, self.connections = FakeClock(NOON), FakeConnectionStore()
        self.queue = FakeQueue(self.clock)
        queue = (process or Process()).port(self.queue)
        self.scheduling = Scheduling(queue, self.clock, TWICE_A_DAY, HOUR)
        self.fan_out = FanOut(self.connections, FakeSlotStore(), self.queue, self.clock, TWICE_A_DAY, HOUR)
        self.customers = Customers(FakeCustomerStore(), self.connections, self.clock, self.scheduling)

    async def connect(
        self, schedule: Schedule, state: ConnectionState = ConnectionState.ACTIVE
    ) -> Connection:
        """The customer's connection."""
        added = msgspec.structs.replace(
            active(CUSTOMER.account_id, CUSTOMER.connection_id),
            state=state,
            configuration=Configuration(schedule=schedule),
        )
        return (await self.connections.add(added)).value

    @property
    def messages(self) -> list[SyncMessage]:
        return [message for message, _ in self.queue.sent if isinstance(message, SyncMessage)]

    @property
    def due(self) -> list[datetime | None]:
        return [message.slot for message in self.messages]


@pytest.mark.parametrize("minutes", [0, 7, 30, 400, 719])
async def test_the_messages_until_the_next_slot_are_sent(minutes: int) -> None:
    """Each becomes visible when it is due, and none is for what is over."""
    scene = Scene()
    connection = await scene.connect(HOURLY)
    scene.clock.advance(timedelta(minutes=minutes))
    number = await scene.scheduling.plan_ahead(connection)
    assert scene.due == due_times(HOURLY, connection.id, HOUR, scene.clock.now(), NOON + 12 * HOUR)
    assert [waiting.visible_at for waiting in scene.queue.waiting] == scene.due
    assert number == len(scene.due)


async def test_who_has_nothing_due_before_the_next_slot_gets_nothing() -> None:
    """The next fan-out comes in time."""
    scene = Scene()
    connection = await scene.connect(DAILY)
    scene.clock.advance(timedelta(seconds=1))
    assert await scene.scheduling.plan_ahead(connection) == 0
    assert scene.queue.sent == []


@pytest.mark.parametrize("schedule", [HOURLY, Schedule(), DAILY])
@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=90)])
async def test_whoever_plans_the_same_time_names_the_same_run(schedule: Schedule, later: timedelta) -> None:
    """A fan-out and a plan for one connection, before it or after it: the run happens once."""
    scene = Scene()
    connection = await scene.connect(schedule)
    await scene.scheduling.plan_ahead(connection)
    planned = {message.slot: message.run_id for message in scene.messages}
    await scene.fan_out.fire()
    scene.clock.advance(later)
    await scene.scheduling.plan_ahead(connection)
    assert planned
    assert {(message.slot, message.run_id) for message in scene.messages} == set(planned.items())


@pytest.mark.parametrize("early", [timedelta(0), timedelta(milliseconds=1), timedelta(seconds=1)])
async def test_who_comes_while_the_timer_fires_early_is_not_forgotten(early: timedelta) -> None:
    """A fan-out that has begun already does not see it, so its messages reach until the slot after that."""
    scene = Scene()
    scene.clock.move_to(NOON + 12 * HOUR - early)
    await scene.fan_out.fire()
    connection = await scene.connect(HOURLY)
    await scene.scheduling.plan_ahead(connection)
    assert scene.due == due_times(HOURLY, connection.id, HOUR, scene.clock.now(), NOON + 24 * HOUR)


@pytest.mark.parametrize("state", list(ConnectionState))
async def test_nothing_is_planned_for_what_is_far_from_being_synced(state: ConnectionState) -> None:
    """It is for those that are synced, paused, or about to be proven."""
    scene = Scene()
    connection = await scene.connect(HOURLY, state)
    near = {ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.VALIDATING}
    assert (await scene.scheduling.plan_ahead(connection) > 0) == (state in near)


@pytest.mark.parametrize("state", list(ConnectionState))
@pytest.mark.parametrize("schedule", [HOURLY, Schedule(), Schedule(hours=168), DAILY])
async def test_the_next_sync_is_the_next_due_time(schedule: Schedule, state: ConnectionState) -> None:
    """However far away; and there is none unless the connection is active."""
    scene = Scene()
    connection = await scene.connect(schedule, state)
    due = next_due(schedule, connection.id, HOUR, NOON)
    assert scene.customers.next_sync(connection) == (due if state is ConnectionState.ACTIVE else None)


async def test_another_schedule_counts_at_once() -> None:
    """Its messages are sent; those of the old one find out for themselves."""
    scene = Scene()
    connection = await scene.connect(Schedule())
    scene.clock.advance(timedelta(minutes=90))
    configured = await scene.customers.configure(CUSTOMER, Configuration(schedule=HOURLY), 1)
    assert configured.configuration.schedule == HOURLY
    assert scene.due == due_times(HOURLY, connection.id, HOUR, scene.clock.now(), NOON + 12 * HOUR)
    assert scene.customers.next_sync(configured) == scene.due[0]


async def test_another_policy_sends_nothing() -> None:
    """Nor does the same schedule, said again."""
    scene = Scene()
    await scene.connect(HOURLY)
    await scene.customers.configure(CUSTOMER, Configuration(schedule=Schedule(hours=1), enrichments=()), 1)
    assert scene.queue.sent == []


async def test_a_configuration_that_is_refused_sends_nothing() -> None:
    """Somebody else was quicker."""
    scene = Scene()
    await scene.connect(Schedule())
    with pytest.raises(VersionConflict):
        await scene.customers.configure(CUSTOMER, Configuration(schedule=HOURLY), 2)
    assert scene.queue.sent == []


async def test_a_schedule_whose_messages_cannot_be_sent_does_not_count() -> None:
    """The queue is down: nothing is changed, so that asking again changes it."""

    async def outage() -> None:
        raise RetryLater.soon("queue_storage_unavailable", "Queue Storage did not answer.")

    scene = Scene(Process(at=3, action=outage))
    await scene.connect(Schedule())
    with pytest.raises(RetryLater):
        await scene.customers.configure(CUSTOMER, Configuration(schedule=HOURLY), 1)
    stored = await scene.customers.connection(CUSTOMER)
    assert stored.value.configuration.schedule == Schedule()
    await scene.customers.configure(CUSTOMER, Configuration(schedule=HOURLY), 1)
    assert len(set(scene.due)) == 12
