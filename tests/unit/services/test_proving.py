"""After the consent: the proof that the tenant can be read, and what may be in its way."""

from datetime import timedelta

import msgspec
import pytest

from shared.core.connection import ConnectionState
from shared.core.errors import NotFound, OperatorError, RetryLater, SourceFault
from shared.core.messages import ValidateMessage
from shared.core.permissions import GROUPS, OPTIONAL, ORGANIZATION, PROFILES, REQUIRED, Outcome, lacking
from shared.services.onboarding import Connected
from tests.fakes import ACCOUNT
from tests.fakes.directory import consent_withdrawn, permission_missing
from tests.unit.services.ways import Consent

OTHER = "7e4a47e4-0000-4000-8000-000000000002"


async def test_a_consent_that_is_still_copied_becomes_active(consent: Consent) -> None:
    """Microsoft needs a while: validating, then active, without anybody doing anything."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    consent.tenant.fail_next(*[consent_withdrawn(replicating=True)] * 4)
    step = await consent.onboarding.callback(answer, redirect.handshake)
    assert isinstance(step, Connected)
    assert step.connection.state is ConnectionState.VALIDATING
    began = consent.world.clock.now()
    await consent.world.drain()
    connection = await consent.connection()
    assert connection.state is ConnectionState.ACTIVE
    assert connection.state_since is not None
    assert timedelta(0) < connection.state_since - began <= timedelta(minutes=1)


async def test_a_consent_that_is_never_copied_needs_action(consent: Consent) -> None:
    """After some minutes it is not the copying any more."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    consent.tenant.fail_next(*[consent_withdrawn(replicating=True)] * 100)
    await consent.onboarding.callback(answer, redirect.handshake)
    await consent.world.drain()
    connection = await consent.connection()
    assert (connection.state, connection.reason) == (ConnectionState.ACTION_REQUIRED, "consent_withdrawn")


async def test_a_missing_permission_needs_action(consent: Consent) -> None:
    """At once: that answer has nothing to do with copying."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    consent.tenant.fail_next(*[permission_missing()] * 2)
    await consent.onboarding.callback(answer, redirect.handshake)
    assert (await consent.connection()).state is ConnectionState.VALIDATING
    await consent.world.drain()
    connection = await consent.connection()
    assert (connection.state, connection.reason) == (ConnectionState.ACTION_REQUIRED, "permission_missing")


@pytest.mark.parametrize(
    "trouble",
    [
        OperatorError("credential_expired", "Our secret has expired.", "Rotate it."),
        RetryLater("graph_busy", "Graph is busy.", timedelta(days=8)),
        SourceFault("answer_broken", "Half an answer.", "Nobody has to act."),
    ],
)
async def test_trouble_that_is_not_the_customers_is_waited_out(consent: Consent, trouble: Exception) -> None:
    """The consent was given; once the trouble is over the connection is active."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    consent.tenant.fail_next(*[trouble] * 20)
    step = await consent.onboarding.callback(answer, redirect.handshake)
    assert isinstance(step, Connected)
    assert step.connection.state is ConnectionState.VALIDATING
    await consent.world.drain()
    assert (await consent.connection()).state is ConnectionState.ACTIVE


