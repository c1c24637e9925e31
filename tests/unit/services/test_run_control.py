"""Starting, approving, rejecting and canceling runs: what is refused, what is done once, who wins a race."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.app import App
from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import Conflict, Gone, NotFound, Refused
from shared.core.messages import SyncMessage
from shared.core.run import HELD_FOR, Run, RunKind, RunState, Trigger
from shared.services.run_control import RunControl
from tests.fakes import ACCOUNT, FakeDirectory, Process, World
from tests.property.scenarios import CONNECTION, CUSTOMER, end_state, on_demand, the_run
from tests.property.situations import APPROVED
from tests.property.watching import WatchedRuns

SOON = timedelta(hours=1)
ON_DEMAND = on_demand(RunKind.SYNC).id
PEOPLE = tuple(f"person-{number}" for number in range(10))


class Place:
    """A customer with ten people of whom seven left, and a run that is held because of them."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    @property
    def runs(self) -> RunControl:
        return self.world.app.runs

    async def sync(self) -> Run:
        run, _ = await self.runs.start(self.customer, RunKind.SYNC, Trigger.API)
        await self.drain()
        return await self.again(run)

    async def drain(self) -> None:
        await self.world.drain(until=self.world.clock.now() + SOON)

    async def again(self, run: Run) -> Run:
        return await self.runs.get(ACCOUNT, run.id)

    async def connection(self) -> Connection:
        return await self.world.connection(self.customer)

    def come_back(self) -> None:
        for person in PEOPLE:
            self.tenant.change(person, enabled=True)


@pytest.fixture
async def place() -> Place:
    world = World()
    world.runs = WatchedRuns()
    world.app = world.start_app()
    customer, tenant = await world.connected(*PEOPLE)
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    await world.sync(customer)
    for person in PEOPLE[:7]:
        tenant.change(person, enabled=False)
    world.contacts.applied.clear()
    return Place(world, customer, tenant)


@pytest.fixture
async def held(place: Place) -> Run:
    return await place.sync()


def nothing_was_written(place: Place) -> bool:
    return place.world.contacts.applied == []


# Approving.


async def test_only_the_plan_that_was_looked_at_is_approved(place: Place, held: Run) -> None:
    """Another digest is refused, and the run still waits."""
    for digest in ("", "0" * 64, (held.digest or "")[:-1]):
        with pytest.raises(Conflict, match="plan_changed"):
            await place.runs.approve(held, digest)
    await place.drain()
    assert await place.again(held) == held
    assert nothing_was_written(place)


async def test_approving_twice_is_approving_once(place: Place, held: Run) -> None:
    """At once, while it is carried out, and when it is done: nothing happens twice."""
    digest = held.digest or ""
    first = await place.runs.approve(held, digest)
    assert await place.runs.approve(first, digest) == first
    await place.drain()
    done = await place.again(held)
    written = len(place.world.contacts.applied)
    assert (done.state, done.counts.deactivated, written) == (RunState.SUCCEEDED, 7, 7)
    assert await place.runs.approve(done, digest) == done
    await place.drain()
    assert (await place.again(held), len(place.world.contacts.applied)) == (done, written)


