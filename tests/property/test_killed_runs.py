"""A run that is killed anywhere, or doubled, and delivered again ends like one that was not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.bootstrap import App
from shared.core.run import RunState
from tests.fakes import Process, ProcessKilled, World
from tests.property.scenarios import (
    CHANGES,
    CONNECTION,
    CUSTOMER,
    MESSAGE,
    SCENARIOS,
    EndState,
    Scenario,
    end_state,
    the_tenant,
)

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


async def clean(scenario: Scenario) -> tuple[EndState, list[str], int]:
    """The end of an undisturbed run, every call it made, and how many contacts it wrote."""
    world = await scenario.world()
    process = scenario.process(world)
    app = world.start_app(process)
    await world.drain(lambda: app)
    return await end_state(world), process.calls, len(world.contacts.applied)


def until_killed(scenario: Scenario, world: World, process: Process) -> Callable[[], App]:
    """The process as long as it lives, then a fresh one for every delivery."""
    app = world.start_app(process)
    return lambda: app if process.alive else world.start_app(scenario.process(world))


async def difference(world: World, expected: EndState, where: str, *, lease_lost: bool = False) -> list[str]:
    """One line for each part of the end that is not as expected.

    `lease_lost`: a worker that comes to itself after another one has finished may write its old view of
    the run over the record, which the redelivery then completes from what there is to read by then; and
    leave a mirror that goes with the next one.
    """
    if world.poison:
        return [f"{where}: given up"]
    found, wanted = (_flat(state) for state in (await end_state(world), expected))
    names = found.keys() | wanted.keys()
    if lease_lost:
        names -= {"mirrors", "run.read_mode", "run.full_reason", "run.counts.kept"}
    return [
        f"{where}: {name} is {found.get(name)!r}, expected {wanted.get(name)!r}"
        for name in sorted(names)
        if found.get(name) != wanted.get(name)
    ]


def _flat(state: EndState) -> dict[str, object]:
    """The state with the parts of connection and run apart, so that a difference can be read."""
    parts = {name: getattr(state, name) for name in EndState.__struct_fields__}
    for name in ("connection", "run", "run.counts"):
        struct = parts.pop(name)
        parts |= {f"{name}.{field}": getattr(struct, field) for field in struct.__struct_fields__}
    return parts


@each_scenario
async def test_a_clean_run_does_its_work(scenario: Scenario) -> None:
    """The run that the killed ones are compared with succeeds, and its counts add up."""
    state, calls, _ = await clean(scenario)
    assert state.run.state is RunState.SUCCEEDED
    assert state.run.counts.add_up
    assert state.run.counts.users_read == len(state.mirror) > 0
    assert len(calls) > 8


@each_scenario
async def test_killed_at_any_call_it_ends_the_same(scenario: Scenario) -> None:
    """Killed before or after the effect of any call, the redelivered run ends like a clean one."""
    expected, calls, _ = await clean(scenario)
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            world = await scenario.world()
            process = scenario.process(world, at, after=after)
            await world.drain(until_killed(scenario, world, process))
            assert not process.alive
            wrong += await difference(world, expected, f"{'after' if after else 'before'} {at} {call}")
    assert not wrong, "\n".join(wrong)


@each_scenario
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
        await world.drain(until_killed(scenario, world, process))
        wrong += await difference(world, expected, f"contact {at}")
    assert not wrong, "\n".join(wrong)


async def test_killed_twice_it_ends_the_same() -> None:
    """Killed at any call, and at any call of the second attempt again, the run ends like a clean one."""
    expected, calls, _ = await clean(CHANGES)
    wrong: list[str] = []
    for first in range(1, len(calls) + 1):
        for second in range(1, len(calls) + 1, 2):
            world = await CHANGES.world()
            processes = [CHANGES.process(world, first, after=True), CHANGES.process(world, second)]
            apps = [world.start_app(process) for process in processes]

            def alive(
                apps: list[App] = apps, processes: list[Process] = processes, world: World = world
            ) -> App:
                living = [app for app, process in zip(apps, processes, strict=True) if process.alive]
                return living[0] if living else world.start_app()

            await world.drain(alive)
            wrong += await difference(world, expected, f"{first}, then {second}")
    assert not wrong, "\n".join(wrong)


@each_scenario
@pytest.mark.parametrize("stall", [timedelta(0), timedelta(minutes=2)], ids=["lease holds", "lease lost"])
async def test_a_second_delivery_at_any_call_changes_nothing(scenario: Scenario, stall: timedelta) -> None:
    """The same message handled by another worker while the first one stalls: the end is that of one run."""
    expected, calls, _ = await clean(scenario)
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            world = await scenario.world()

            async def other_worker(world: World = world) -> None:
                world.clock.advance(stall)
                await world.deliver(MESSAGE, world.start_app(scenario.process(world)))

            process = Process(at, after=after, action=other_worker, tick=scenario.ticker(world))
            app = world.start_app(process)
            await world.drain(lambda app=app: app)  # type: ignore[misc]
            where = f"{'after' if after else 'before'} {at} {call}"
            wrong += await difference(world, expected, where, lease_lost=bool(stall))
    assert not wrong, "\n".join(wrong)


@each_scenario
async def test_nothing_is_lost_when_the_directory_moves_on_under_a_stalled_worker(scenario: Scenario) -> None:
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
        world.clock.advance(timedelta(minutes=2))
        tenant.hire("new")
        tenant.change("ada", job_title="Promoted")
        tenant.remove("bob")
        await world.deliver(MESSAGE)

    process = Process(at, after=after, action=other_worker, tick=scenario.ticker(world))
    app = world.start_app(process)
    await world.drain(lambda: app)
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
