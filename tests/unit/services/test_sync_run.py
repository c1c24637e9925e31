"""What a run asks for, writes and logs, besides the plan itself."""

from datetime import timedelta

from shared.core.changes import ChangeKind
from shared.core.run import FullReason, ReadMode, RunKind, RunState
from tests.fakes import FakeConnectionStore, Process, World
from tests.property.scenarios import CHANGES, CUSTOMER, EDITED, FIRST_IMPORT, LONG, MESSAGE, QUIET, the_tenant


async def _calls(scenario_world: World) -> list[str]:
    process = Process()
    app = scenario_world.start_app(process)
    await scenario_world.drain(lambda: app)
    return process.calls


async def test_a_quiet_customer_costs_few_calls() -> None:
    """An unchanged directory: at most ten calls to the outside, ends of lists not counted, nor what a process
    looks up once a minute at the most, nor what the destination knows by itself."""
    world = await QUIET.world()
    looked_up = {"FakeAccountDestinations.get", "FakeDestination.fields"}
    calls = [call for call in await _calls(world) if call not in looked_up]
    ends = calls.count("FakeDirectoryReader.changes_since") + calls.count("FakeDestination.contacts") - 2
    assert len(calls) - ends <= 10
    assert not {"FakeMirrorStore.save", "FakeChangeLog.put", "FakeDestination.apply"} & set(calls)


async def test_what_is_written_is_in_the_log_before() -> None:
    """Every batch is preceded by its chunk, and the connection's place comes last of all."""
    calls = await _calls(await FIRST_IMPORT.world())
    order = [name for name in calls if name in {"FakeChangeLog.put", "FakeDestination.apply"}]
    assert order[:4] == ["FakeChangeLog.put", "FakeDestination.apply"] * 2
    assert calls.index("FakeMirrorStore.save") < calls.index("FakeDestination.apply")
    last_replace = len(calls) - 1 - calls[::-1].index("FakeConnectionStore.replace")
    assert last_replace > len(calls) - 1 - calls[::-1].index("FakeChangeLog.put")


async def test_a_delta_logs_only_whom_it_spoke_of() -> None:
    """People who are left out every day are told once, not every twelve hours."""
    world = await CHANGES.world()
    await world.drain()
    noticed = {line.object_id: line.kind for line in world.changes.all(MESSAGE.run_id) if not line.writes}
    assert noticed == {"gus": ChangeKind.SKIP, "eve": ChangeKind.KEEP, "cyd": ChangeKind.KEEP}
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert run.skipped_by_reason == {"not_in_scope.disabled": 1, "not_in_scope.guest": 1}


async def test_the_log_says_what_was_and_what_is() -> None:
    """Old and new value of every field that the run changed."""
    world = await EDITED.world()
    await world.drain()
    lines = {line.object_id: line for line in world.changes.all(MESSAGE.run_id)}
    (change,) = lines["ada"].modified
    assert (change.field, change.old, change.new) == ("first_name", "Edited", "Person")


async def test_a_long_run_tells_how_far_it_is() -> None:
    """Between two messages the record shows what is planned and what is done; in the end all of it is."""
    world = await LONG.world()
    seen: list[tuple[int, int]] = []
    while (message := world.queue.take()) is not None:
        await world.deliver(message, world.start_app(LONG.process(world)))
        run = await world.runs.get(MESSAGE.run_id)
        assert run is not None
        seen.append((run.applied, run.planned))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert {planned for _, planned in seen} == {5}
    assert seen[-1] == (5, 5)


async def test_a_long_run_reads_the_directory_once() -> None:
    """Its continuations go on from the read that was staged."""
    world = await LONG.world()
    before = the_tenant(world).requests
    await world.drain(lambda: world.start_app(LONG.process(world)))
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert the_tenant(world).requests - before == run.graph_requests == 2
    assert run.resumes > 0


async def test_a_long_run_keeps_its_lease() -> None:
    """A worker that needs longer than a lease renews it while it works."""
    world = await LONG.world()
    world.settings = world.settings.model_copy(update={"sync_time_budget": timedelta(hours=1)})
    process = Process(tick=lambda: world.clock.advance(timedelta(seconds=10)))
    app = world.start_app(process)
    await world.drain(lambda: app)
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert (run.state, run.resumes) == (RunState.SUCCEEDED, 0)
    assert process.calls.count(f"{FakeConnectionStore.__name__}.replace") > 3
    assert run.seconds > 60


async def test_a_full_read_on_request() -> None:
    """Asked for, it reads everybody, and writes nothing where nothing changed."""
    world = await QUIET.world()
    await world.drain()
    run = await world.sync(CUSTOMER, RunKind.FULL)
    assert (run.read_mode, run.full_reason) == (ReadMode.FULL, FullReason.REQUESTED)
    assert (run.counts.created, run.counts.updated, run.counts.linked) == (0, 0, 0)
    assert len(world.mirrors.mirrors) == 1


async def test_only_the_mirror_in_force_is_kept() -> None:
    """After many runs with changes there is one."""
    world = await QUIET.world()
    await world.drain()
    for number in range(4):
        the_tenant(world).hire(f"person-{number}")
        await world.sync(CUSTOMER)
    connection = await world.connection(CUSTOMER)
    assert list(world.mirrors.mirrors) == [(connection.id, connection.mirror)]


async def test_a_configuration_changed_during_a_run_is_not_lost() -> None:
    """Somebody saves settings while the worker is at it; both writes are there in the end."""
    world = await FIRST_IMPORT.world()
    connection = await world.connection(CUSTOMER)

    async def configure() -> None:
        await world.app.customers.configure(CUSTOMER, connection.configuration, 1)

    app = world.start_app(Process(at=8, action=configure))
    await world.drain(lambda: app)
    after = await world.connection(CUSTOMER)
    assert (after.configuration_version, after.last_run) == (2, MESSAGE.run_id)
