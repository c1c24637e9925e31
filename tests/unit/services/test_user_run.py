"""A run for one person: who is meant, what is done, what is said about it, and what is left alone."""

import msgspec
import pytest

from shared.core.changes import ChangeKind, ConflictReason
from shared.core.configuration import Configuration, LeaverPolicy, Scope
from shared.core.customer import Customer
from shared.core.explanation import StepName, StepResult
from shared.core.messages import SyncMessage
from shared.core.models import UserType
from shared.core.run import FullReason, ReadMode, Run, RunKind, RunState, Trigger
from tests.fakes import ACCOUNT, FakeDirectory, Manners, Process, World

LEAVING = Configuration(leavers=LeaverPolicy.DEACTIVATE)


class Place:
    """A customer whose people ada, bob and cyd were synced."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    def contacts(self) -> dict[str, tuple[str, bool]]:
        """Title and whether active, by whose they are."""
        found = self.world.contacts.contacts(self.customer.connection_id)
        return {one.object_id or one.id: (one.fields.job_title, one.active) for one in found}

    def addresses(self) -> dict[str, str]:
        found = self.world.contacts.contacts(self.customer.connection_id)
        return {one.object_id or one.id: one.fields.email for one in found}

    async def sync_one(self, user: str) -> Run:
        return await self.world.sync_one(self.customer, user)


@pytest.fixture
async def place() -> Place:
    world = World()
    customer, tenant = await world.connected("ada", "bob", "cyd")
    await world.configure(customer, LEAVING)
    await world.sync(customer)
    return Place(world, customer, tenant)


def told(run: Run) -> list[tuple[StepName, StepResult, str]]:
    return [(step.step, step.result, step.detail) for step in run.steps]


@pytest.mark.parametrize("asked", ["ada", "ADA", " ada@upn.example ", "Ada.Mail@contoso.example"])
async def test_somebody_is_asked_for_by_id_name_or_address(place: Place, asked: str) -> None:
    """Object id, user principal name and mail lead to the same person, however they are written."""
    place.tenant.change("ada", user_principal_name="ada@upn.example", mail="ada.mail@contoso.example")
    await place.world.sync(place.customer)
    place.tenant.change("ada", job_title="Engineer")
    run = await place.sync_one(asked)
    assert (run.state, run.counts.updated, run.applied) == (RunState.SUCCEEDED, 1, 1)
    assert place.contacts() == {"ada": ("Engineer", True), "bob": ("", True), "cyd": ("", True)}


@pytest.mark.parametrize("shuffled", [False, True])
async def test_a_name_comes_before_an_address(place: Place, shuffled: bool) -> None:
    """Where one person's name is another one's address, the name's owner is meant, in any order."""
    for person in ("bob", "ada") if shuffled else ("ada", "bob"):
        other = {"ada": "bob", "bob": "ada"}[person]
        place.tenant.change(person, mail=f"{other}@contoso.example", job_title=person)
    run = await place.sync_one("ada@contoso.example")
    assert {line.object_id for line in place.world.changes.all(run.id)} <= {"ada"}
    assert run.steps[0].detail == "present"
    assert place.contacts()["bob"] == ("", True)


async def test_nobody_but_the_one_is_touched(place: Place) -> None:
    """Whatever else is to be done waits for the next sync, which finds it, for the place is not moved."""
    connection = await place.world.connection(place.customer)
    place.tenant.hire("new")
    place.tenant.change("bob", job_title="Engineer")
    place.tenant.remove("cyd")
    run = await place.sync_one("new")
    after = await place.world.connection(place.customer)
    assert (run.read_mode, run.counts.created, run.counts.users_read) == (ReadMode.DELTA, 1, 1)
    assert place.contacts() == dict.fromkeys(("ada", "bob", "cyd", "new"), ("", True))
    assert after == msgspec.structs.replace(connection, last_run=run.id, fence=connection.fence + 1)
    sync = await place.world.sync(place.customer)
    assert (sync.counts.updated, sync.counts.deactivated, sync.counts.created) == (1, 1, 0)
    assert place.contacts()["cyd"] == ("", False)


async def test_a_change_of_this_moment_counts(place: Place) -> None:
    """The list of changes may lag behind; the person is read as they are now."""
    late = msgspec.structs.replace(place.tenant.users["ada"], job_title="Promoted")
    place.tenant.users["ada"] = late  # no delta tells of it yet
    run = await place.sync_one("ada")
    assert run.counts.updated == 1
    assert place.contacts()["ada"] == ("Promoted", True)


