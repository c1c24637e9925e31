"""Connecting a tenant: both grants all the way, every refusal, and nothing stored after one."""

import contextlib
from datetime import timedelta

import msgspec
import pytest

from shared.core.connection import HANDSHAKE_LIFETIME, Connection, ConnectionState, Grant
from shared.core.consent import APPLICATION_ADMINISTRATOR
from shared.core.errors import (
    ConsentRefused,
    Gone,
    TenantryError,
)
from shared.ports import SignIn, Stored
from shared.services.onboarding import Connected, Onboarding, Redirect
from tests.fakes import TENANT, Process, World, admin
from tests.unit.services.ways import Consent

OTHER = "7e4a47e4-0000-4000-8000-000000000002"
SECOND = timedelta(seconds=1)


async def test_an_admin_consents_for_the_application(consent: Consent) -> None:
    """Sign in, approve, proof: the connection is active and says who connected what, and when."""
    connection, url = await consent.onboarding.begin(consent.customer, Grant.APPLICATION)
    assert connection.state is ConnectionState.PENDING
    assert url.startswith("https://tenantry.example/connect/start?ticket=")
    redirect = await consent.signed_in()
    assert (await consent.connection()).state is ConnectionState.CONSENTING
    assert f"/{TENANT}/" in redirect.url
    step = await consent.onboarding.callback(consent.world.identity.approve(redirect.url), redirect.handshake)
    assert isinstance(step, Connected)
    connection = await consent.connection()
    assert step.connection == connection
    assert (connection.state, connection.grant) == (ConnectionState.ACTIVE, Grant.APPLICATION)
    assert (connection.tenant_id, connection.tenant_name, connection.tenant_domain) == (
        TENANT,
        "Contoso",
        "contoso.example",
    )
    assert connection.connected_by == f"admin@{TENANT}.example"
    assert (connection.connected_at, connection.consent_expires_at) == (consent.world.clock.now(), None)
    assert connection.secret_name in consent.world.secrets.values


async def test_an_admin_signs_in_for_a_delegated_grant(consent: Consent) -> None:
    """One step less: the token cache of the sign-in is what is kept, in the vault only."""
    consent.tenant.consented = True
    redirect = await consent.started(Grant.DELEGATED)
    person = admin(TENANT, token_cache='{"refresh": "eyJ0oken"}')
    person = msgspec.structs.replace(person, directory_roles=frozenset({APPLICATION_ADMINISTRATOR}))
    answer = consent.world.identity.sign_in(redirect.url, person)
    step = await consent.onboarding.callback(answer, redirect.handshake)
    assert isinstance(step, Connected)
    connection = await consent.connection()
    assert (connection.state, connection.grant) == (ConnectionState.ACTIVE, Grant.DELEGATED)
    assert consent.world.secrets.values == {connection.secret_name: '{"refresh": "eyJ0oken"}'}
    assert b"eyJ0oken" not in msgspec.json.encode(connection)


async def test_beginning_again_finds_the_same_connection(consent: Consent) -> None:
    """Each time with another link; two at once make one connection."""
    first, one = await consent.onboarding.begin(consent.customer, Grant.APPLICATION)
    second, other = await consent.onboarding.begin(consent.customer, Grant.APPLICATION)
    assert first == second
    assert one != other
    assert len(consent.world.connections.all()) == 1


async def test_two_that_begin_at_once_make_one_connection(consent: Consent) -> None:
    """Whoever comes second takes what the first one made."""
    first, _ = await consent.onboarding.begin(consent.customer, Grant.APPLICATION)
    get, calls = consent.world.connections.get, 0

    async def nothing_at_first(account_id: str, connection_id: str) -> Stored[Connection] | None:
        nonlocal calls
        calls += 1
        return None if calls == 1 else await get(account_id, connection_id)

    consent.world.connections.get = nothing_at_first  # type: ignore[method-assign]
    second, _ = await consent.world.start_app().onboarding.begin(consent.customer, Grant.APPLICATION)
    assert (second, calls) == (first, 2)


@pytest.mark.parametrize("waited", [HANDSHAKE_LIFETIME - SECOND, HANDSHAKE_LIFETIME])
async def test_a_link_works_once_and_for_ten_minutes(consent: Consent, waited: timedelta) -> None:
    """A second before it works, then never again."""
    _, url = await consent.onboarding.begin(consent.customer, Grant.APPLICATION)
    ticket = url.partition("ticket=")[2]
    consent.world.clock.advance(waited)
    if waited < HANDSHAKE_LIFETIME:
        await consent.onboarding.start(ticket)
    for nonsense in (ticket, ticket[:-1], "", "nonsense"):
        with pytest.raises(Gone):
            await consent.onboarding.start(nonsense)


