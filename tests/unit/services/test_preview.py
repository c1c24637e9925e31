"""Previews: they show what a run would do, disturb nobody, and end whatever happens meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import Configuration, GroupMode, Groups, LeaverPolicy, Preset, Scope
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import AttemptFailed, OperatorError, RetryLater, SourceFault
from shared.core.guard import GuardRule
from shared.core.messages import PreviewMessage, SyncMessage
from shared.core.models import UserType
from shared.core.planning import Plan
from shared.core.presets import PRESETS
from shared.core.run import FullReason, ReadMode, Run, RunKind, RunState, Trigger
from shared.services.preview import LONGEST_PREVIEW
from tests.fakes import ACCOUNT, FakeDirectory, Process, World
from tests.fakes.directory import consent_withdrawn
from tests.property.scenarios import CHANGES, CONNECTION, CUSTOMER, UNGUARDED, end_state, on_demand
from tests.property.watching import WatchedRuns

SECOND = timedelta(seconds=1)
SOON = timedelta(hours=1)
GROUP = "00000000-0000-4000-8000-000000000001"
EVERYBODY = Configuration(scope=Scope(user_types=tuple(UserType), enabled_only=False))


class Place:
    """A customer whose three people were synced; since then one came, one changed and one left."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    async def asked(self, configuration: Configuration | None = None) -> tuple[Run, PreviewMessage]:
        run = await self.world.app.runs.preview(self.customer, Trigger.API, configuration)
        self.world.queue.waiting.clear()
        return run, PreviewMessage(ACCOUNT, self.customer.connection_id, run.id)

    async def previewed(self, configuration: Configuration | None = None) -> Run:
        run, message = await self.asked(configuration)
        assert await self.world.deliver(message)
        return await self.again(run)

    async def again(self, run: Run) -> Run:
        return await self.world.app.runs.get(ACCOUNT, run.id)

    def kinds(self, run: Run) -> dict[str, ChangeKind]:
        return {line.object_id: line.kind for line in self.world.changes.all(run.id)}


@pytest.fixture
async def place() -> Place:
    world = World()
    customer, tenant = await world.connected("ada", "bob", "cyd")
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    await world.sync(customer)
    tenant.hire("new")
    tenant.hire("gus", user_type="Guest")
    tenant.change("ada", job_title="Engineer")
    tenant.remove("bob")
    world.contacts.applied.clear()
    return Place(world, customer, tenant)


async def test_a_preview_shows_what_the_next_run_does(place: Place) -> None:
    """Line by line, with the counts, the digest and the mode; and the run finds nothing done."""
    preview = await place.previewed()
    assert place.kinds(preview) == {
        "new": ChangeKind.CREATE,
        "ada": ChangeKind.UPDATE,
        "bob": ChangeKind.DEACTIVATE,
        "gus": ChangeKind.SKIP,
    }
    assert (preview.state, preview.planned, preview.applied) == (RunState.SUCCEEDED, 3, 0)
    assert (preview.read_mode, preview.guard, preview.error) == (ReadMode.DELTA, (), None)
    assert place.world.contacts.applied == []
    run = await place.world.sync(place.customer)
    lines = sorted(place.world.changes.all(run.id), key=lambda line: line.object_id)
    assert sorted(place.world.changes.all(preview.id), key=lambda line: line.object_id) == lines
    assert preview.digest == Plan(0, 0, tuple(line for line in lines if line.writes)).digest()
    assert (preview.counts, preview.skipped_by_reason) == (run.counts, run.skipped_by_reason)


async def test_a_configuration_can_be_tried_out(place: Place) -> None:
    """The one in force stays as it is, and the plan is that of the other one."""
    before = await place.world.connection(place.customer)
    preview = await place.previewed(EVERYBODY)
    assert place.kinds(preview)["gus"] is ChangeKind.CREATE
    assert place.kinds(preview)["bob"] is ChangeKind.KEEP
    assert preview.configuration == EVERYBODY
    assert await place.world.connection(place.customer) == before


async def test_a_preview_tells_that_the_guard_would_hold_the_run(place: Place) -> None:
    """With the reason, and the digest that would have to be approved."""
    for person in ("ada", "cyd"):
        place.tenant.change(person, enabled=False)
    preview = await place.previewed()
    assert [broken.rule for broken in preview.guard] == [GuardRule.SCOPE_DROP]
    run, _ = await place.world.app.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    await place.world.drain(until=place.world.clock.now() + SOON)
    run = await place.again(run)
    assert (run.state, run.digest, run.guard) == (RunState.HELD, preview.digest, preview.guard)


