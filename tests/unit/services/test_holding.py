"""Runs that the guard holds: what they keep, how long they wait, and what ends the waiting."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.app import App
from shared.core.changes import ChangeKind
from shared.core.configuration import BlankPolicy, Configuration, Guard, LeaverPolicy, Limit
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.guard import GuardRule
from shared.core.messages import SyncMessage
from shared.core.run import HELD_FOR, Run, RunKind, RunState, Trigger
from tests.fakes import ACCOUNT, FakeDirectory, Process, World, settings

PEOPLE = tuple(f"person-{number}" for number in range(10))
SECOND = timedelta(seconds=1)
LEAVING = Configuration(leavers=LeaverPolicy.DEACTIVATE)
_ANYTHING = Limit(1_000_000, 100)


class Place:
    """A customer with ten people who were synced, and runs that are not waited for longer than an hour."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    async def drain(self, wait: timedelta = timedelta(hours=1)) -> None:
        await self.world.drain(until=self.world.clock.now() + wait)

    async def sync(self, kind: RunKind = RunKind.SYNC) -> Run:
        run, _ = await self.world.app.runs.start(self.customer, kind, Trigger.API)
        await self.drain()
        return await self.again(run)

    async def again(self, run: Run) -> Run:
        return await self.world.app.runs.get(ACCOUNT, run.id)

    async def connection(self) -> Connection:
        return await self.world.connection(self.customer)

    def active(self) -> int:
        return sum(one.active for one in self.world.contacts.contacts(self.customer.connection_id))

    def disable(self, number: int) -> None:
        for person in PEOPLE[:number]:
            self.tenant.change(person, enabled=False)

    async def held(self) -> Run:
        """A run that waits: seven of ten people are to be deactivated."""
        self.disable(7)
        run = await self.sync()
        assert run.state is RunState.HELD
        return run


async def made(configuration: Configuration = LEAVING, **overrides: object) -> Place:
    world = World(settings(**overrides), batch_size=2)
    customer, tenant = await world.connected(*PEOPLE)
    await world.configure(customer, configuration)
    await world.sync(customer)
    world.contacts.applied.clear()
    return Place(world, customer, tenant)


@pytest.fixture
async def place() -> Place:
    return await made()


async def test_a_held_run_writes_nothing_and_keeps_its_plan(place: Place) -> None:
    """Who is to be changed and how is in the log, the reason and the digest are in the run."""
    before = await place.connection()
    place.tenant.hire("new")
    run = await place.held()
    connection = await place.connection()
    assert place.world.contacts.applied == []
    assert [broken.rule for broken in run.guard] == [GuardRule.SCOPE_DROP, GuardRule.DEACTIVATIONS]
    assert (run.planned, run.applied, run.held_until) == (8, 0, place.world.clock.now() + HELD_FOR)
    kinds = [line.kind for line in place.world.changes.all(run.id) if line.writes]
    assert (kinds.count(ChangeKind.DEACTIVATE), kinds.count(ChangeKind.CREATE)) == (7, 1)
    assert (connection.held_run, connection.current_run, connection.last_run) == (run.id, None, run.id)
    assert (connection.delta_link, connection.mirror, connection.in_scope, connection.lease_owner) == (
        before.delta_link,
        before.mirror,
        10,
        None,
    )


@pytest.mark.parametrize(
    ("guard", "rule", "numbers"),
    [
        (Guard(deactivations=_ANYTHING), GuardRule.SCOPE_DROP, (1, 7, 10)),
        (Guard(scope_drop=_ANYTHING), GuardRule.DEACTIVATIONS, (5, 7, 10)),
    ],
)
async def test_a_rule_tells_its_numbers(guard: Guard, rule: GuardRule, numbers: tuple[int, ...]) -> None:
    """What was allowed, what was planned, and of how many."""
    place = await made(replace(LEAVING, guard=guard))
    (broken,) = (await place.held()).guard
    assert (broken.rule, broken.limit, broken.actual, broken.baseline) == (rule, *numbers)


@pytest.mark.parametrize(("many", "state"), [(50, RunState.SUCCEEDED), (51, RunState.HELD)])
async def test_many_newcomers_are_held(place: Place, many: int, state: RunState) -> None:
    """Fifty at once are usual, more than that are not."""
    for number in range(many):
        place.tenant.hire(f"new-{number}")
    run = await place.sync()
    assert run.state is state
    assert [broken.rule for broken in run.guard] == ([GuardRule.CREATIONS] if run.guard else [])