async def test_an_approved_run_is_the_one_under_way(place: Place, held: Run) -> None:
    """Whoever asks for a sync meanwhile gets it."""
    approved = await place.runs.approve(held, held.digest or "")
    connection = await place.connection()
    assert (connection.current_run, connection.held_run) == (held.id, None)
    assert (approved.state, approved.approved, approved.held_until) == (RunState.RUNNING, held.digest, None)
    assert await place.runs.start(place.customer, RunKind.SYNC, Trigger.API) == (approved, False)


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_nothing_is_decided_after_three_days(place: Place, held: Run, verb: str) -> None:
    """Also before the message that ends the run is delivered."""
    place.world.clock.advance(HELD_FOR)
    with pytest.raises(Gone, match="hold_expired"):
        await decide(place.runs, verb, held)
    assert (await place.again(held)).state is RunState.HELD
    assert nothing_was_written(place)


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("better", [True, False])
async def test_a_run_whose_place_was_taken_is_not_decided_about(
    place: Place, held: Run, verb: str, better: bool
) -> None:
    """Whether the later run was held too or carried out; also on a page that is not up to date."""
    if better:
        place.come_back()
    else:
        place.tenant.change(PEOPLE[8], enabled=False)
    later = await place.sync()
    written = len(place.world.contacts.applied)
    for view in (held, await place.again(held)):
        with pytest.raises(Conflict, match=r"superseded|run_not_held"):
            await decide(place.runs, verb, view)
    await place.drain()
    assert (await place.again(later)).state is later.state
    assert len(place.world.contacts.applied) == written


async def decide(runs: RunControl, verb: str, run: Run) -> Run:
    if verb == "approve":
        return await runs.approve(run, run.digest or "")
    decided: Run = await getattr(runs, verb)(run)
    return decided


@pytest.mark.parametrize("first", ["approve", "reject", "cancel"])
@pytest.mark.parametrize("second", ["approve", "reject"])
async def test_what_was_decided_stays_decided(place: Place, held: Run, first: str, second: str) -> None:
    """Whoever decides otherwise later is refused, with the run as it was or as it is."""
    decided = await decide(place.runs, first, held)
    if first == second:
        assert (await decide(place.runs, second, decided)).state is decided.state
        return
    for view in (held, decided):
        with pytest.raises(Conflict):
            await decide(place.runs, second, view)
    assert (await place.again(held)).state is decided.state


@pytest.mark.parametrize("verb", ["reject", "cancel"])
async def test_a_run_that_was_declined_writes_nothing(place: Place, held: Run, verb: str) -> None:
    """Its connection is free of it, what waits on the queue does nothing, and its plan can still be read."""
    ended = await decide(place.runs, verb, held)
    await place.world.drain()
    connection = await place.connection()
    assert (ended.state, ended.error.code if ended.error else "") == (RunState.CANCELED, f"{verb}ed")
    assert await place.again(held) == ended
    assert (connection.held_run, connection.current_run, connection.lease_owner) == (None, None, None)
    assert nothing_was_written(place)
    assert len(place.world.changes.all(held.id)) > 0


async def test_after_a_rejection_the_next_sync_asks_again(place: Place, held: Run) -> None:
    """Nothing changed, so the plan is the same and is held again."""
    await place.runs.reject(held)
    again = await place.sync()
    assert (again.state, again.digest) == (RunState.HELD, held.digest)


@pytest.mark.parametrize(
    ("one", "other"),
    [("approve", "reject"), ("reject", "approve"), ("approve", "approve"), ("cancel", "approve")],
)
async def test_of_two_technicians_one_decides(one: str, other: str) -> None:
    """At every moment of the one's call the other may be quicker: the end is what one of the two wanted."""
    calls = Process()
    world = await APPROVED.world()
    await decide(world.start_app(calls).runs, one, await the_run(world, ON_DEMAND))
    for at in range(1, len(calls.calls) + 1):
        for after in (False, True):
            world = await APPROVED.world()
            run = await the_run(world, ON_DEMAND)
            refused: list[str] = []
            decided = _counting(lambda app, run=run: decide(app.runs, other, run), refused)  # type: ignore[misc]
            app = world.start_app(
                Process(at, after=after, action=lambda world=world, decided=decided: decided(world.app))  # type: ignore[misc]
            )
            await _counting(lambda app, run=run: decide(app.runs, one, run), refused)(app)  # type: ignore[misc]
            await world.drain(until=world.clock.now() + SOON)
            run, connection = await the_run(world, ON_DEMAND), await world.connection(CUSTOMER)
            assert len(refused) <= 1
            assert run.state in {RunState.SUCCEEDED, RunState.CANCELED}
            assert (run.state is RunState.SUCCEEDED) == (len(world.contacts.applied) > 0)
            assert (connection.held_run, connection.current_run) == (None, None)


