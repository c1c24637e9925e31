"""An import that is killed anywhere, or asked for twice, begins one run with one configuration."""

from contextlib import suppress
from datetime import timedelta

import pytest

from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import SetupChanged
from shared.core.run import RunState, Trigger
from tests.fakes import TENANT, Process, ProcessKilled, World

DRAFT = Configuration(leavers=LeaverPolicy.DEACTIVATE)
PEOPLE = ("ada", "bob", "cyd")


async def chosen() -> tuple[World, Customer]:
    """A customer whose setup waits for the last button; the syncs of the schedule are far away."""
    world = World()
    world.clock.advance(timedelta(hours=3))
    customer = await world.customer()
    await world.connect(world.tenant(TENANT, *PEOPLE), customer, set_up=True)
    await world.drain(until=world.clock.now() + timedelta(minutes=1))
    await world.app.setups.save(customer, 1, DRAFT)
    return world, customer


async def press(world: World, customer: Customer, process: Process | None = None) -> None:
    """Somebody presses the button, if it is still there."""
    connection = await world.connection(customer)
    if connection.setup is not None:
        app = world.start_app(process)
        version = connection.configuration_version
        await app.setups.finish(customer, connection.setup.version, version)


async def end(world: World, customer: Customer) -> tuple[Connection, list[str]]:
    """What came of it, after everything that was sent for the next minutes has happened."""
    await world.drain(until=world.clock.now() + timedelta(minutes=5))
    return await world.connection(customer), [run.id for run in world.runs.all()]


async def test_killed_at_any_call_one_run_goes_by_the_draft() -> None:
    """Before or after the effect of any call; where nothing had happened yet the button is still there."""
    world, customer = await chosen()
    clean = Process()
    await press(world, customer, clean)
    assert len(clean.calls) >= 5
    for at, call in enumerate(clean.calls, start=1):
        for after in (False, True):
            world, customer = await chosen()
            process = Process(at, after=after)
            with pytest.raises(ProcessKilled):
                await press(world, customer, process)
            assert not process.alive
            await world.drain(until=world.clock.now() + timedelta(minutes=5))
            await press(world, customer)
            connection, runs = await end(world, customer)
            where = f"{'after' if after else 'before'} {at} {call}"
            assert (connection.configuration, connection.configuration_version) == (DRAFT, 2), where
            assert (connection.setup, len(runs), connection.last_run) == (None, 1, runs[0]), where
            run = await world.runs.get(runs[0])
            assert run is not None
            assert (run.state, run.trigger) == (RunState.SUCCEEDED, Trigger.PORTAL), where
            assert {contact.object_id for contact in world.contacts.contacts(connection.id)} == {*PEOPLE}


async def test_pressed_twice_at_any_moment_it_is_one_run() -> None:
    """While the first press is at any of its calls the second one is made in full."""
    world, customer = await chosen()
    clean = Process()
    await press(world, customer, clean)
    for at, call in enumerate(clean.calls, start=1):
        world, customer = await chosen()

        async def again(world: World = world, customer: Customer = customer) -> None:
            await press(world, customer)

        slow = Process(at, action=again)
        with suppress(SetupChanged):  # which is what the slower one is told
            await press(world, customer, slow)
        connection, runs = await end(world, customer)
        assert (connection.configuration_version, len(runs)) == (2, 1), f"{at} {call}"
        assert world.poison == []
