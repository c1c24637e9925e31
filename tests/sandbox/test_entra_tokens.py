"""The token endpoint of the simulated Entra ID: what it gives, and how it refuses."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientSecretCredential

from sandbox.simulators.tokens import GRAPH_AUDIENCE, InvalidToken
from sandbox.world.model import Application
from tests.sandbox.conftest import APP_ROLES, CLIENT_ID, GRAPH_SCOPE, SECRET, Identity


@pytest.fixture
def consented(identity: Identity) -> Identity:
    """The same world, in which Contoso has consented to the application."""
    identity.contoso.grant_consent(CLIENT_ID, APP_ROLES, {*APP_ROLES, "openid", "profile", "offline_access"})
    return identity


def refused(response: Any) -> tuple[int, str, list[int]]:
    body = response.json()
    return response.status_code, body["error"], body["error_codes"]


async def refresh_token(identity: Identity, **parameters: str) -> str:
    told = await identity.sign_in("admin@contoso.example", **parameters)
    return str((await identity.redeem(told["code"])).json()["refresh_token"])


async def test_client_credentials_give_the_permissions_that_were_consented_to(consented: Identity) -> None:
    """An app-only token names the tenant, the application and its permissions, and lives 60 to 90 minutes."""
    answer = (await consented.app_token(consented.contoso.id)).json()
    assert set(answer) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    claims = consented.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)
    principal = consented.contoso.service_principals[CLIENT_ID]
    assert (claims["tid"], claims["appid"], claims["oid"]) == (consented.contoso.id, CLIENT_ID, principal.id)
    assert set(claims["roles"]) == APP_ROLES
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    assert 3600 <= answer["expires_in"] <= 5400


async def test_a_tenant_can_be_named_by_its_domain(consented: Identity) -> None:
    """The token endpoint takes a verified domain for the tenant."""
    answer = (await consented.app_token("contoso.example")).json()
    claims = consented.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)
    assert claims["tid"] == consented.contoso.id


async def test_a_consent_without_permissions_gives_a_token_without_roles(identity: Identity) -> None:
    """After a mere sign-in the application gets a token, which is good for nothing."""
    identity.contoso.grant_consent(CLIENT_ID)
    answer = (await identity.app_token(identity.contoso.id)).json()
    assert "roles" not in identity.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)


async def test_msal_gets_an_app_only_token(consented: Identity) -> None:
    """MSAL's client credentials work, with the secret in the form."""

    def acquire() -> dict[str, Any]:
        with requests.Session() as session:
            client = msal.ConfidentialClientApplication(
                CLIENT_ID,
                client_credential=SECRET,
                authority=f"{consented.url}/{consented.contoso.id}",
                instance_discovery=False,
                http_client=session,
            )
            answer: dict[str, Any] = client.acquire_token_for_client([GRAPH_SCOPE])
            return answer

    answer = await asyncio.to_thread(acquire)
    claims = consented.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)
    assert set(claims["roles"]) == APP_ROLES


async def test_azure_identity_gets_a_token_for_another_tenant(consented: Identity) -> None:
    """One credential serves every customer's tenant, and its error shows the service's."""
    async with ClientSecretCredential(
        consented.operator.id,
        CLIENT_ID,
        SECRET,
        authority=consented.url,
        additionally_allowed_tenants=["*"],
        connection_verify=str(consented.authority.bundle_path),
    ) as credential:
        token = await credential.get_token(GRAPH_SCOPE, tenant_id=consented.contoso.id)
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000229"):
            await credential.get_token(GRAPH_SCOPE, tenant_id=consented.fabrikam.id)
    claims = consented.tokens.verify_access_token(token.token, GRAPH_AUDIENCE)
    assert claims["tid"] == consented.contoso.id


async def test_an_error_has_the_documented_members(identity: Identity) -> None:
    """A refusal carries codes, ids and time, repeats them in the description, and takes the caller's id."""
    response = await identity.http.post(
        f"{identity.url}/{identity.contoso.id}/oauth2/v2.0/token",
        data={
            "client_id": CLIENT_ID,
            "client_secret": "wrong",
            "grant_type": "client_credentials",
            "scope": GRAPH_SCOPE,
        },
        headers={"client-request-id": "6f1c2f0a-55d6-4a8e-bd42-0f3d9a7c1e21"},
    )
    body = response.json()
    assert refused(response) == (401, "invalid_client", [7000215])
    assert body["correlation_id"] == "6f1c2f0a-55d6-4a8e-bd42-0f3d9a7c1e21"
    assert body["error_uri"] == f"{identity.url}/error?code=7000215"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert body["error_description"].endswith(
        f" Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']}"
        f" Timestamp: {body['timestamp']}"
    )
    assert body["error_description"].startswith("AADSTS7000215: ")
    assert (await identity.http.get(body["error_uri"])).status_code == 200