async def test_a_sign_in_that_takes_too_long_is_gone(consent: Consent) -> None:
    """After ten minutes the answer counts no more, and the connection looks pending."""
    redirect = await consent.started()
    answer = consent.world.identity.sign_in(redirect.url, admin(TENANT))
    consent.world.clock.advance(HANDSHAKE_LIFETIME)
    with pytest.raises(Gone):
        await consent.onboarding.callback(answer, redirect.handshake)
    connection = await consent.connection()
    assert connection.state_at(consent.world.clock.now()) is ConnectionState.PENDING


async def test_a_replayed_answer_is_gone(consent: Consent) -> None:
    """Both the answer of the sign-in and the one of the approval count once."""
    redirect = await consent.started()
    answer = consent.world.identity.sign_in(redirect.url, admin(TENANT))
    step = await consent.onboarding.callback(answer, redirect.handshake)
    assert isinstance(step, Redirect)
    with pytest.raises(Gone):
        await consent.onboarding.callback(answer, redirect.handshake)
    approval = consent.world.identity.approve(step.url)
    await consent.onboarding.callback(approval, step.handshake)
    before = await consent.connection()
    with pytest.raises(Gone):
        await consent.onboarding.callback(approval, step.handshake)
    assert await consent.connection() == before


@pytest.mark.parametrize("browser", [None, "", "another browser's cookie"])
async def test_another_browser_cannot_finish(consent: Consent, browser: str | None) -> None:
    """The address bar has one half of the secret, the cookie the other; the right browser still can."""
    redirect = await consent.started()
    answer = consent.world.identity.sign_in(redirect.url, admin(TENANT))
    with pytest.raises(Gone):
        await consent.onboarding.callback(answer, browser)
    assert isinstance(await consent.onboarding.callback(answer, redirect.handshake), Redirect)


@pytest.mark.parametrize("state", [None, "", "forged", "a.b"])
async def test_a_forged_state_is_gone(consent: Consent, state: str | None) -> None:
    """Nobody can make up an answer."""
    redirect = await consent.started()
    forged = {"admin_consent": "True", "tenant": TENANT} | ({} if state is None else {"state": state})
    with pytest.raises(Gone):
        await consent.onboarding.callback(forged, redirect.handshake)
    assert consent.world.secrets.values == {}
    assert (await consent.connection()).tenant_id is None


async def test_a_forged_approval_does_not_replace_the_sign_in(consent: Consent) -> None:
    """An approval in place of the sign-in's answer proves nobody."""
    redirect = await consent.started()
    state = consent.world.identity.sign_in(redirect.url, admin(TENANT))["state"]
    with pytest.raises(ConsentRefused):
        await consent.onboarding.callback(
            {"admin_consent": "True", "tenant": TENANT, "state": state}, redirect.handshake
        )
    await consent.nothing_was_stored()


REFUSED = [
    (msgspec.structs.replace(admin(TENANT), is_guest=True), "guest_not_allowed"),
    (msgspec.structs.replace(admin(TENANT), directory_roles=frozenset()), "admin_required"),
    (
        msgspec.structs.replace(admin(TENANT), directory_roles=frozenset({APPLICATION_ADMINISTRATOR})),
        "admin_required",
    ),
]


@pytest.mark.parametrize(("person", "code"), REFUSED)
async def test_whoever_may_not_consent_is_refused(consent: Consent, person: SignIn, code: str) -> None:
    """Guests, people without a role, and roles that may not approve application permissions."""
    with pytest.raises(ConsentRefused) as refused:
        await consent.signed_in(person)
    assert refused.value.code == code
    await consent.nothing_was_stored()


async def test_declining_the_sign_in_changes_nothing(consent: Consent) -> None:
    """The window was closed."""
    redirect = await consent.started()
    with pytest.raises(ConsentRefused):
        await consent.onboarding.callback(consent.world.identity.decline(redirect.url), redirect.handshake)
    await consent.nothing_was_stored()


@pytest.mark.parametrize(
    "change",
    [
        {"error": "access_denied"},
        {"error": "access_denied", "admin_consent": "True", "tenant": TENANT},
        {"admin_consent": "True", "tenant": OTHER},
        {"admin_consent": "True", "tenant": ""},
        {"admin_consent": "False", "tenant": TENANT},
    ],
)
async def test_an_answer_that_is_no_approval_changes_nothing(
    consent: Consent, change: dict[str, str]
) -> None:
    """Declined, for another tenant, or something else altogether."""
    redirect = await consent.signed_in()
    state = consent.world.identity.approve(redirect.url)["state"]
    with pytest.raises(ConsentRefused):
        await consent.onboarding.callback(change | {"state": state}, redirect.handshake)
    await consent.nothing_was_stored()


async def test_after_a_refusal_the_next_try_can_succeed(consent: Consent) -> None:
    """Nothing of the failed one is in its way."""
    with pytest.raises(ConsentRefused):
        await consent.signed_in(REFUSED[0][0])
    assert (await consent.world.connect(consent.tenant, consent.customer)).state is ConnectionState.ACTIVE


