"""A run that is killed anywhere, or doubled, and delivered again ends like one that was not."""

from datetime import timedelta

import pytest

from shared.core.run import RunState
from tests.fakes import Process, ProcessKilled, World
from tests.property.scenarios import (
    CHANGES,
    CONNECTION,
    CUSTOMER,
    SCENARIOS,
    Scenario,
    State,
    end_state,
    the_run,
    the_tenant,
)
from tests.property.situations import (
    CANCELED_QUEUED,
    DECIDED,
    HELD,
    LONG_APPROVAL,
    ONE_USER,
    POLICIES,
    PREVIEWS,
)

EVERYTHING = [*SCENARIOS, *POLICIES, *HELD, *DECIDED, *ONE_USER, *PREVIEWS]
STALLED = timedelta(minutes=2)
"""For so long no lease lasts."""


def each(scenarios: list[Scenario]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", scenarios, ids=lambda scenario: scenario.name)


async def clean(scenario: Scenario) -> tuple[State, list[str], int]:
    """The end of an undisturbed run, every call it made, and how many contacts it wrote."""
    world = await scenario.world()
    process = scenario.process(world)
    await scenario.play(world, process)
    return await end_state(world), process.calls, len(world.contacts.applied)


async def difference(
    scenario: Scenario, world: World, expected: State, where: str, *, lease_lost: bool = False
) -> list[str]:
    """One line for each part of the end that is not as expected.

    A run that does not commit, and a worker that lost its lease, may leave a mirror that nobody knows of;
    it goes with the next commit.
    """
    found = await end_state(world)
    names = found.keys() | expected.keys()
    if lease_lost or scenario.ends is not RunState.SUCCEEDED:
        names -= {"mirrors"}
    return [
        f"{where}: {name} is {found.get(name)!r}, expected {expected.get(name)!r}"
        for name in sorted(names)
        if found.get(name) != expected.get(name)
    ]


@each(EVERYTHING)
async def test_a_clean_run_does_its_work(scenario: Scenario) -> None:
    """The run that the killed ones are compared with ends as it should, and its counts add up."""
    world = await scenario.world()
    process = scenario.process(world)
    await scenario.play(world, process)
    run = await the_run(world, scenario.run_id)
    assert run.state is scenario.ends
    assert run.state is not RunState.SUCCEEDED or run.counts.add_up
    assert len(process.calls) > 3
    assert world.poison == []


@each(EVERYTHING)
async def test_killed_at_any_call_it_ends_the_same(scenario: Scenario) -> None:
    """Killed before or after the effect of any call, the redelivered run ends like a clean one."""
    expected, calls, _ = await clean(scenario)
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            world = await scenario.world()
            process = scenario.process(world, at, after=after)
            await scenario.play(world, process)
            assert not process.alive
            wrong += await difference(
                scenario, world, expected, f"{'after' if after else 'before'} {at} {call}"
            )
    assert not wrong, "\n".join(wrong)


@each(EVERYTHING)
async def test_killed_inside_a_batch_it_ends_the_same(scenario: Scenario) -> None:
    """Killed between any two contacts of a batch, the redelivered run ends like a clean one."""
    expected, _, writes = await clean(scenario)
    wrong: list[str] = []
    for at in range(1, writes + 1):
        world = await scenario.world()
        process = scenario.process(world)

        def die(number: int, at: int = at, process: Process = process) -> None:
            if number == at and process.alive:
                process.alive = False
                raise ProcessKilled

        world.contacts.on_write = die
        await scenario.play(world, process)
        wrong += await difference(scenario, world, expected, f"contact {at}")
    assert not wrong, "\n".join(wrong)


@each([CHANGES, LONG_APPROVAL])
async def test_killed_twice_it_ends_the_same(scenario: Scenario) -> None:
    """Killed at any call, and at many a call of the second attempt again, the run ends like a clean one."""
    expected, calls, _ = await clean(scenario)
    wrong: list[str] = []
    step = 1 + len(calls) // 20
    for first in range(1, len(calls) + 1, step):
        for second in range(1, len(calls) + 1, 2 * step):
            world = await scenario.world()
            again = scenario.process(world, second)
            await scenario.play(world, scenario.process(world, first, after=True), again)
            wrong += await difference(scenario, world, expected, f"{first}, then {second}")
    assert not wrong, "\n".join(wrong)


@each([scenario for scenario in EVERYTHING if scenario is not CANCELED_QUEUED])
@pytest.mark.parametrize("stall", [timedelta(0), STALLED], ids=["lease holds", "lease lost"])
async def test_a_second_delivery_at_any_call_changes_nothing(scenario: Scenario, stall: timedelta) -> None:
    """The same message handled by another worker while the first one stalls: the end is that of one run."""
    expected, calls, _ = await clean(scenario)
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            world = await scenario.world()

            async def other_worker(world: World = world) -> None:
                world.clock.advance(stall)
                await world.deliver(scenario.message, world.start_app(scenario.process(world)))

            process = Process(at, after=after, action=other_worker, tick=scenario.ticker(world))
            await scenario.play(world, process)
            where = f"{'after' if after else 'before'} {at} {call}"
            wrong += await difference(scenario, world, expected, where, lease_lost=bool(stall))
    assert not wrong, "\n".join(wrong)


@each(SCENARIOS)
async def test_nothing_is_lost_when_the_directory_moves_on_under_a_stalled_worker(
    scenario: Scenario,
) -> None:
    """A worker that stalls until another one has read more spoils neither mirror nor delta link."""
    _, calls, _ = await clean(scenario)
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            world = await scenario.world()
            await _move_on_while_stalled(scenario, world, at, after=after)
            where = f"{'after' if after else 'before'} {at} {call}"
            wrong += await _out_of_step(world, where)
    assert not wrong, "\n".join(wrong)


async def _move_on_while_stalled(scenario: Scenario, world: World, at: int, *, after: bool) -> None:
    tenant = the_tenant(world)

    async def other_worker() -> None:
        world.clock.advance(STALLED)
        tenant.hire("new")
        tenant.change("ada", job_title="Promoted")
        tenant.remove("bob")
        await world.deliver(scenario.message)

    process = Process(at, after=after, action=other_worker, tick=scenario.ticker(world))
    await scenario.play(world, process)
    await world.sync(CUSTOMER)


async def _out_of_step(world: World, where: str) -> list[str]:
    """What a quiet sync leaves different from the directory as it is."""
    tenant, connection = the_tenant(world), await world.connection(CUSTOMER)
    mirror = await world.mirrors.load(CONNECTION, connection.mirror or "")
    runs = {run.id: run.state for run in world.runs.all() if run.state is not RunState.SUCCEEDED}
    linked = {contact.object_id: contact.fields for contact in world.contacts.contacts(CONNECTION)}
    wrong = {
        "mirror missing": mirror is None,
        "mirror": mirror is not None and mirror.users != tenant.users,
        "delta link": connection.delta_link != tenant.link(),
        "contacts": "new" not in linked or linked["ada"].job_title != "Promoted",
        "runs": bool(runs),
    }
    return [f"{where}: {name}" for name, is_wrong in wrong.items() if is_wrong]