@pytest.mark.parametrize(
    ("tenant", "form", "expected"),
    [
        ("contoso.example", {"client_secret": "wrong"}, (401, "invalid_client", [7000215])),
        ("contoso.example", {"client_secret": ""}, (401, "invalid_client", [7000218])),
        ("contoso.example", {"client_id": ""}, (400, "invalid_request", [900144])),
        ("contoso.example", {"client_id": "nonsense"}, (400, "unauthorized_client", [700038])),
        (
            "contoso.example",
            {"client_id": "0b0a4c51-0c5f-4a7e-9a3c-2f0e8f8f9f10"},
            (400, "unauthorized_client", [700016]),
        ),
        ("contoso.example", {"scope": "User.Read.All"}, (400, "invalid_scope", [1002012])),
        ("contoso.example", {"scope": "https://x.example/.default"}, (400, "invalid_resource", [500011])),
        ("contoso.example", {"grant_type": "password"}, (400, "unsupported_grant_type", [70003])),
        ("contoso.example", {}, (401, "invalid_client", [7000229])),
        ("nowhere.example", {}, (400, "invalid_request", [90002])),
        ("organizations", {}, (400, "invalid_request", [9001023])),
        ("common", {}, (400, "invalid_request", [9001023])),
        ("consumers", {}, (400, "invalid_request", [9001023])),
    ],
)
async def test_client_credentials_are_refused(
    identity: Identity, tenant: str, form: dict[str, str], expected: tuple[int, str, list[int]]
) -> None:
    """Every refusal has its status, OAuth error and number."""
    fields = {"grant_type": "client_credentials", "scope": GRAPH_SCOPE, **form}
    assert refused(await identity.token(tenant, **fields)) == expected


async def test_a_deleted_tenant_and_a_disabled_application_are_refused(consented: Identity) -> None:
    """A customer can be gone for good, or have blocked the application."""
    consented.contoso.service_principals[CLIENT_ID].enabled = False
    disabled = refused(await consented.app_token(consented.contoso.id))
    assert disabled == (400, "unauthorized_client", [7000112])
    consented.contoso.deleted = True
    gone = refused(await consented.app_token(consented.contoso.id))
    assert gone == (400, "invalid_request", [5000224])


async def test_at_home_other_resources_need_no_consent(identity: Identity) -> None:
    """The service's own vault is open to it without a consent; Graph is not, and no other tenant is."""
    scope = "https://vault.azure.net/.default"
    answer = (await identity.app_token(identity.operator.id, scope=scope)).json()
    claims = identity.tokens.verify_access_token(answer["access_token"], "https://vault.azure.net")
    assert claims["tid"] == identity.operator.id
    with pytest.raises(InvalidToken, match="audience"):
        identity.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)
    assert refused(await identity.app_token(identity.operator.id))[2] == [7000229]
    assert refused(await identity.app_token(identity.contoso.id, scope=scope))[2] == [7000229]


async def test_basic_authentication_works_too(consented: Identity) -> None:
    """The secret may be sent in an Authorization header."""
    response = await consented.http.post(
        f"{consented.url}/{consented.contoso.id}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": GRAPH_SCOPE},
        auth=(CLIENT_ID, SECRET),
    )
    assert response.status_code == 200


async def test_replication_hides_a_new_consent_for_some_tries(identity: Identity) -> None:
    """After a consent the first tries fail as if it were missing, then it is there for good."""
    await identity.control("replication", failures=2)
    async with identity.person() as person:
        await person.connect(identity.admin_consent_url(identity.contoso.id), account="admin@contoso.example")
    answers = [await identity.app_token(identity.contoso.id) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 200]
    assert answers[0].json()["error_codes"] == [7000229]


async def test_replication_hides_a_new_consent_for_some_time(identity: Identity) -> None:
    """The same by the clock."""
    await identity.control("replication", seconds=30)
    await identity.control("consent/grant", tenant_id=identity.contoso.id, client_id=CLIENT_ID)
    early = await identity.app_token(identity.contoso.id)
    identity.clock.passed = timedelta(seconds=31)
    late = await identity.app_token(identity.contoso.id)
    assert (early.status_code, late.status_code) == (401, 200)


async def test_every_refresh_brings_a_new_token_and_the_old_one_stays_good(consented: Identity) -> None:
    """Refresh tokens roll, but a client that lost the reply can use the old one again."""
    first = await refresh_token(consented)
    second = (await consented.refresh(first)).json()["refresh_token"]
    third = (await consented.refresh(first)).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert (await consented.refresh(second)).status_code == 200


async def test_a_refreshed_delegated_token_acts_for_the_person(consented: Identity) -> None:
    """`.default` gives all delegated permissions in force, and the token names the person."""
    token = await refresh_token(consented)
    answer = (await consented.refresh(token, scope=GRAPH_SCOPE)).json()
    claims = consented.tokens.verify_access_token(answer["access_token"], GRAPH_AUDIENCE)
    assert claims["oid"] == consented.contoso.admin.id
    assert set(claims["scp"].split()) == {*APP_ROLES, "openid", "profile"}
    assert "roles" not in claims
    assert GRAPH_SCOPE in answer["scope"].split()