async def test_a_reconnect_from_another_tenant_is_refused(consent: Consent) -> None:
    """The connection works on as it was, with its secret."""
    await consent.world.connect(consent.tenant, consent.customer)
    before, secrets = await consent.connection(), dict(consent.world.secrets.values)
    consent.world.tenant(OTHER)
    with pytest.raises(ConsentRefused, match="tenant_mismatch"):
        await consent.signed_in(admin(OTHER))
    assert await consent.connection() == before
    assert consent.world.secrets.values == secrets


async def test_a_reconnect_keeps_everything_but_the_proof(consent: Consent) -> None:
    """Same id, links, configuration, mirror and delta link; the secret is a new one under the old name."""
    customer, world = consent.customer, consent.world
    await world.connect(consent.tenant, customer)
    await world.sync(customer)
    before = await consent.connection()
    world.clock.advance(timedelta(days=1))
    consent.tenant.consented = False
    await world.sync(customer)
    assert (await consent.connection()).state is ConnectionState.ACTION_REQUIRED
    after = await world.connect(consent.tenant, customer)
    assert after.state is ConnectionState.ACTIVE
    kept = ("id", "secret_name", "delta_link", "mirror", "configuration", "created_at", "synced_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.connected_at == world.clock.now()
    run = await world.sync(customer)
    assert (run.counts.unchanged, run.counts.created) == (1, 0)


async def test_two_tenants_cannot_race_for_one_connection() -> None:
    """Two admins come back at once: at whatever call they meet, one connects and the other is refused."""
    process = Process()
    await _race(process)
    for at in range(1, len(process.calls) + 1):
        assert await _race(Process(at)) in ({TENANT: True, OTHER: False}, {TENANT: False, OTHER: True})


async def test_who_loses_a_race_leaves_no_token_behind() -> None:
    """Two delegated sign-ins meet at any call: the vault never holds the tokens of the refused tenant."""
    process = Process()
    await _delegated_race(process)
    for at in range(1, len(process.calls) + 1):
        await _delegated_race(Process(at))


async def _delegated_race(process: Process) -> None:
    world = World()
    customer = await world.customer()
    ways = {tenant_id: Consent(world, customer, world.tenant(tenant_id)) for tenant_id in (TENANT, OTHER)}
    started = {tenant_id: await way.started(Grant.DELEGATED) for tenant_id, way in ways.items()}

    async def come_back(tenant_id: str, onboarding: Onboarding) -> None:
        person = admin(tenant_id, token_cache=f"tokens of {tenant_id}")
        answer = world.identity.sign_in(started[tenant_id].url, person)
        with contextlib.suppress(TenantryError):
            await onboarding.callback(answer, started[tenant_id].handshake)

    process.interrupt_with(lambda: come_back(OTHER, world.app.onboarding))
    await come_back(TENANT, world.start_app(process).onboarding)
    (connection,) = world.connections.all()
    assert connection.tenant_id in ways
    assert list(world.secrets.values) == [connection.secret_name]
    assert set(world.secrets.values.values()) <= {f"tokens of {connection.tenant_id}", "{}"}


async def test_what_microsoft_says_about_a_tenant_is_cleaned(consent: Consent) -> None:
    """Names are chosen by the customer: no control or reordering characters, and no end of them."""
    consent.tenant.display_name = "Con\u202etoso\0 \n " + "x" * 100_000
    consent.tenant.domain = "contoso\x1b[31m.example"
    person = msgspec.structs.replace(admin(TENANT), username="ad\nmin@contoso.example")
    redirect = await consent.signed_in(person)
    await consent.onboarding.callback(consent.world.identity.approve(redirect.url), redirect.handshake)
    connection = await consent.connection()
    assert connection.tenant_name == "Contoso " + "x" * 312
    assert connection.tenant_domain == "contoso[31m.example"
    assert connection.connected_by == "ad min@contoso.example"


async def _race(process: Process) -> dict[str, bool]:
    """Who of two tenants got the connection, where the second one comes at some call of the first."""
    world = World()
    customer = await world.customer()
    ways = {tenant_id: Consent(world, customer, world.tenant(tenant_id)) for tenant_id in (TENANT, OTHER)}
    steps = {key: await way.signed_in(admin(key)) for key, way in ways.items()}
    connected: dict[str, bool] = {}

    async def come_back(tenant_id: str, onboarding: Onboarding) -> None:
        step = steps[tenant_id]
        try:
            await onboarding.callback(world.identity.approve(step.url), step.handshake)
            connected[tenant_id] = True
        except TenantryError:
            connected[tenant_id] = False

    process.interrupt_with(lambda: come_back(OTHER, world.app.onboarding))
    await come_back(TENANT, world.start_app(process).onboarding)
    await world.drain()
    (connection,) = world.connections.all()
    assert connection.state is ConnectionState.ACTIVE
    assert connected[connection.tenant_id or ""]
    assert list(world.secrets.values) == [connection.secret_name]
    return connected