async def test_absence_is_confirmed_in_a_preview_as_in_a_run(place: Place) -> None:
    """Where the next run reads everything once more, so does the preview, or it would show another plan."""
    leaving = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED)
    await place.world.configure(place.customer, leaving)
    place.tenant.remove("cyd")
    place.tenant.forget_links()
    await place.world.sync(place.customer)
    preview = await place.previewed()
    assert (preview.full_reason, place.kinds(preview)["cyd"]) == (FullReason.ABSENCE, ChangeKind.DEACTIVATE)
    run = await place.world.sync(place.customer)
    assert (run.full_reason, run.counts.deactivated) == (FullReason.ABSENCE, preview.counts.deactivated)


async def test_nobody_waits_for_a_preview_nor_a_preview_for_anybody(place: Place) -> None:
    """While another worker holds the connection it is carried out all the same."""
    slow, _ = await place.world.app.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    found: list[Run] = []

    async def preview() -> None:
        found.append(await place.previewed(EVERYBODY))

    app = place.world.start_app(Process(9, action=preview))
    await place.world.deliver(SyncMessage(ACCOUNT, place.customer.connection_id, slow.id), app)
    assert found[0].state is RunState.SUCCEEDED
    assert (await place.again(slow)).state is RunState.SUCCEEDED


@pytest.mark.parametrize("configuration", [None, PRESETS[Preset.ATERA]])
async def test_a_preview_at_any_call_of_a_run_changes_nothing_of_it(
    configuration: Configuration | None,
) -> None:
    """Of a configuration that is not saved, or of the one in force: the run ends as without it."""
    world = await CHANGES.world()
    process = Process()
    await CHANGES.play(world, process)
    expected = await end_state(world)
    for at in range(1, len(process.calls) + 1):
        world = await CHANGES.world()
        preview = on_demand(RunKind.PREVIEW, configuration=configuration)

        async def look(world: World = world, preview: Run = preview) -> None:
            await world.runs.add(preview)
            assert await world.deliver(PreviewMessage(ACCOUNT, CONNECTION, preview.id))

        await CHANGES.play(world, Process(at, action=look))
        state = await end_state(world)
        assert state[f"{preview.id}.state"] is RunState.SUCCEEDED
        assert {name: value for name, value in state.items() if preview.id not in name} == expected


async def _interrupted(world: World, at: int, action: Callable[[], Awaitable[None]]) -> Run:
    preview = on_demand(RunKind.PREVIEW)
    await world.runs.add(preview)
    app = world.start_app(Process(at, action=action))
    await world.deliver(PreviewMessage(ACCOUNT, CONNECTION, preview.id), app)
    await world.drain(until=world.clock.now())
    found = await world.runs.get(preview.id)
    assert found is not None
    return found


async def _calls_of_a_preview() -> int:
    world = await CHANGES.world()
    world.queue.waiting.clear()
    await world.runs.add(on_demand(RunKind.PREVIEW))
    process = Process()
    await world.deliver(
        PreviewMessage(ACCOUNT, CONNECTION, on_demand(RunKind.PREVIEW).id), world.start_app(process)
    )
    return len(process.calls)


async def test_disconnected_at_any_call_it_ends_and_leaves_graph_alone() -> None:
    """Soon after the disconnect nothing more is asked of Microsoft; what was done already is done."""
    total = await _calls_of_a_preview()
    states = set()
    for at in range(1, total + 1):
        world = await CHANGES.world()
        world.queue.waiting.clear()
        requests: list[int] = []

        async def disconnect(world: World = world, requests: list[int] = requests) -> None:
            await world.app.onboarding.disconnect(ACCOUNT, CONNECTION)
            world.clock.advance(3 * SECOND)
            requests.append(sum(tenant.requests for tenant in world.directories.tenants.values()))

        run = await _interrupted(world, at, disconnect)
        states.add(run.state)
        assert run.state in {RunState.CANCELED, RunState.SUCCEEDED}
        made = sum(tenant.requests for tenant in world.directories.tenants.values()) - requests[0]
        assert made <= 2, "a link and a page, after which it looks whether it may go on"
        assert (await world.connection(CUSTOMER)).state is ConnectionState.DISCONNECTED
    assert states == {RunState.CANCELED, RunState.SUCCEEDED}


async def test_canceled_at_any_call_it_stays_canceled() -> None:
    """Whatever its worker comes to afterwards is not shown as its result."""
    total = await _calls_of_a_preview()
    for at in range(1, total + 1):
        world = await CHANGES.world()
        world.queue.waiting.clear()
        world.runs = watched = WatchedRuns()
        world.app = world.start_app()

        async def cancel(world: World = world) -> None:
            run = await world.runs.get(on_demand(RunKind.PREVIEW).id)
            assert run is not None
            await world.app.runs.cancel(run)

        run = await _interrupted(world, at, cancel)
        assert run.state is RunState.CANCELED
        assert run.counts.users_read == 0
        assert watched.wrong_moves == []


