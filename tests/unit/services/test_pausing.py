"""Pausing a connection and resuming it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Schedule
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import InvalidMove, NotFound, RetryLater
from shared.core.run import FullReason, RunKind
from shared.core.schedule import due_times
from shared.services.pausing import Pausing
from shared.services.reading import full_reason
from shared.services.scheduling import Scheduling
from tests.contract.contracts.values import active
from tests.fakes.clock import FakeClock
from tests.fakes.process import Process
from tests.fakes.queue import FakeQueue
from tests.fakes.stores import FakeConnectionStore

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY = Schedule(hours=1)
CUSTOMER = Customer("customer", "account", "Customer", "c0c0c0c0c0c0c0c0", NOON)


class Scene:
    """One connection, and the service at noon."""

    def __init__(self, process: Process | None = None) -> None:
        self.clock, self.connections = FakeClock(NOON), FakeConnectionStore()
        self.queue = FakeQueue(self.clock)
        queue = (process or Process()).port(self.queue)
        self.scheduling = Scheduling(queue, self.clock, "0 0 */12 * * *", HOUR)
        self.pausing = Pausing(self.connections, self.scheduling, self.clock)

    async def connect(self, **values: object) -> Connection:
        """The customer's connection, active and hourly unless `values` say otherwise."""
        added = msgspec.structs.replace(
            active(CUSTOMER.account_id, CUSTOMER.connection_id),
            configuration=Configuration(schedule=HOURLY),
            **values,
        )
        return (await self.connections.add(added)).value

    async def stored(self) -> Connection:
        """The connection as it is now."""
        found = await self.connections.get(CUSTOMER.account_id, CUSTOMER.connection_id)
        assert found is not None
        return found.value


async def test_a_pause_is_remembered_with_its_beginning() -> None:
    """Nothing else is changed, so that everything can go on as before."""
    scene = Scene()
    before = await scene.connect(delta_link="link", mirror="mirror", read_at=NOON - HOUR)
    paused = await scene.pausing.pause(CUSTOMER)
    assert paused == await scene.stored()
    assert paused == msgspec.structs.replace(before, state=ConnectionState.PAUSED, state_since=NOON)
    assert scene.scheduling.next_sync(paused) is None


async def test_a_run_under_way_loses_the_connection_but_nobody_else_gets_it() -> None:
    """Its worker may be in the middle of a write, so the lease runs out by itself."""
    scene = Scene()
    until = NOON + timedelta(minutes=1)
    await scene.connect(current_run="run", lease_owner="run", lease_until=until, fence=7)
    paused = await scene.pausing.pause(CUSTOMER)
    assert paused.current_run is None
    assert (paused.lease_owner, paused.lease_until, paused.fence) == ("run", until, 7)


async def test_after_a_pause_syncs_are_as_scheduled() -> None:
    """The messages until the timer's next slot are sent at once."""
    scene = Scene()
    await scene.connect()
    await scene.pausing.pause(CUSTOMER)
    scene.clock.advance(DAY + 3 * HOUR)
    resumed = await scene.pausing.resume(CUSTOMER)
    assert resumed == await scene.stored()
    assert (resumed.state, resumed.state_since) == (ConnectionState.ACTIVE, scene.clock.now())
    due = due_times(HOURLY, resumed.id, HOUR, scene.clock.now(), NOON + DAY + 12 * HOUR)
    assert [waiting.visible_at for waiting in scene.queue.waiting] == due
    assert scene.scheduling.next_sync(resumed) == due[0]


async def test_pausing_or_resuming_again_changes_nothing() -> None:
    """Two people press the same button."""
    scene = Scene()
    await scene.connect()
    first = await scene.pausing.pause(CUSTOMER)
    scene.clock.advance(HOUR)
    assert await scene.pausing.pause(CUSTOMER) == first
    resumed = await scene.pausing.resume(CUSTOMER)
    scene.clock.advance(HOUR)
    assert await scene.pausing.resume(CUSTOMER) == resumed


@pytest.mark.parametrize(
    "state", sorted(set(ConnectionState) - {ConnectionState.ACTIVE, ConnectionState.PAUSED})
)
async def test_only_what_is_connected_can_be_paused_or_resumed(state: ConnectionState) -> None:
    """Above all nobody gets past a proof by resuming; the refusal names the state, and sends nothing."""
    scene = Scene()
    before = await scene.connect(state=state)
    for ask in (scene.pausing.pause, scene.pausing.resume):
        with pytest.raises(InvalidMove) as refused:
            await ask(CUSTOMER)
        assert state.value in refused.value.title
    assert await scene.stored() == before
    assert scene.queue.sent == []


async def test_who_was_never_connected_cannot_be_paused() -> None:
    """Nor resumed."""
    scene = Scene()
    for ask in (scene.pausing.pause, scene.pausing.resume):
        with pytest.raises(NotFound):
            await ask(CUSTOMER)


async def test_it_stays_paused_where_its_messages_cannot_be_sent() -> None:
    """The queue is down: asking again resumes it."""

    async def outage() -> None:
        raise RetryLater.soon("queue_storage_unavailable", "Queue Storage did not answer.")

    scene = Scene(Process(at=2, action=outage))
    await scene.connect()
    await scene.pausing.pause(CUSTOMER)
    with pytest.raises(RetryLater):
        await scene.pausing.resume(CUSTOMER)
    assert (await scene.stored()).state is ConnectionState.PAUSED
    assert (await scene.pausing.resume(CUSTOMER)).state is ConnectionState.ACTIVE


@pytest.mark.parametrize(
    ("length", "reason"),
    [(DAY, None), (6 * DAY - HOUR, None), (6 * DAY, FullReason.STALE), (8 * DAY, FullReason.WEEKLY)],
)
async def test_after_a_long_pause_everything_is_read(length: timedelta, reason: FullReason | None) -> None:
    """Microsoft forgets a delta link after a week; six days are taken as one."""
    scene = Scene()
    await scene.connect(delta_link="link", mirror="mirror", read_at=NOON, full_read_at=NOON)
    await scene.pausing.pause(CUSTOMER)
    scene.clock.advance(length)
    resumed = await scene.pausing.resume(CUSTOMER)
    assert full_reason(resumed, RunKind.SYNC, scene.clock.now()) is reason
