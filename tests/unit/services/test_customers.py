"""Customers, their runs and their configuration, within one account."""

from datetime import timedelta

import msgspec
import pytest

from shared.core.configuration import BlankPolicy, Configuration, Scope
from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer, Site
from shared.core.errors import Conflict, NotFound, VersionConflict
from shared.core.messages import SyncMessage
from shared.core.models import UserType
from shared.core.run import RunKind, RunState, Trigger
from tests.contract.contracts.values import HOSTILE
from tests.fakes import ACCOUNT, World

EVERYBODY = Configuration(
    scope=Scope(user_types=(UserType.GUEST, UserType.MEMBER)), blank_in_directory=BlankPolicy.OVERWRITE
)


@pytest.fixture
def world() -> World:
    return World()


async def test_putting_creates_and_then_changes(world: World) -> None:
    """The connection's id and the date stay; name and sites are the new ones."""
    customers = world.app.customers
    first, new = await customers.put(ACCOUNT, "c-1", "Old", (Site("1", "Site"),))
    world.clock.advance(timedelta(days=1))
    second, again_new = await customers.put(ACCOUNT, "c-1", "New", ())
    assert (new, again_new) == (True, False)
    assert second == msgspec.structs.replace(first, name="New", sites=())
    assert await customers.get(ACCOUNT, "c-1") == second


async def test_customers_have_connections_of_their_own(world: World) -> None:
    """Also those with the same id in two accounts."""
    made = [(await world.app.customers.put(account, "c", "C", ()))[0] for account in (ACCOUNT, "other")]
    made += [(await world.app.customers.put(ACCOUNT, text, "C", ()))[0] for text in HOSTILE]
    assert len({customer.connection_id for customer in made}) == len(made)


async def test_what_belongs_to_another_account_does_not_exist(world: World) -> None:
    """Customer, connection and run look exactly like missing ones."""
    customer, _ = await world.connected("ada")
    run = await world.sync(customer)
    customers = world.app.customers
    stranger = Customer("c-1", "other", "C", customer.connection_id, world.clock.now())
    with pytest.raises(NotFound) as foreign:
        await customers.get("other", customer.id)
    with pytest.raises(NotFound) as missing:
        await customers.get(ACCOUNT, "missing")
    assert (foreign.value.title, foreign.value.detail) == (missing.value.title, missing.value.detail)
    with pytest.raises(NotFound):
        await customers.connection(stranger)
    with pytest.raises(NotFound):
        await world.app.runs.start(stranger, RunKind.SYNC, Trigger.API)
    with pytest.raises(NotFound):
        await world.app.runs.get("other", run.id)
    assert await world.app.runs.get(ACCOUNT, run.id) == run


@pytest.mark.parametrize("run_id", ["", "run_", "run_" + "0" * 37, *HOSTILE])
async def test_a_run_that_is_none_is_not_found(world: World, run_id: str) -> None:
    """Whatever text is asked for."""
    with pytest.raises(NotFound):
        await world.app.runs.get(ACCOUNT, run_id)


async def test_a_customer_without_connection_has_none(world: World) -> None:
    """That is no error for those who only look."""
    customer = await world.customer()
    assert await world.app.customers.find_connection(customer) is None
    with pytest.raises(NotFound):
        await world.app.customers.connection(customer)


async def test_a_run_on_demand_is_queued_at_once(world: World) -> None:
    """One run, one message, and the connection knows of it."""
    customer, _ = await world.connected("ada")
    run, new = await world.app.runs.start(customer, RunKind.FULL, Trigger.PORTAL)
    assert new
    assert (run.state, run.kind, run.trigger) == (RunState.QUEUED, RunKind.FULL, Trigger.PORTAL)
    assert await world.runs.get(run.id) == run
    assert (await world.connection(customer)).current_run == run.id
    message = SyncMessage(ACCOUNT, customer.connection_id, run.id)
    assert [waiting.message for waiting in world.queue.waiting] == [message]


async def test_asking_again_gives_the_run_under_way(world: World) -> None:
    """Queued or running, it is not doubled; once it has ended there is a new one."""
    customer, _ = await world.connected("ada")
    first, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    again, new = await world.app.runs.start(customer, RunKind.SYNC, Trigger.PORTAL)
    assert (again.id, new) == (first.id, False)
    assert len(world.queue.waiting) == 1
    await world.drain()
    world.clock.advance(timedelta(seconds=1))
    later, new = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert new
    assert later.id < first.id, "the newest sorts first"