async def test_an_empty_directory_is_held_even_the_first_time() -> None:
    """Nobody at all is never the truth."""
    world = World()
    customer, tenant = await world.connected()
    place = Place(world, customer, tenant)
    run = await place.sync()
    assert (run.state, [broken.rule for broken in run.guard]) == (
        RunState.HELD,
        [GuardRule.EMPTY_DIRECTORY],
    )
    assert (await place.connection()).mirror is None


async def test_the_first_import_is_as_large_as_it_is() -> None:
    """There is nothing to compare it with."""
    world = World()
    customer, tenant = await world.connected(*(f"new-{number}" for number in range(120)))
    assert (await Place(world, customer, tenant).sync()).state is RunState.SUCCEEDED


@pytest.mark.parametrize(("early", "state"), [(SECOND, RunState.HELD), (0 * SECOND, RunState.CANCELED)])
async def test_nobody_waits_for_ever(place: Place, early: timedelta, state: RunState) -> None:
    """After three days the run is over, and not a second before; the connection is free of it."""
    run = await place.held()
    assert run.held_until is not None
    await place.drain(run.held_until - place.world.clock.now() - early)
    run, connection = await place.again(run), await place.connection()
    assert run.state is state
    if state is RunState.CANCELED:
        assert run.error is not None
        assert (run.error.code, connection.held_run, run.stage) == ("hold_expired", None, None)
    assert place.world.contacts.applied == []


async def test_a_look_at_a_held_run_that_fails_every_time_ends_nothing(place: Place) -> None:
    """Its message was only to see whether it expired: it still can be approved."""
    run = await place.held()
    await place.world.app.worker.give_up(SyncMessage(ACCOUNT, place.customer.connection_id, run.id))
    assert await place.again(run) == run
    await place.world.app.runs.approve(run, run.digest or "")
    await place.drain()
    assert (await place.again(run)).state is RunState.SUCCEEDED


async def test_a_later_plan_takes_the_place_of_a_held_one(place: Place) -> None:
    """Held itself, it is the one to decide about; the former one is over and says which came after it."""
    first = await place.held()
    place.tenant.change(PEOPLE[8], enabled=False)
    second = await place.sync()
    first = await place.again(first)
    assert (first.state, second.state) == (RunState.CANCELED, RunState.HELD)
    assert first.error is not None
    assert (first.error.code, second.id in first.error.detail) == ("superseded", True)
    assert (await place.connection()).held_run == second.id
    assert second.planned == 8


async def test_a_run_that_passes_ends_a_held_one(place: Place) -> None:
    """People came back, so the plan of then must not be carried out any more."""
    first = await place.held()
    for person in PEOPLE[:7]:
        place.tenant.change(person, enabled=True)
    second = await place.sync()
    first = await place.again(first)
    assert (first.state, second.state, second.guard) == (RunState.CANCELED, RunState.SUCCEEDED, ())
    assert (await place.connection()).held_run is None
    assert place.active() == 10


async def test_one_person_can_be_synced_meanwhile(place: Place) -> None:
    """The held run still waits after it."""
    run = await place.held()
    one = await place.world.app.runs.start(place.customer, RunKind.USER, Trigger.API, PEOPLE[0])
    await place.drain()
    assert (await place.again(one[0])).state is RunState.SUCCEEDED
    assert (await place.again(run)).state is RunState.HELD
    assert (await place.connection()).held_run == run.id


async def test_approving_carries_out_what_was_read_then(place: Place) -> None:
    """Nothing is read again: who came later is left to the next sync, and what was shown is what is done."""
    run = await place.held()
    shown = [line for line in place.world.changes.all(run.id) if line.writes]
    place.tenant.hire("new")
    requests = place.tenant.requests
    await place.world.app.runs.approve(run, run.digest or "")
    await place.drain()
    run = await place.again(run)
    assert (run.state, run.counts.deactivated, run.counts.created) == (RunState.SUCCEEDED, 7, 0)
    assert place.tenant.requests == requests
    assert [line for line in place.world.changes.all(run.id) if line.writes] == shown
    connection = await place.connection()
    assert (connection.held_run, connection.in_scope, connection.current_run) == (None, 3, None)
    assert (await place.sync()).counts.created == 1


