"""A run that somebody cancels at any call it makes to the outside stays canceled and stops writing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.run import RunKind, RunState
from tests.fakes import Process, World
from tests.property.scenarios import CUSTOMER, LONG, Scenario, on_demand, the_run
from tests.property.situations import APPROVED, HELD_BY_NUMBER
from tests.property.watching import WatchedRuns

ON_DEMAND = on_demand(RunKind.SYNC).id


async def _approved(world: World) -> None:
    await APPROVED.prepare(world)
    run = await the_run(world, ON_DEMAND)
    await world.app.runs.approve(run, run.digest or "")


UNDER_WAY = replace(APPROVED, name="under way after an approval", prepare=_approved, act=None)


@pytest.mark.parametrize("scenario", [LONG, UNDER_WAY, HELD_BY_NUMBER], ids=lambda scenario: scenario.name)
async def test_canceled_at_any_call_a_run_stays_canceled(scenario: Scenario) -> None:
    """Unless it was done already; the worker writes no more than the batch it is at."""
    world = await scenario.world()
    process = scenario.process(world)
    await scenario.play(world, process)
    for at in range(1, len(process.calls) + 1):
        for after in (False, True):
            world = await scenario.world()
            world.runs = watched = await _watched(world)
            canceled = await _cancel_at(scenario, world, at, after=after)
            run, connection = await the_run(world, scenario.run_id), await world.connection(CUSTOMER)
            where = f"{'after' if after else 'before'} {at} {process.calls[at - 1]}"
            assert run.state is (RunState.CANCELED if canceled else scenario.ends), where
            assert (connection.current_run, connection.lease_owner) == (None, None), where
            assert connection.held_run == (run.id if run.state is RunState.HELD else None), where
            assert (watched.wrong_moves, world.poison) == ([], []), where


async def _cancel_at(scenario: Scenario, world: World, at: int, *, after: bool) -> bool:
    """Whether there was anything to cancel at that call."""
    written_then: list[int] = []

    async def cancel() -> None:
        found = await world.runs.get(scenario.run_id)
        if found is not None:
            ended = await world.app.runs.cancel(found)
            if ended.state is RunState.CANCELED:
                written_then.append(len(world.contacts.applied))

    tick = lambda: world.clock.advance(max(scenario.tick, timedelta(seconds=1)))  # noqa: E731
    await scenario.play(world, Process(at, after=after, action=cancel, tick=tick))
    if written_then:
        assert len(world.contacts.applied) <= written_then[0] + scenario.batch_size
    return bool(written_then)


async def _watched(world: World) -> WatchedRuns:
    watched = WatchedRuns()
    for run in world.runs.all():
        await watched.add(run)
    watched.wrong_moves.clear()
    world.runs = watched
    world.app = world.start_app()
    return watched