def _counting(
    act: Callable[[App], Awaitable[object]], refused: list[str]
) -> Callable[[App], Awaitable[None]]:
    async def acted(app: App) -> None:
        try:
            await act(app)
        except Refused as error:
            refused.append(error.code)

    return acted


async def test_a_decision_needs_a_connection_that_can_be_synced(place: Place, held: Run) -> None:
    """While the connection is paused the run waits, and can be decided about when it is resumed."""
    await place.world.app.pausing.pause(place.customer)
    with pytest.raises(Conflict, match="connection_not_active"):
        await place.runs.approve(held, held.digest or "")
    await place.drain()
    await place.world.app.pausing.resume(place.customer)
    await place.runs.approve(held, held.digest or "")
    await place.drain()
    assert (await place.again(held)).state is RunState.SUCCEEDED


async def test_after_a_disconnect_there_is_nothing_to_approve(place: Place, held: Run) -> None:
    """Nothing is written and Graph is left alone, whenever the customer was disconnected."""
    requests = place.tenant.requests
    await place.world.app.onboarding.disconnect(ACCOUNT, place.customer.connection_id)
    with pytest.raises(Conflict):
        await place.runs.approve(held, held.digest or "")
    await place.world.drain()
    assert (await place.again(held)).state is RunState.CANCELED
    assert nothing_was_written(place)
    assert place.tenant.requests == requests


async def test_a_customer_disconnected_after_the_approval_is_left_alone(place: Place, held: Run) -> None:
    """The approved run does not begin."""
    requests = place.tenant.requests
    await place.runs.approve(held, held.digest or "")
    await place.world.app.onboarding.disconnect(ACCOUNT, place.customer.connection_id)
    await place.world.drain()
    assert (await place.again(held)).state is RunState.CANCELED
    assert nothing_was_written(place)
    assert place.tenant.requests == requests


# Canceling.


async def test_a_queued_run_is_canceled_before_it_begins(place: Place) -> None:
    """Its message finds it ended; the connection is free, and the next run is a new one."""
    run, _ = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    canceled = await place.runs.cancel(run)
    requests = place.tenant.requests
    await place.drain()
    assert (await place.again(run)) == canceled
    assert place.tenant.requests == requests
    assert (await place.connection()).current_run is None
    _, new = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    assert new


async def test_canceling_what_has_ended_changes_nothing(place: Place) -> None:
    """Neither the run nor the connection."""
    place.come_back()
    run = await place.sync()
    before = await place.connection()
    assert await place.runs.cancel(run) == run
    assert (await place.again(run), await place.connection()) == (run, before)


async def test_two_canceled_runs_both_stay_canceled(place: Place) -> None:
    """The connection remembers the last one only; the others' records are enough."""
    place.come_back()
    first, _ = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    second, _ = await place.runs.start(place.customer, RunKind.USER, Trigger.API, PEOPLE[0])

    async def cancel_both() -> None:
        for run in (first, second):
            await place.runs.cancel(await place.again(run))

    for at in range(1, 12):
        app = place.world.start_app(
            Process(at, action=cancel_both, tick=lambda: place.world.clock.advance(timedelta(seconds=1)))
        )
        await place.world.drain(lambda app=app: app, until=place.world.clock.now() + SOON)  # type: ignore[misc]
        assert {(await place.again(run)).state for run in (first, second)} == {RunState.CANCELED}
        first, _ = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
        second, _ = await place.runs.start(place.customer, RunKind.USER, Trigger.API, PEOPLE[0])