async def test_another_plan_than_the_approved_one_is_held_once_more(place: Place) -> None:
    """Somebody edited a contact while the run waited, so there is more to do than was approved."""
    run = await place.held()
    (contact,) = [
        one
        for one in place.world.contacts.contacts(place.customer.connection_id)
        if one.object_id == PEOPLE[9]
    ]
    place.world.contacts.edit_by_hand(place.customer.connection_id, contact.id, first_name="Edited")
    await place.world.app.runs.approve(run, run.digest or "")
    await place.drain()
    again = await place.again(run)
    assert (again.state, again.applied, again.planned) == (RunState.HELD, 0, run.planned + 1)
    assert again.digest != run.digest
    assert (await place.connection()).held_run == run.id
    await place.world.app.runs.approve(again, again.digest or "")
    await place.drain()
    assert (await place.again(run)).state is RunState.SUCCEEDED
    assert place.active() == 3


async def test_an_approved_run_that_changed_after_its_first_writes_is_judged_again() -> None:
    """Held once more over what is left, it carries out exactly that when it is approved, or is held again."""
    place = await made(sync_time_budget=SECOND)
    run = await place.held()
    await place.world.app.runs.approve(run, run.digest or "")
    slow = _ticking(place)
    message = place.world.queue.take(until=place.world.clock.now() + timedelta(hours=1))
    assert message is not None
    await place.world.deliver(message, slow)
    running = await place.again(run)
    assert (running.state, running.applied) == (RunState.RUNNING, 2)
    strict = replace(LEAVING, guard=Guard(deactivations=Limit(1, 1)))
    await place.world.configure(place.customer, strict)  # so the directory is read again
    await place.drain()
    held = await place.again(run)
    assert (held.state, place.active()) == (RunState.HELD, 8)
    (contact,) = [
        one
        for one in place.world.contacts.contacts(place.customer.connection_id)
        if one.object_id == PEOPLE[9]
    ]
    place.world.contacts.edit_by_hand(place.customer.connection_id, contact.id, first_name="Edited")
    await place.world.app.runs.approve(held, held.digest or "")
    await place.drain()
    third = await place.again(run)
    assert (third.state, third.digest == held.digest, place.active()) == (RunState.HELD, False, 8)
    await place.world.app.runs.approve(third, third.digest or "")
    await place.drain()
    done = await place.again(run)
    assert (done.state, done.counts.deactivated, place.active()) == (RunState.SUCCEEDED, 7, 3)
    lines = [line for line in place.world.changes.all(run.id) if line.kind is ChangeKind.DEACTIVATE]
    assert len(lines) == 7, "every line once, and none of what was only planned"


def _ticking(place: Place) -> App:
    """An app in whose process every call to the outside takes a second."""
    return place.world.start_app(Process(tick=lambda: place.world.clock.advance(SECOND)))


@pytest.mark.parametrize("held_for", [timedelta(hours=1), HELD_FOR - timedelta(minutes=1)])
async def test_waiting_for_an_approval_takes_nothing_of_a_runs_day(held_for: timedelta) -> None:
    """Approved late, a run that needs several messages still has the time it needs."""
    place = await made(sync_time_budget=SECOND)
    run = await place.held()
    place.world.clock.advance(held_for)
    await place.world.app.runs.approve(run, run.digest or "")
    slow = _ticking(place)
    await place.world.drain(lambda: slow, until=place.world.clock.now() + timedelta(hours=1))
    run = await place.again(run)
    assert (run.state, run.error, run.resumes > 1) == (RunState.SUCCEEDED, None, True)


async def test_a_shorter_plan_leaves_nothing_of_a_longer_one(place: Place) -> None:
    """A run that is held once more shows the plan it has then, and no line of the one before."""
    crowd = [f"crowd-{number}" for number in range(500)]
    for person in crowd:
        place.tenant.hire(person)
    run = await place.sync()
    assert len(place.world.changes.all(run.id)) == len(crowd)
    for person in crowd[100:]:
        place.tenant.remove(person)
    await place.world.configure(place.customer, replace(LEAVING, blank_in_directory=BlankPolicy.OVERWRITE))
    await place.world.app.runs.approve(run, run.digest or "")
    await place.drain()
    again = await place.again(run)
    assert (again.state, again.planned) == (RunState.HELD, 100)
    assert len(place.world.changes.all(run.id)) == 100
