"""Failing, waiting and giving up survive being killed, too."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.core.connection import ConnectionState
from shared.core.errors import OperatorError, RetryLater
from shared.core.run import RunState
from tests.fakes import Process, World
from tests.property.scenarios import CUSTOMER, FIRST_IMPORT, MESSAGE, the_tenant


def withdraw(world: World) -> None:
    the_tenant(world).consented = False


def expire(world: World) -> None:
    error = OperatorError("credential_expired", "Our secret has expired.", "Rotate it.")
    the_tenant(world).fail_next(*[error] * 50)


def throttle(world: World) -> None:
    the_tenant(world).fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(minutes=7)))


async def _end(world: World) -> tuple[object, ...]:
    run, connection = await world.runs.get(MESSAGE.run_id), await world.connection(CUSTOMER)
    assert run is not None
    error = run.error.code if run.error else None
    counted = run.counts if run.state is RunState.SUCCEEDED else None
    return (
        (run.state, error, counted),
        (connection.state, connection.reason, connection.last_run, connection.current_run),
        connection.lease_owner,
        world.contacts.contacts(CUSTOMER.connection_id),
    )


@pytest.mark.parametrize(
    ("trouble", "state", "connection_state"),
    [
        (withdraw, RunState.FAILED, ConnectionState.ACTION_REQUIRED),
        (expire, RunState.FAILED, ConnectionState.ACTIVE),
        (throttle, RunState.SUCCEEDED, ConnectionState.ACTIVE),
    ],
)
async def test_killed_while_failing_it_fails_the_same(
    trouble: Callable[[World], None], state: RunState, connection_state: ConnectionState
) -> None:
    """Killed at any call of a run that meets trouble, run and connection end as if nobody had been killed."""
    world = await FIRST_IMPORT.world()
    trouble(world)
    process = Process()
    app = world.start_app(process)
    await world.drain(lambda: app)
    expected = await _end(world)
    assert (expected[0][0], expected[1][0]) == (state, connection_state)  # type: ignore[index]
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            world = await FIRST_IMPORT.world()
            trouble(world)
            killed = Process(at, after=after)
            app = world.start_app(killed)
            await world.drain(lambda app=app, killed=killed, world=world: app if killed.alive else world.app)  # type: ignore[misc]
            found = await _end(world)
            if found != expected:
                wrong.append(f"{'after' if after else 'before'} {at} {call}: {found}")
    assert not wrong, "\n".join(wrong)