async def test_somebody_of_this_moment_is_created(place: Place) -> None:
    """Also by name, which no mirror has yet."""
    new = place.tenant.hire("new")
    place.tenant._log.pop()
    run = await place.sync_one(new.user_principal_name or "")
    assert (run.counts.created, run.counts.users_read) == (1, 1)


async def test_before_the_first_sync_everybody_is_read_and_one_created() -> None:
    """The plan needs everybody; nothing is committed, so the first sync is still the first."""
    world = World()
    customer, _ = await world.connected("ada", "bob")
    run = await world.sync_one(customer, "bob")
    assert (run.full_reason, run.counts.created) == (FullReason.FIRST, 1)
    connection = await world.connection(customer)
    assert (connection.mirror, connection.delta_link, connection.in_scope) == (None, None, None)
    first = await world.sync(customer)
    assert (first.full_reason, first.counts.created, first.counts.unchanged) == (FullReason.FIRST, 1, 1)


async def test_an_address_that_somebody_else_still_has_waits(place: Place) -> None:
    """One alone of two people who swap would give two contacts one address; the sync of both does it."""
    place.tenant.change("ada", mail="bob@contoso.example")
    place.tenant.change("bob", mail="ada@contoso.example")
    run = await place.sync_one("ada@contoso.example")
    assert (run.counts.conflicts, run.applied) == (1, 0)
    assert told(run)[2] == (StepName.MATCH, StepResult.STOPPED, ConflictReason.EMAIL_TAKEN)
    assert place.addresses()["ada"] == "ada@contoso.example"
    await place.world.sync(place.customer)
    assert place.addresses() == {
        "ada": "bob@contoso.example",
        "bob": "ada@contoso.example",
        "cyd": "cyd@contoso.example",
    }


async def test_a_newcomer_waits_for_an_address_too(place: Place) -> None:
    """Somebody new gets the address that another contact gives up in the same plan."""
    place.tenant.change("ada", mail="ada.new@contoso.example")
    place.tenant.hire("ada-2", mail="ADA@contoso.example")
    run = await place.sync_one("ada-2")
    assert (run.counts.conflicts, run.counts.created, run.applied) == (1, 0, 0)
    assert (await place.world.sync(place.customer)).counts.created == 1


async def test_an_address_that_is_double_already_is_no_obstacle(place: Place) -> None:
    """A second contact with the same address, made by hand, does not keep the person's own from an update."""
    fields = place.world.contacts.contacts(place.customer.connection_id)[0].fields
    place.world.contacts.add_by_hand(
        place.customer.connection_id, msgspec.structs.replace(fields, email="ADA@contoso.example")
    )
    place.tenant.change("ada", job_title="Engineer")
    run = await place.sync_one("ada")
    assert (run.counts.updated, run.counts.conflicts) == (1, 0)


async def test_each_step_is_explained(place: Place) -> None:
    """For whom there is nothing to do, who is left out, who is in conflict, and who is nobody."""
    place.tenant.hire("gus", user_type="Guest")
    place.tenant.hire("ada-2", mail="ada@contoso.example")
    found = {asked: told(await place.sync_one(asked)) for asked in ("cyd", "gus", "ada-2", "nobody")}
    done, stopped, needless = StepResult.DONE, StepResult.STOPPED, StepResult.NOT_NEEDED
    assert found["cyd"] == [
        (StepName.IMPORT, done, "present"),
        (StepName.SCOPE, done, "in_scope"),
        (StepName.MATCH, done, "found"),
        (StepName.PLAN, done, "unchanged"),
        (StepName.APPLY, needless, ""),
    ]
    assert found["gus"][1:3] == [
        (StepName.SCOPE, stopped, "not_in_scope.guest"),
        (StepName.MATCH, needless, ""),
    ]
    assert found["ada-2"][2:4] == [
        (StepName.MATCH, stopped, "match.email_shared_by_users"),
        (StepName.PLAN, done, "conflict"),
    ]
    assert found["nobody"][0] == (StepName.IMPORT, stopped, "user_not_found")
    assert {result for _, result, _ in found["nobody"][1:]} == {needless}