async def test_another_tenant_connected_meanwhile_ends_it(place: Place) -> None:
    """What was read of the first tenant is not shown for the second."""
    run, message = await place.asked()
    other = place.world.tenant("7e4a47e4-0000-4000-8000-000000000002", "zoe")

    async def move() -> None:
        await place.world.app.onboarding.disconnect(ACCOUNT, place.customer.connection_id)
        await place.world.connect(other, place.customer)
        place.world.clock.advance(3 * SECOND)

    app = place.world.start_app(Process(5, action=move))
    await place.world.deliver(message, app)
    run = await place.again(run)
    assert (run.state, run.error.code if run.error else "") == (RunState.CANCELED, "connection_not_active")
    assert place.world.changes.all(run.id) == []


async def test_a_busy_graph_puts_a_preview_off(place: Place) -> None:
    """It comes back when it was told to, and then succeeds without a trace of the trouble."""
    run, message = await place.asked()
    place.tenant.fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(minutes=7)))
    assert await place.world.deliver(message)
    waiting = await place.again(run)
    assert (waiting.state, waiting.error.code if waiting.error else "") == (RunState.RUNNING, "graph_busy")
    assert place.world.queue.sent[-1] == (message, timedelta(minutes=7))
    await place.world.drain()
    assert ((await place.again(run)).state, (await place.again(run)).error) == (RunState.SUCCEEDED, None)


@pytest.mark.parametrize(("late", "state"), [(0 * SECOND, RunState.RUNNING), (SECOND, RunState.FAILED)])
async def test_nobody_waits_longer_than_two_hours_for_a_preview(
    place: Place, late: timedelta, state: RunState
) -> None:
    """Measured to the moment at which it would be tried again."""
    run, message = await place.asked()
    place.tenant.fail_next(RetryLater("graph_busy", "Graph is busy.", LONGEST_PREVIEW + late))
    assert await place.world.deliver(message)
    found = await place.again(run)
    assert (found.state, found.error.code if found.error else "") == (state, "graph_busy")


async def test_what_nobody_can_cure_ends_a_preview_and_nothing_else(place: Place) -> None:
    """A withdrawn consent, a missing group, our own credential: the connection is not touched by it."""
    missing = replace(EVERYBODY, scope=Scope(groups=Groups(GroupMode.SELECTED, (GROUP,))))
    before = await place.world.connection(place.customer)
    ends = {"scope_object_missing": await place.previewed(missing)}
    place.tenant.fail_next(OperatorError("credential_expired", "Our secret has expired.", "Rotate it."))
    ends["credential_expired"] = await place.previewed()
    place.tenant.fail_next(consent_withdrawn())
    ends["consent_withdrawn"] = await place.previewed()
    for code, run in ends.items():
        assert (run.state, run.error.code if run.error else "") == (RunState.FAILED, code)
        assert run.finished_at == place.world.clock.now()
    assert await place.world.connection(place.customer) == before


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceFault("read_incomplete", "Half a page.", "Nobody has to act."), "read_incomplete"),
        (ValueError("ada@contoso.example"), "unexpected.ValueError"),
    ],
)
async def test_what_may_pass_is_tried_again_and_given_up_in_the_end(
    place: Place, error: Exception, code: str
) -> None:
    """The reason is in the record, without the text of an error that nobody knows."""
    run, message = await place.asked()
    place.tenant.fail_next(error)
    with pytest.raises(AttemptFailed) as failed:
        await place.world.app.previews.handle(message)
    noted = await place.again(run)
    assert str(failed.value) == code
    assert (noted.state, noted.error.code if noted.error else "") == (RunState.RUNNING, code)
    assert "ada@" not in repr(noted.error)
    await place.world.app.previews.give_up(message)
    ended = await place.again(run)
    assert (ended.state, ended.error) == (RunState.FAILED, noted.error)


async def test_a_preview_that_never_said_a_word_is_given_up(place: Place) -> None:
    """Somebody is told to look; one that has ended stays as it is."""
    run, message = await place.asked()
    await place.world.app.previews.give_up(message)
    ended = await place.again(run)
    assert (ended.state, ended.error.code if ended.error else "") == (RunState.FAILED, "worker_stopped")
    await place.world.app.previews.give_up(message)
    await place.world.deliver(message)
    assert await place.again(run) == ended


async def test_delivered_again_it_shows_every_line_once(place: Place) -> None:
    """A preview that was cut short after half of its lines begins anew."""
    for number in range(450):
        place.tenant.hire(f"crowd-{number}")
    run, message = await place.asked()
    calls = Process()
    copy, copied = await place.asked()
    await place.world.deliver(copied, place.world.start_app(calls))
    puts = [number for number, name in enumerate(calls.calls, 1) if name == "FakeChangeLog.put"]
    assert len(puts) == 3
    assert not await place.world.deliver(message, place.world.start_app(Process(puts[1], after=True)))
    for number in range(300):
        place.tenant.remove(f"crowd-{number}")
    assert await place.world.deliver(message)
    lines = [line.object_id for line in place.world.changes.all(run.id)]
    assert len(lines) == len(set(lines)) == 150 + 4
    assert (await place.again(copy)).planned == 453
