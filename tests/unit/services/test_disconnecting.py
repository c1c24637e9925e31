"""Disconnecting leaves nothing that could reach the tenant, whenever it happens."""

import contextlib
from datetime import timedelta

import pytest

from shared.core.connection import HANDSHAKE_LIFETIME, Connection, ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.errors import TenantryError
from shared.core.run import RunKind, RunState, Trigger
from shared.services.onboarding import Connected, Redirect
from tests.fakes import ACCOUNT, TENANT, FakeDirectory, Process, ProcessKilled, World, admin

OTHER = "7e4a47e4-0000-4000-8000-000000000002"


async def synced() -> tuple[World, Customer, FakeDirectory]:
    """A customer that was synced once."""
    world = World()
    customer, tenant = await world.connected("ada")
    await world.sync(customer)
    return world, customer, tenant


def nothing_left(world: World, connection: Connection) -> bool:
    return (
        connection.state is ConnectionState.DISCONNECTED
        and (connection.secret_name, connection.delta_link, connection.mirror) == (None, None, None)
        and world.secrets.values == {}
        and world.mirrors.mirrors == {}
    )


async def test_disconnecting_forgets_the_tenants_data_and_keeps_the_rest() -> None:
    """Secret, delta link and mirror go; contacts, runs, configuration and the tenant's name stay."""
    world, customer, _ = await synced()
    before, contacts = await world.connection(customer), world.contacts.stored(customer.connection_id)
    ended = await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    assert nothing_left(world, ended)
    assert ended == await world.connection(customer)
    assert (ended.tenant_id, ended.configuration, ended.last_run) == (
        TENANT,
        before.configuration,
        before.last_run,
    )
    assert world.contacts.stored(customer.connection_id) == contacts
    assert len(world.runs.all()) == 1


async def test_disconnecting_again_changes_nothing() -> None:
    """It is as disconnected as before."""
    world, customer, _ = await synced()
    first = await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    world.clock.advance(timedelta(hours=1))
    assert await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id) == first


async def test_disconnecting_what_was_never_connected() -> None:
    """A connection somebody began and never finished can be disconnected too."""
    world = World()
    customer = await world.customer()
    await world.app.onboarding.begin(customer, Grant.APPLICATION)
    ended = await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    assert nothing_left(world, ended)


async def test_a_disconnect_that_was_cut_short_is_finished_by_asking_again() -> None:
    """Killed at any call: after the next try neither secret nor mirror is left."""
    world, customer, _ = await synced()
    process = Process()
    await world.start_app(process).onboarding.disconnect(ACCOUNT, customer.connection_id)
    for at in range(1, len(process.calls) + 1):
        for after in (False, True):
            world, customer, _ = await synced()
            app = world.start_app(Process(at, after=after))
            with pytest.raises(ProcessKilled):
                await app.onboarding.disconnect(ACCOUNT, customer.connection_id)
            ended = await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
            assert nothing_left(world, ended)


async def test_another_tenant_may_connect_afterwards() -> None:
    """Its read starts from nothing; contacts with the same address are adopted, others stay."""
    world, customer, _ = await synced()
    await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    second = world.tenant(OTHER)
    second.hire("new-ada", mail="ada@contoso.example")
    connection = await world.connect(second, customer)
    assert (connection.state, connection.tenant_id) == (ConnectionState.ACTIVE, OTHER)
    run = await world.sync(customer)
    assert (run.counts.linked, run.counts.created, run.counts.kept) == (1, 0, 0)


async def before_the_last_step(grant: Grant) -> tuple[World, Customer, FakeDirectory, dict[str, str], str]:
    """An admin is about to come back from Microsoft: the answer, and the browser's half of the secret."""
    world = World()
    customer, tenant = await world.customer(), world.tenant(TENANT, "ada")
    _, url = await world.app.onboarding.begin(customer, grant)
    redirect = await world.app.onboarding.start(url.partition("ticket=")[2])
    answer = world.identity.sign_in(redirect.url, admin(TENANT, token_cache="{}"))
    if grant is Grant.DELEGATED:
        tenant.consented = True
        return world, customer, tenant, answer, redirect.handshake
    step = await world.app.onboarding.callback(answer, redirect.handshake)
    assert isinstance(step, Redirect)
    return world, customer, tenant, world.identity.approve(step.url), step.handshake


@pytest.mark.parametrize("grant", list(Grant))
async def test_a_disconnect_during_the_consent_wins(grant: Grant) -> None:
    """At whatever call of the last step it happens: nothing is left, and Graph is left alone."""
    world, _, _, answer, handshake = await before_the_last_step(grant)
    process = Process()
    assert isinstance(await world.start_app(process).onboarding.callback(answer, handshake), Connected)
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            world, customer, tenant, answer, handshake = await before_the_last_step(grant)

            async def disconnect(world: World = world, customer: Customer = customer) -> None:
                await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)

            app = world.start_app(Process(at, after=after, action=disconnect))
            with contextlib.suppress(TenantryError):
                await app.onboarding.callback(answer, handshake)
            requests = tenant.requests
            await world.drain()
            if not nothing_left(world, await world.connection(customer)) or tenant.requests != requests:
                wrong.append(f"{'after' if after else 'before'} {at} {call}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("grant", list(Grant))
async def test_killed_during_the_consent_it_is_proven_later_or_begun_again(grant: Grant) -> None:
    """Killed at any call of the last step: the connection becomes active by itself, or it never moved."""
    world, _, _, answer, handshake = await before_the_last_step(grant)
    process = Process()
    await world.start_app(process).onboarding.callback(answer, handshake)
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            world, customer, tenant, answer, handshake = await before_the_last_step(grant)
            with pytest.raises(ProcessKilled):
                await world.start_app(Process(at, after=after)).onboarding.callback(answer, handshake)
            await world.drain()
            connection = await world.connection(customer)
            if connection.state is not ConnectionState.ACTIVE:
                where = f"{'after' if after else 'before'} {at} {call}"
                if connection.state_at(world.clock.now() + HANDSHAKE_LIFETIME) is not ConnectionState.PENDING:
                    wrong.append(f"{where}: stuck as {connection.state}")
                await world.connect(tenant, customer)
                connection = await world.connection(customer)
            assert connection.state is ConnectionState.ACTIVE
            assert list(world.secrets.values) == [connection.secret_name]
    assert not wrong, "\n".join(wrong)


async def test_a_read_that_is_too_late_is_forgotten_as_well() -> None:
    """A worker that was reading when somebody disconnected leaves no mirror and changes no contact."""
    world, customer, tenant = await synced()
    await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    tenant.hire("bob")
    process = Process()
    app = world.start_app(process)
    await world.drain(lambda: app)
    for at in range(1, len(process.calls) + 1):
        world, customer, tenant = await synced()
        await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
        tenant.hire("bob")

        async def disconnect(world: World = world, customer: Customer = customer) -> None:
            await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
            world.clock.advance(timedelta(minutes=2))

        late = world.start_app(Process(at, action=disconnect))
        await world.drain(lambda late=late: late)  # type: ignore[misc]
        assert nothing_left(world, await world.connection(customer)), process.calls[at - 1]
        ended = {found.state for found in world.runs.all()}
        assert ended <= {RunState.SUCCEEDED, RunState.CANCELED}, process.calls[at - 1]
