"""Admin consent at the simulated Entra ID: who may give it, and what the redirect says."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import APP_ROLES, CLIENT_ID, GRAPH_SCOPE, Identity


async def test_an_accepted_consent_grants_the_application_permissions(identity: Identity) -> None:
    """The redirect names tenant, scope and state, and the required permissions are granted."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.admin_consent_url(identity.contoso.id), account="admin@contoso.example"
        )
    assert [hop.page for hop in visit.hops if hop.page] == ["sign_in", "admin_consent"]
    assert identity.calls[-1] == {
        "admin_consent": "True",
        "tenant": identity.contoso.id,
        "scope": GRAPH_SCOPE,
        "state": "a state",
    }
    assert identity.contoso.service_principals[CLIENT_ID].app_roles == APP_ROLES


async def test_on_organizations_the_tenant_is_that_of_the_administrator(identity: Identity) -> None:
    """Who signs in decides which tenant is named: the application has to compare it."""
    async with identity.person() as person:
        await person.connect(identity.admin_consent_url("organizations"), account="admin@fabrikam.example")
    assert identity.calls[-1]["tenant"] == identity.fabrikam.id


async def test_a_declined_consent_still_says_admin_consent(identity: Identity) -> None:
    """`admin_consent=True` comes with a refusal too, which names no tenant and grants nothing."""
    async with identity.person() as person:
        await person.connect(
            identity.admin_consent_url(identity.contoso.id),
            account="admin@contoso.example",
            decision="decline",
        )
    told = identity.calls[-1]
    assert (told["admin_consent"], told["error"], told["state"]) == ("True", "consent_required", "a state")
    assert told["error_description"].startswith("AADSTS65004: ")
    assert "tenant" not in told
    assert CLIENT_ID not in identity.contoso.service_principals


async def test_a_closed_page_tells_the_application_nothing(identity: Identity) -> None:
    """A person who walks away leaves no trace."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.admin_consent_url(identity.contoso.id),
            account="admin@contoso.example",
            decision="close",
        )
    assert visit.page == "admin_consent"
    assert identity.calls == []
    assert CLIENT_ID not in identity.contoso.service_principals


async def test_the_consent_page_lists_what_is_asked(identity: Identity) -> None:
    """An administrator sees every permission before accepting."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.admin_consent_url(identity.contoso.id),
            account="admin@contoso.example",
            decision="close",
        )
    assert all(role in visit.response.text for role in APP_ROLES)
    assert "Tenantry" in visit.response.text


@pytest.mark.parametrize(
    ("account", "scope", "granted"),
    [
        ("admin@contoso.example", GRAPH_SCOPE, True),
        ("roles@contoso.example", GRAPH_SCOPE, True),
        ("apps@contoso.example", GRAPH_SCOPE, False),
        ("member@contoso.example", GRAPH_SCOPE, False),
        ("apps@contoso.example", "https://graph.microsoft.com/User.Read.All", True),
        ("member@contoso.example", "https://graph.microsoft.com/User.Read.All", False),
    ],
)
async def test_only_some_roles_can_consent(
    identity: Identity, account: str, scope: str, granted: bool
) -> None:
    """Application permissions take a Global or Privileged Role Administrator, delegated ones less."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.admin_consent_url(identity.contoso.id, scope=scope), account=account
        )
    assert ("approval_required" in [hop.page for hop in visit.hops]) is not granted
    assert (CLIENT_ID in identity.contoso.service_principals) is granted
    assert ("error" in identity.calls[-1]) is not granted
    if not granted:
        assert identity.calls[-1]["error_description"].startswith("AADSTS90094: ")


async def test_consent_to_named_scopes_grants_no_application_permission(identity: Identity) -> None:
    """Only `.default` asks for the application permissions."""
    url = identity.admin_consent_url(identity.contoso.id, scope="https://graph.microsoft.com/User.Read.All")
    async with identity.person() as person:
        await person.connect(url, account="admin@contoso.example")
    principal = identity.contoso.service_principals[CLIENT_ID]
    assert (principal.app_roles, "User.Read.All" in principal.scopes) == (set(), True)


async def test_a_missing_scope_is_reported_to_the_application(identity: Identity) -> None:
    """The scope is required, and its absence is told with `admin_consent=True` as well."""
    async with identity.person() as person:
        await person.open(identity.admin_consent_url(identity.contoso.id, scope=""))
    told = identity.calls[-1]
    assert (told["admin_consent"], told["error"], told["state"]) == ("True", "invalid_request", "a state")


async def test_an_unregistered_address_ends_on_an_error_page(identity: Identity) -> None:
    """Consent is never reported to an address that the application did not register."""
    url = identity.admin_consent_url(identity.contoso.id, redirect_uri="https://attacker.example/")
    response = await identity.http.get(url)
    assert response.status_code == 400
    assert "AADSTS50011" in response.text


async def test_an_administrator_of_another_tenant_cannot_consent(identity: Identity) -> None:
    """A tenant's consent can only be given by an account in that tenant."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.admin_consent_url(identity.contoso.id), account="admin@fabrikam.example"
        )
    assert visit.page == "sign_in"
    assert "AADSTS50020" in visit.response.text


async def test_consent_after_sign_in_adds_to_the_same_service_principal(identity: Identity) -> None:
    """Signing in creates a service principal without permissions, to which the consent then adds them."""
    await identity.sign_in("admin@contoso.example")
    principal = identity.contoso.service_principals[CLIENT_ID]
    assert principal.app_roles == set()
    async with identity.person() as person:
        await person.connect(identity.admin_consent_url(identity.contoso.id), account="admin@contoso.example")
    assert identity.contoso.service_principals[CLIENT_ID] is principal
    assert principal.app_roles == APP_ROLES