async def test_a_preview_is_canceled_too(place: Place) -> None:
    """Queued, it is never carried out; the connection has nothing to do with it."""
    before = await place.connection()
    run = await place.runs.preview(place.customer, Trigger.API)
    canceled = await place.runs.cancel(run)
    await place.drain()
    assert (canceled.state, await place.again(run)) == (RunState.CANCELED, canceled)
    assert await place.connection() == before


# Starting.


async def test_asking_again_gives_the_run_under_way(place: Place) -> None:
    """While it is queued and while it runs, for a sync and a full read alike."""
    run, new = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    assert new
    for kind in (RunKind.SYNC, RunKind.FULL):
        assert await place.runs.start(place.customer, kind, Trigger.PORTAL) == (run, False)


async def test_a_held_run_keeps_nobody_from_syncing(place: Place, held: Run) -> None:
    """The next sync is a new run."""
    run, new = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    assert new
    assert run.id != held.id


@pytest.mark.parametrize(("waited", "sent"), [(timedelta(minutes=15), 1), (timedelta(minutes=16), 2)])
async def test_a_run_that_lost_its_message_gets_another(place: Place, waited: timedelta, sent: int) -> None:
    """Asked for again after a quarter of an hour, not before."""
    run, _ = await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    place.world.queue.sent.clear()
    place.world.clock.advance(waited)
    assert await place.runs.start(place.customer, RunKind.SYNC, Trigger.API) == (run, False)
    messages = [message for message, _ in place.world.queue.sent]
    assert messages == [SyncMessage(ACCOUNT, place.customer.connection_id, run.id)] * (sent - 1)


@pytest.mark.parametrize("kind", [RunKind.SYNC, RunKind.FULL, RunKind.USER])
async def test_a_paused_connection_is_not_synced_on_demand(place: Place, kind: RunKind) -> None:
    """But it can be previewed."""
    await place.world.app.pausing.pause(place.customer)
    with pytest.raises(Conflict, match="connection_not_active"):
        await place.runs.start(place.customer, kind, Trigger.API)
    run = await place.runs.preview(place.customer, Trigger.API)
    await place.drain()
    assert (await place.again(run)).state is RunState.SUCCEEDED


async def test_a_disconnected_customer_is_neither_synced_nor_previewed(place: Place) -> None:
    """Nothing touches Microsoft Graph."""
    await place.world.app.onboarding.disconnect(ACCOUNT, place.customer.connection_id)
    with pytest.raises(Conflict, match="connection_not_active"):
        await place.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    with pytest.raises(Conflict, match="connection_not_active"):
        await place.runs.preview(place.customer, Trigger.API)


async def test_a_customer_without_connection_has_nothing_to_run() -> None:
    """As one that does not exist."""
    world = World()
    customer = await world.customer()
    with pytest.raises(NotFound):
        await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    with pytest.raises(NotFound):
        await world.app.runs.preview(customer, Trigger.API)


async def test_an_approval_whose_worker_was_quicker_does_not_undo_what_that_wrote() -> None:
    """Approved twice at once, the run is held once more before one of the calls comes to its end."""
    scenario = replace(APPROVED, tick=timedelta(0))
    world = await scenario.world()
    run = await the_run(world, ON_DEMAND)
    await world.configure(CUSTOMER, replace(scenario.configuration, fields=scenario.configuration.fields[:5]))

    async def worker() -> None:
        await world.queue.send(SyncMessage(ACCOUNT, CONNECTION, ON_DEMAND))
        await world.drain(until=world.clock.now())

    slow = world.start_app(Process(4, action=worker))
    await slow.runs.approve(run, run.digest or "")
    again, connection = await the_run(world, ON_DEMAND), await world.connection(CUSTOMER)
    assert (again.state, connection.held_run) == (RunState.HELD, ON_DEMAND)
    await world.app.runs.approve(again, again.digest or "")
    await world.drain(until=world.clock.now() + SOON)
    state = await end_state(world)
    assert state[f"{ON_DEMAND}.state"] is RunState.SUCCEEDED