async def test_trouble_that_never_ends_is_the_operators(consent: Consent) -> None:
    """After a day nobody believes any more that it goes away by itself; the last answer may still do it."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    trouble = OperatorError("credential_expired", "Our secret has expired.", "Rotate it.")
    consent.tenant.fail_next(*[trouble] * 1000)
    await consent.onboarding.callback(answer, redirect.handshake)
    began = consent.world.clock.now()
    await consent.world.drain()
    connection = await consent.connection()
    assert (connection.state, connection.reason) == (ConnectionState.ACTION_REQUIRED, "consent_unproven")
    assert timedelta(hours=23) < consent.world.clock.now() - began < timedelta(hours=26)


async def test_a_proof_that_comes_before_its_consent_is_written_comes_again(consent: Consent) -> None:
    """Key Vault may be slow; whoever dies right after it must not leave the connection half connected."""
    await consent.world.connect(consent.tenant, consent.customer)
    stored = await consent.world.connections.get(ACCOUNT, consent.customer.connection_id)
    assert stored is not None
    early = msgspec.structs.replace(stored.value, state=ConnectionState.CONSENTING)
    stored = await consent.world.connections.replace(stored, early)
    await consent.world.app.proving.validate(ValidateMessage(ACCOUNT, early.id))
    written = msgspec.structs.replace(early, state=ConnectionState.VALIDATING)
    await consent.world.connections.replace(stored, written)
    await consent.world.drain()
    assert (await consent.connection()).state is ConnectionState.ACTIVE


async def test_an_answer_of_another_tenant_is_not_a_proof(consent: Consent) -> None:
    """Should Microsoft ever answer for somebody else, nothing is read and somebody must look."""
    redirect = await consent.signed_in()
    answer = consent.world.identity.approve(redirect.url)
    consent.tenant.id = OTHER
    await consent.onboarding.callback(answer, redirect.handshake)
    await consent.world.drain()
    connection = await consent.connection()
    assert (connection.state, connection.reason) == (ConnectionState.ACTION_REQUIRED, "tenant_mismatch")


@pytest.mark.parametrize("state", [s for s in ConnectionState if s is not ConnectionState.VALIDATING])
async def test_only_a_consent_under_proof_is_proven(consent: Consent, state: ConnectionState) -> None:
    """A late message changes nothing, and asks Graph nothing."""
    await consent.world.connect(consent.tenant, consent.customer)
    stored = await consent.world.connections.get(ACCOUNT, consent.customer.connection_id)
    assert stored is not None
    stored = await consent.world.connections.replace(
        stored, msgspec.structs.replace(stored.value, state=state)
    )
    requests = consent.tenant.requests
    await consent.world.app.proving.validate(ValidateMessage(ACCOUNT, stored.value.id))
    await consent.world.app.proving.validate(ValidateMessage(ACCOUNT, "0" * 16))
    assert await consent.world.connections.get(ACCOUNT, stored.value.id) == stored
    assert consent.tenant.requests == requests


async def test_connecting_what_does_not_exist_is_not_found(consent: Consent) -> None:
    """Neither disconnecting nor anything else."""
    with pytest.raises(NotFound):
        await consent.onboarding.disconnect(ACCOUNT, "0" * 16)


async def test_what_was_granted_is_kept(consent: Consent) -> None:
    """What a sync can do without is told missing, and the connection works all the same."""
    consent.tenant.revoke("GroupMember.Read.All")
    redirect = await consent.signed_in()
    await consent.onboarding.callback(consent.world.identity.approve(redirect.url), redirect.handshake)
    connection = await consent.connection()
    assert connection.state is ConnectionState.ACTIVE
    assert {permission.name for permission in connection.permissions} == {*REQUIRED, *OPTIONAL}
    assert [item.name for item in connection.permissions if item.outcome is Outcome.MISSING] == [GROUPS]
    consent.tenant.errors.clear()
    connection = await consent.world.app.setups.try_permissions(consent.customer)
    assert not lacking(connection.permissions, GROUPS)


async def test_whoever_watches_sees_how_far_the_proof_is(consent: Consent) -> None:
    """The organization answers, the people not yet."""
    redirect = await consent.signed_in()
    fine = consent.tenant.requests + 1

    def only_the_first(number: int) -> None:
        if number > fine:
            raise consent_withdrawn(replicating=True)

    consent.tenant.on_request = only_the_first
    await consent.onboarding.callback(consent.world.identity.approve(redirect.url), redirect.handshake)
    connection = await consent.connection()
    assert connection.state is ConnectionState.VALIDATING
    found = {permission.name: permission.outcome for permission in connection.permissions}
    assert found == {PROFILES: Outcome.MISSING, ORGANIZATION: Outcome.GRANTED}


@pytest.mark.parametrize("set_up", [False, True])
async def test_whoever_is_about_to_choose_is_not_synced_before(consent: Consent, set_up: bool) -> None:
    """Neither by a message that was planned ahead nor by the next fan-out; made by a program alone it is."""
    world = consent.world
    connection = await world.connect(consent.tenant, consent.customer, set_up=set_up)
    assert (world.app.customers.next_sync(connection) is None) is set_up
    world.clock.advance(timedelta(days=1))
    await world.app.fan_out.fire()
    await world.drain(until=world.clock.now() + timedelta(days=1))
    assert bool(world.runs.all()) is not set_up
