"""The operator's brake: nothing is written while it is on, and nobody's own pause is touched."""

from datetime import timedelta

from shared.core.brake import Brake
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunKind, RunState, Trigger, slot_run_id
from shared.services.brakes import LOOK_EVERY
from tests.fakes import ACCOUNT, World
from tests.fakes.process import Process

PEOPLE = ("ada", "ben")
LONG_ENOUGH = timedelta(seconds=LOOK_EVERY)


async def asked(world: World, customer: Customer) -> Run:
    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    return run


async def brake(world: World, account_id: str | None = None) -> None:
    await world.brakes.put(Brake(world.clock.now(), account_id))
    world.clock.advance(LONG_ENOUGH)


async def test_a_run_that_is_asked_for_ends_with_the_reason_and_writes_nothing() -> None:
    """Whoever asked sees who stopped it; the connection is free for the next one."""
    world = World()
    customer, _ = await world.connected(*PEOPLE)
    await brake(world)
    run = await asked(world, customer)
    await world.drain()
    found = await world.app.runs.get(ACCOUNT, run.id)
    assert (found.state, found.error and found.error.code) == (RunState.CANCELED, "syncs_stopped")
    assert world.contacts.contacts(customer.connection_id) == []
    connection = await world.connection(customer)
    assert (connection.state, connection.current_run) == (ConnectionState.ACTIVE, None)


async def test_a_scheduled_sync_leaves_no_trace() -> None:
    """It is as if it had not been due: there is no run, and nothing waits for the brake to be let go."""
    world = World()
    customer, _ = await world.connected(*PEOPLE)
    await brake(world)
    due = world.clock.now()
    run_id = slot_run_id(customer.connection_id, due, due)
    assert await world.deliver(SyncMessage(ACCOUNT, customer.connection_id, run_id, due))
    assert world.runs.all() == []
    assert world.queue.waiting == []


async def test_a_run_at_work_stops_before_its_next_batch() -> None:
    """Within some seconds, and not at its end."""
    world = World(batch_size=1)
    customer, _ = await world.connected(*(f"person-{number}" for number in range(30)))
    await asked(world, customer)

    async def stop() -> None:
        await world.brakes.put(Brake(world.clock.now()))

    process = Process(at=30, action=stop, tick=lambda: world.clock.advance(timedelta(seconds=1)))
    await world.drain(lambda: world.start_app(process))
    written = len(world.contacts.contacts(customer.connection_id))
    assert 0 < written < 30
    (run,) = world.runs.all()
    assert (run.state, run.error and run.error.code) == (RunState.CANCELED, "syncs_stopped")
    connection = await world.connection(customer)
    assert (connection.lease_owner, connection.current_run) == (None, None)
    await world.brakes.release(None)
    world.clock.advance(LONG_ENOUGH)
    assert (await world.sync(customer)).state is RunState.SUCCEEDED
    assert len(world.contacts.contacts(customer.connection_id)) == 30


async def test_a_brake_of_one_account_stops_nobody_else() -> None:
    """It is looked for by the account of the message."""
    world = World()
    customer, _ = await world.connected(*PEOPLE)
    await brake(world, "another")
    assert (await world.sync(customer)).state is RunState.SUCCEEDED
    await brake(world, ACCOUNT)
    assert (await world.sync(customer)).state is RunState.CANCELED


async def test_letting_go_wakes_nobody_who_was_paused() -> None:
    """A brake changes no connection, so there is nothing to put back."""
    world = World()
    customer, _ = await world.connected(*PEOPLE)
    paused = await world.app.pausing.pause(customer)
    await brake(world)
    await world.brakes.release(None)
    assert await world.connection(customer) == paused


async def test_a_held_run_waits_on() -> None:
    """The message that looks whether it has expired writes no contact."""
    world = World()
    everybody = [f"person-{number}" for number in range(10)]
    customer, tenant = await world.connected(*everybody)
    await world.sync(customer)
    for person in everybody[:7]:
        tenant.change(person, enabled=False)
    held = await asked(world, customer)
    message = world.queue.take()
    assert message is not None
    await world.deliver(message)
    await brake(world)
    assert await world.deliver(SyncMessage(ACCOUNT, customer.connection_id, held.id))
    found = await world.app.runs.get(ACCOUNT, held.id)
    assert found.state is RunState.HELD


async def test_one_look_serves_many_runs() -> None:
    """A busy worker asks storage every eight seconds, however many runs it has."""
    world = World()
    customer, _ = await world.connected(*PEOPLE)
    process = Process()
    app = world.start_app(process)
    for _ in range(3):
        await asked(world, customer)
        await world.drain(lambda: app)
    assert process.calls.count("FakeBrakes.all") == 1