@pytest.mark.parametrize(
    ("waited", "messages"), [(timedelta(minutes=15), 0), (timedelta(minutes=15, seconds=1), 1)]
)
async def test_a_run_whose_message_was_lost_gets_another(
    world: World, waited: timedelta, messages: int
) -> None:
    """After a quarter of an hour without a sign of life, asking for it revives it."""
    customer, _ = await world.connected("ada")
    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    world.queue.waiting.clear()
    world.clock.advance(waited)
    again, new = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert (again.id, new, len(world.queue.waiting)) == (run.id, False, messages)
    await world.drain()
    found = await world.runs.get(run.id)
    assert found is not None
    assert (found.state is RunState.SUCCEEDED) == bool(messages)


async def test_a_run_that_somebody_works_on_gets_no_other_message(world: World) -> None:
    """However long ago it last said something."""
    customer, _ = await world.connected("ada")
    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    world.queue.waiting.clear()
    world.clock.advance(timedelta(hours=1))
    stored = await world.app.customers.connection(customer)
    until = world.clock.now() + timedelta(seconds=1)
    await world.connections.replace(
        stored, msgspec.structs.replace(stored.value, lease_owner=run.id, lease_until=until)
    )
    await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert world.queue.waiting == []


async def test_only_an_active_connection_can_be_synced(world: World) -> None:
    """The refusal names the state as people see it, and leaves no run."""
    customer, _ = await world.connected("ada")
    await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    with pytest.raises(Conflict, match="connection_not_active") as refused:
        await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert "disconnected" in refused.value.title
    assert world.runs.all() == []


async def test_a_consent_nobody_finished_is_called_pending(world: World) -> None:
    """Ten minutes later the connection is not consenting any more."""
    customer = await world.customer()
    _, url = await world.app.onboarding.begin(customer, Grant.APPLICATION)
    await world.app.onboarding.start(url.partition("ticket=")[2])
    world.clock.advance(timedelta(minutes=10))
    with pytest.raises(Conflict) as refused:
        await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    assert "pending" in refused.value.title


async def test_the_next_sync_is_announced_while_there_will_be_one(world: World) -> None:
    """Within the next twelve hours and the spread; never for a connection that is not active."""
    customer, _ = await world.connected("ada")
    connection = await world.connection(customer)
    coming = world.app.customers.next_sync(connection)
    assert coming is not None
    assert world.clock.now() < coming <= world.clock.now() + timedelta(hours=13)
    for state in ConnectionState:
        if state is not ConnectionState.ACTIVE:
            other = msgspec.structs.replace(connection, state=state)
            assert world.app.customers.next_sync(other) is None


async def test_a_configuration_is_replaced_by_whoever_has_read_it(world: World) -> None:
    """The version goes up by one; whoever knows an older one is refused and changes nothing."""
    customer, _ = await world.connected("ada")
    configured = await world.app.customers.configure(customer, EVERYBODY, 1)
    assert (configured.configuration, configured.configuration_version) == (EVERYBODY, 2)
    for version in (1, 3):
        with pytest.raises(VersionConflict):
            await world.app.customers.configure(customer, Configuration(), version)
    assert (await world.connection(customer)).configuration == EVERYBODY


async def test_a_configuration_written_meanwhile_is_not_overwritten(world: World) -> None:
    """Two with the same version: one of them is refused, even where both had read it before."""
    customer, _ = await world.connected("ada")
    replace = world.connections.replace
    calls = 0

    async def late(stored: object, value: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            await world.app.customers.configure(customer, EVERYBODY, 1)
        return await replace(stored, value)  # type: ignore[arg-type]

    app = world.start_app()
    world.connections.replace = late  # type: ignore[method-assign, assignment]
    with pytest.raises(VersionConflict):
        await app.customers.configure(customer, Configuration(), 1)
    assert (await world.connection(customer)).configuration == EVERYBODY


async def test_a_wider_configuration_counts_in_the_next_run(world: World) -> None:
    """People who were left out before are imported without a full read."""
    customer, tenant = await world.connected("ada")
    tenant.hire("gus", user_type="Guest")
    assert (await world.sync(customer)).counts.skipped == 1
    await world.app.customers.configure(customer, EVERYBODY, 1)
    run = await world.sync(customer)
    assert (run.counts.created, run.counts.skipped, run.counts.unchanged) == (1, 0, 1)


async def test_lists_are_cut_into_pages(world: World) -> None:
    """Customers by id, runs newest first."""
    customers = world.app.customers
    for number in range(5):
        await customers.put(ACCOUNT, f"c-{number}", "C", ())
    page = await customers.list(ACCOUNT, 3, None)
    rest = await customers.list(ACCOUNT, 3, page.after)
    assert [c.id for c in (*page.items, *rest.items)] == [f"c-{number}" for number in range(5)]
    customer, _ = await world.connected("ada")
    made = []
    for _ in range(3):
        made.append((await world.sync(customer)).id)
        world.clock.advance(timedelta(seconds=1))
    first = await world.app.runs.list(customer, 2, None)
    second = await world.app.runs.list(customer, 2, first.after)
    assert [run.id for run in (*first.items, *second.items)] == made[::-1]
