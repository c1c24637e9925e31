"""What a run that takes several messages says of itself while directory and contacts change under it."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import Configuration, Scope
from shared.core.models import ContactFields, UserType
from shared.core.run import RunState, slot_run_id
from tests.fakes import World
from tests.property.scenarios import CONNECTION, CUSTOMER, LONG, MESSAGE, UNGUARDED, Scenario, the_tenant
from tests.property.situations import HELD_BY_NUMBER


async def _half_done(scenario: Scenario) -> World:
    """A run of which the first message did some, and the mirror of its read was lost since."""
    world = await scenario.world()
    message = world.queue.take()
    assert message == MESSAGE
    await world.deliver(message, world.start_app(scenario.process(world)))
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert run.state is RunState.RUNNING
    assert 0 < run.applied < run.planned
    world.mirrors.mirrors.clear()
    return world


@pytest.mark.parametrize("what", ["leaves", "is disabled", "is changed", "stays"])
@pytest.mark.parametrize("person", ["ada", "bob", "eve", "gus"])
async def test_counts_add_up_when_somebody_changes_between_two_messages(person: str, what: str) -> None:
    """Whether written already or not, everybody who is read is counted once."""
    world = await _half_done(LONG)
    tenant = the_tenant(world)
    if what == "leaves":
        tenant.remove(person)
    elif what == "is disabled":
        tenant.change(person, enabled=False)
    elif what == "is changed":
        tenant.change(person, job_title="Changed")
    await world.drain(lambda: world.start_app(LONG.process(world)))
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert run.state is RunState.SUCCEEDED
    assert run.counts.add_up
    assert run.counts.users_read == len(tenant.users)
    assert min(run.counts.unchanged, run.counts.created, run.counts.linked, run.counts.updated) >= 0
    assert run.counts.unchanged == 0, "in a first import nobody was there before"


async def test_a_line_that_never_came_true_leaves_the_log() -> None:
    """A contact that was about to be created, and may not be any more, is not reported as created."""
    scenario = Scenario("", LONG.prepare)
    world = await scenario.world()
    process = scenario.process(world, await _number_of(scenario, "FakeDestination.apply"))
    await world.deliver(MESSAGE, world.start_app(process))
    for number in (1, 2):
        fields = ContactFields(name="Ada", email="ada@contoso.example")
        world.contacts.add_by_hand(CONNECTION, fields, f"hand-ada-{number}")
    world.clock.advance(timedelta(minutes=10))
    await world.drain()
    run = await world.runs.get(MESSAGE.run_id)
    lines = [line.kind for line in world.changes.all(MESSAGE.run_id) if line.object_id == "ada"]
    assert run is not None
    assert lines == [ChangeKind.CONFLICT]
    assert run.counts.add_up
    assert run.counts.unchanged == 0


async def _number_of(scenario: Scenario, call: str) -> int:
    world = await scenario.world()
    process = scenario.process(world)
    app = world.start_app(process)
    await world.drain(lambda: app)
    return process.calls.index(call) + 1


async def test_a_run_whose_reading_takes_the_whole_budget_comes_to_an_end() -> None:
    """Every message writes at least one batch, however little time is left for it."""
    scenario = Scenario(
        "", LONG.prepare, tick=timedelta(seconds=5), batch_size=1, time_budget=timedelta(seconds=5)
    )
    world = await scenario.world()
    await world.drain(lambda: world.start_app(scenario.process(world)), deliveries=20)
    run = await world.runs.get(MESSAGE.run_id)
    assert run is not None
    assert run.state is RunState.SUCCEEDED
    assert run.applied == run.planned == 5


async def test_an_older_read_is_not_brought_back() -> None:
    """A run taken up after a later one was committed reads again instead of going on from its old read."""
    scenario = Scenario("", LONG.prepare)
    number = await _number_of(scenario, "FakeDestination.apply")
    world = await scenario.world()
    await world.deliver(MESSAGE, world.start_app(scenario.process(world, number)))
    old_read = dict(world.mirrors.mirrors)
    tenant = the_tenant(world)
    tenant.change("ada", job_title="Promoted")
    world.clock.advance(timedelta(minutes=2))
    world.queue.waiting.clear()
    await _another_run(world)
    world.mirrors.mirrors |= old_read  # as if whoever committed had been killed before tidying up
    before = world.contacts.contacts(CONNECTION)
    await world.queue.send(MESSAGE)
    await world.drain()
    connection = await world.connection(CUSTOMER)
    assert world.contacts.contacts(CONNECTION) == before
    assert connection.delta_link == tenant.link()


async def _another_run(world: World) -> None:
    slot = (MESSAGE.slot or world.clock.now()) + timedelta(hours=12)
    run_id = slot_run_id(CONNECTION, slot, slot)
    await world.queue.send(msgspec.structs.replace(MESSAGE, run_id=run_id, slot=slot))
    await world.drain()
    run = await world.runs.get(run_id)
    assert run is not None
    assert run.state is RunState.SUCCEEDED


async def test_another_tenant_never_gets_what_was_read_of_the_first() -> None:
    """A first import that is cut short by connecting another tenant imports nobody of the first one."""
    world = await LONG.world()
    await world.deliver(MESSAGE, world.start_app(LONG.process(world)))
    stale = dict(world.mirrors.mirrors)
    imported = {contact.object_id for contact in world.contacts.contacts(CONNECTION)}
    await world.app.onboarding.disconnect(CUSTOMER.account_id, CONNECTION)
    world.mirrors.mirrors |= stale
    second = world.tenant("7e4a47e4-0000-4000-8000-000000000002", "zoe")
    await world.connect(second, CUSTOMER)
    await world.drain()
    connection = await world.connection(CUSTOMER)
    found = {contact.object_id for contact in world.contacts.contacts(CONNECTION)}
    assert found == imported | {"zoe"}
    assert connection.delta_link == second.link()


@pytest.mark.parametrize(
    "scenario", [Scenario("first import", LONG.prepare), HELD_BY_NUMBER], ids=lambda one: one.name
)
async def test_what_was_only_planned_or_noticed_before_leaves_the_log(scenario: Scenario) -> None:
    """Killed at any call, a run that ends otherwise under a new configuration reports that end alone."""
    clean = await scenario.world()
    process = scenario.process(clean)
    await scenario.play(clean, process)
    states = Counter[RunState]()
    for at in range(1, len(process.calls) + 1):
        world = await scenario.world()
        await world.deliver(MESSAGE, world.start_app(scenario.process(world, at)))
        everybody = Scope(user_types=tuple(UserType), enabled_only=False)
        await world.configure(CUSTOMER, Configuration(scope=everybody, guard=UNGUARDED))
        world.clock.advance(timedelta(minutes=10))
        await world.drain(until=world.clock.now() + timedelta(hours=1))
        run = await world.runs.get(MESSAGE.run_id)
        assert run is not None
        states[run.state] += 1
        if run.state is RunState.SUCCEEDED:
            lines = Counter(line.kind for line in world.changes.all(MESSAGE.run_id))
            counts = run.counts
            assert counts.add_up
            assert (lines[ChangeKind.SKIP], lines[ChangeKind.DEACTIVATE]) == (
                counts.skipped,
                counts.deactivated,
            )
            assert (lines[ChangeKind.CREATE], lines[ChangeKind.CONFLICT]) == (
                counts.created,
                counts.conflicts,
            )
    assert states[RunState.SUCCEEDED] > 5