async def test_a_refresh_token_lives_90_idle_days(consented: Identity) -> None:
    """A token that nobody used for 90 days has expired; one that was used has a younger successor."""
    old = await refresh_token(consented)
    consented.clock.passed = timedelta(days=60)
    renewed = (await consented.refresh(old)).json()["refresh_token"]
    consented.clock.passed = timedelta(days=91)
    assert refused(await consented.refresh(old)) == (400, "invalid_grant", [700082])
    assert (await consented.refresh(renewed)).status_code == 200


async def test_a_revoked_refresh_token_is_refused(consented: Identity) -> None:
    """An administrator's revocation ends every refresh token of the tenant, and no other tenant's."""
    token = await refresh_token(consented)
    assert (await consented.control("refresh-tokens/revoke", tenant_id=consented.fabrikam.id)).json() == {
        "revoked": 0
    }
    assert (await consented.refresh(token)).status_code == 200
    await consented.control("refresh-tokens/revoke", tenant_id=consented.contoso.id)
    assert refused(await consented.refresh(token)) == (400, "invalid_grant", [50173])


async def test_a_withdrawn_consent_ends_everything_for_good(consented: Identity) -> None:
    """After a withdrawal no token is issued, and a new consent does not bring old refresh tokens back."""
    token = await refresh_token(consented)
    order = {"tenant_id": consented.contoso.id, "client_id": CLIENT_ID}
    await consented.control("consent/withdraw", **order)
    assert refused(await consented.refresh(token))[:2] == (400, "invalid_grant")
    assert refused(await consented.app_token(consented.contoso.id)) == (401, "invalid_client", [7000229])
    await consented.control("consent/grant", **order)
    assert refused(await consented.refresh(token))[:2] == (400, "invalid_grant")
    assert (await consented.app_token(consented.contoso.id)).status_code == 200


async def test_a_deleted_service_principal_voids_its_refresh_tokens(consented: Identity) -> None:
    """The grant hangs on the service principal, however that disappeared."""
    token = await refresh_token(consented)
    consented.contoso.withdraw_consent(CLIENT_ID)
    assert refused(await consented.refresh(token)) == (400, "invalid_grant", [65001])


async def test_a_person_who_left_gets_no_more_tokens(consented: Identity) -> None:
    """Disabling or deleting the account ends its refresh tokens."""
    token = await refresh_token(consented)
    admin = consented.contoso.admin
    consented.contoso.disable(admin.id)
    assert refused(await consented.refresh(token)) == (400, "invalid_grant", [50057])
    consented.contoso.delete_user(admin.id)
    assert refused(await consented.refresh(token)) == (400, "invalid_grant", [50034])


async def test_a_refresh_token_is_bound_to_its_client(consented: Identity) -> None:
    """A stolen refresh token is useless to another application, and an invented one to anybody."""
    token = await refresh_token(consented)
    other = consented.world.add_application(
        Application("7b0e2f60-56a1-4b43-a8d5-9fd33f2b1e12", "Other", consented.operator.id, {"another"})
    )
    stolen = await consented.refresh(token, client_id=other.client_id, client_secret="another")
    assert refused(stolen) == (400, "invalid_grant", [70000])
    assert refused(await consented.refresh("invented")) == (400, "invalid_grant", [70000])


async def test_a_refresh_cannot_reach_beyond_the_consent(identity: Identity) -> None:
    """A delegated permission that nobody consented to is not handed out."""
    token = await refresh_token(identity)
    response = await identity.refresh(token, scope="https://graph.microsoft.com/User.Read.All")
    assert refused(response) == (400, "invalid_grant", [65001])


@pytest.mark.parametrize(
    ("passed", "reason"), [(timedelta(minutes=95), "ended"), (timedelta(minutes=-10), "not begun")]
)
async def test_an_access_token_has_its_time(consented: Identity, passed: timedelta, reason: str) -> None:
    """A resource refuses a token after its lifetime and before it, by the clock of the world."""
    token = (await consented.app_token(consented.contoso.id)).json()["access_token"]
    consented.clock.passed = passed
    with pytest.raises(InvalidToken, match=reason):
        consented.tokens.verify_access_token(token, GRAPH_AUDIENCE)


async def test_a_foreign_or_damaged_access_token_is_refused(consented: Identity) -> None:
    """A resource accepts no token whose signature, key or issuer is not the authority's."""
    token = (await consented.app_token(consented.contoso.id)).json()["access_token"]
    header, payload, signature = token.split(".")
    with pytest.raises(InvalidToken, match="signature"):
        consented.tokens.verify_access_token(f"{header}.{payload}.{signature[::-1]}", GRAPH_AUDIENCE)
    with pytest.raises(InvalidToken, match="malformed"):
        consented.tokens.verify_access_token("no token", GRAPH_AUDIENCE)
    consented.tokens.base_url = "https://elsewhere.example"
    with pytest.raises(InvalidToken, match="issuer"):
        consented.tokens.verify_access_token(token, GRAPH_AUDIENCE)
    consented.tokens.rotate_key(keep_previous=False)
    with pytest.raises(InvalidToken, match="key"):
        consented.tokens.verify_access_token(token, GRAPH_AUDIENCE)