async def test_the_clauses_of_the_scope_are_shown(place: Place) -> None:
    """Every condition in force with whether the person meets it, in both outcomes."""
    everybody = Scope(user_types=tuple(UserType), enabled_only=True, departments=("Sales",))
    await place.world.configure(place.customer, Configuration(scope=everybody))
    place.tenant.change("ada", enabled=False, department="sales")
    run = await place.sync_one("ada")
    met = {clause.reason: clause.met for clause in run.steps[1].clauses}
    assert met["not_in_scope.disabled"] is False
    assert met["not_in_scope.department"] is True


@pytest.mark.parametrize("asked", ["cyd", "cyd@contoso.example"])
async def test_somebody_who_left_is_found_by_the_contact(place: Place, asked: str) -> None:
    """The contact is deactivated, and the steps say that the person was removed."""
    place.tenant.remove("cyd")
    run = await place.sync_one(asked)
    assert (run.counts.deactivated, run.counts.users_read) == (1, 0)
    assert run.counts.add_up
    assert told(run)[0] == (StepName.IMPORT, StepResult.DONE, "removed")
    assert place.contacts()["cyd"] == ("", False)


async def test_somebody_who_is_disabled_is_left_out_and_deactivated(place: Place) -> None:
    """Two lines about one person: out of scope, and what that does to the contact."""
    place.tenant.change("bob", enabled=False)
    run = await place.sync_one("bob")
    assert (run.counts.skipped, run.counts.deactivated, run.counts.users_read) == (1, 1, 1)
    assert run.counts.add_up
    assert told(run)[3:] == [
        (StepName.PLAN, StepResult.DONE, "deactivate, skip"),
        (StepName.APPLY, StepResult.DONE, ""),
    ]


async def test_what_was_written_is_in_the_log(place: Place) -> None:
    """One chunk with the person's line, before it is written."""
    place.tenant.change("ada", job_title="Engineer")
    run, _ = await place.world.app.runs.start(place.customer, RunKind.USER, Trigger.API, "ada")
    process = Process()
    await place.world.deliver(
        SyncMessage(ACCOUNT, place.customer.connection_id, run.id), place.world.start_app(process)
    )
    assert process.calls.index("FakeChangeLog.put") < process.calls.index("FakeDestination.apply")
    (line,) = place.world.changes.all(run.id)
    assert (line.kind, line.object_id) == (ChangeKind.UPDATE, "ada")


async def test_a_sync_that_was_asked_for_stays_under_way(place: Place) -> None:
    """One-user runs wait for their turn and leave the others theirs: asking again gives the same sync."""
    runs, customer = place.world.app.runs, place.customer
    one, _ = await runs.start(customer, RunKind.USER, Trigger.API, "ada")
    sync, _ = await runs.start(customer, RunKind.SYNC, Trigger.API)
    another, new = await runs.start(customer, RunKind.USER, Trigger.API, "bob")
    assert new
    await place.world.deliver(SyncMessage(ACCOUNT, customer.connection_id, one.id))
    assert await runs.start(customer, RunKind.SYNC, Trigger.API) == (sync, False)
    await place.world.drain()
    assert {run.state for run in place.world.runs.all()} == {RunState.SUCCEEDED}
    assert (await place.world.connection(customer)).current_run is None
    assert another.id in {run.id for run in place.world.runs.all()}


async def test_a_sync_asked_for_during_a_one_user_run_is_not_forgotten(place: Place) -> None:
    """It is the one under way when the other run is over."""
    one, _ = await place.world.app.runs.start(place.customer, RunKind.USER, Trigger.API, "ada")
    started: list[Run] = []

    async def ask() -> None:
        started.append((await place.world.app.runs.start(place.customer, RunKind.SYNC, Trigger.API))[0])

    app = place.world.start_app(Process(6, action=ask))
    await place.world.deliver(SyncMessage(ACCOUNT, place.customer.connection_id, one.id), app)
    assert (await place.world.connection(place.customer)).current_run == started[0].id


async def test_no_guard_stands_in_the_way_of_one_person(place: Place) -> None:
    """Whoever asks for one person has looked at that person; a run of everybody would be held."""
    for person in ("ada", "bob", "cyd"):
        place.tenant.remove(person)
    run = await place.sync_one("ada")
    assert (run.state, run.counts.deactivated) == (RunState.SUCCEEDED, 1)
    assert (await place.world.sync(place.customer)).state is not RunState.SUCCEEDED


async def test_what_it_asks_of_graph(place: Place) -> None:
    """The changes, and the one person: two requests."""
    place.tenant.manners = Manners()
    before = place.tenant.requests
    run = await place.sync_one("ada")
    assert place.tenant.requests - before == run.graph_requests == 2
