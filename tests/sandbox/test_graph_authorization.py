"""Who gets in to the simulated Microsoft Graph, and how often."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.simulators.graph.errors import GraphError
from sandbox.simulators.graph.throttling import ResourceUnits
from sandbox.simulators.tokens import KEY_VAULT_AUDIENCE
from sandbox.world.model import Tenant
from sandbox.world.seed import SERVICE_CLIENT_ID
from tests.sandbox.graph_harness import Graph, serve_graph

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


def code(answer: httpx.Response) -> str:
    error: str = answer.json()["error"]["code"]
    return error


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer not.a.token"])
async def test_without_a_token_nobody_gets_in(graph: Graph, header: str | None) -> None:
    """The answer is 401 with a challenge."""
    headers = {} if header is None else {"Authorization": header}
    answer = await graph.http.get(f"{graph.base_url}/v1.0/users", headers=headers)
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_an_expired_token_is_refused(graph: Graph) -> None:
    """By the world's clock."""
    token = graph.token(lifetime=timedelta(minutes=60))
    assert (await graph.ask("users", token)).status_code == 200
    graph.clock.advance(timedelta(minutes=61))
    answer = await graph.ask("users", token)
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")
    assert "expired" in answer.json()["error"]["message"]


async def test_a_token_for_something_else_is_refused(graph: Graph) -> None:
    """The audience has to be Graph."""
    graph.token()
    application = graph.world.applications[SERVICE_CLIENT_ID]
    token = graph.tokens.issue_access_token(
        graph.tenant, application, KEY_VAULT_AUDIENCE, roles=["User.Read.All"]
    )
    answer = await graph.ask("users", token)
    assert answer.status_code == 401
    assert "audience" in answer.json()["error"]["message"]


async def test_the_token_chooses_the_tenant(graph: Graph) -> None:
    """No path names it, and nobody sees anybody else's users."""
    seen: set[str] = set()
    for tenant in graph.world.tenants.values():
        answer = await graph.ask("users?$select=id&$top=999", graph.token(tenant=tenant))
        ids = {item["id"] for item in answer.json()["value"]}
        assert ids == set(tenant.users)
        assert not ids & seen
        seen |= ids


@pytest.mark.parametrize(
    ("path", "enough", "not_enough"),
    [
        ("users", "User.Read.All", "Group.Read.All"),
        ("users", "User.ReadBasic.All", "User.Read"),
        ("users", "Directory.Read.All", "Organization.Read.All"),
        ("users/admin@contoso.example", "User.Read.All", "GroupMember.Read.All"),
        ("users/delta", "User.Read.All", "User.ReadBasic.All"),
        ("users?$select=department", "User.Read.All", "User.ReadBasic.All"),
        ("groups", "GroupMember.Read.All", "User.Read.All"),
        ("groups", "Group.Read.All", "Organization.Read.All"),
        ("organization", "Organization.Read.All", "User.Read.All"),
        ("subscribedSkus", "Directory.Read.All", "User.Read.All"),
    ],
)
async def test_every_route_needs_its_permission(
    graph: Graph, path: str, enough: str, not_enough: str
) -> None:
    """As a role of the application or as a scope of its user."""
    user = graph.tenant.admin
    for token in (graph.token([enough]), graph.token((), scopes=[enough], user=user)):
        assert (await graph.ask(path, token)).status_code == 200
    denied = [graph.token([not_enough]), graph.token([])]
    if path != "organization":
        denied.append(graph.token((), scopes=[not_enough], user=user))
    for token in denied:
        answer = await graph.ask(path, token)
        assert (answer.status_code, code(answer)) == (403, "Authorization_RequestDenied")


async def test_basic_permission_shows_basic_properties(graph: Graph) -> None:
    """The others are null."""
    answer = await graph.ask("users/AdeleV@contoso.example", graph.token(["User.ReadBasic.All"]))
    found = answer.json()
    assert found["displayName"] == "Adele Vance"
    assert found["jobTitle"] is None
    assert found["businessPhones"] == []


async def test_consent_withdrawn_ends_access_at_once(graph: Graph) -> None:
    """A token that was issued before is no longer known."""
    token = graph.token()
    graph.tenant.withdraw_consent(SERVICE_CLIENT_ID)
    answer = await graph.ask("users", token)
    assert (answer.status_code, code(answer)) == (401, "Authorization_IdentityNotFound")


async def test_a_disabled_application_is_challenged(graph: Graph) -> None:
    """With claims that a client has to ask Entra ID for."""
    token = graph.token()
    graph.tenant.service_principals[SERVICE_CLIENT_ID].enabled = False
    answer = await graph.ask("users", token)
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in challenge
    found = re.search(r'claims="([^"]+)"', challenge)
    assert found
    assert json.loads(base64.b64decode(found.group(1)))["access_token"]["nbf"]["essential"] is True


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_user_who_leaves_takes_the_delegated_access_along(graph: Graph, leaves: bool) -> None:
    """The same when the account is only disabled; the application's own access stays."""
    user = graph.tenant.admin
    delegated, own = graph.token((), scopes=["User.Read.All"], user=user), graph.token()
    assert (await graph.ask("users", delegated)).status_code == 200
    if leaves:
        graph.tenant.delete_user(user.id)
    else:
        graph.tenant.disable(user.id)
    answer = await graph.ask("users", delegated)
    assert answer.status_code == 401
    assert "insufficient_claims" in answer.headers["WWW-Authenticate"]
    assert (await graph.ask("users", own)).status_code == 200


async def test_a_tenant_that_is_gone_cannot_be_read(graph: Graph) -> None:
    """404, and as before once the tenant is back."""
    token = graph.token()
    await graph.control("tenants/contoso", "PATCH", deleted=True)
    answer = await graph.ask("users", token)
    assert (answer.status_code, code(answer)) == (404, "Directory_ObjectNotFound")
    await graph.control("tenants/contoso", "PATCH", deleted=False)
    assert (await graph.ask("users", token)).status_code == 200


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("users", 2),
        ("users?$select=id", 1),
        ("users?$top=19", 1),
        ("users?$top=20", 2),
        ("users?$select=id&$top=5", 1),
        ("users/delta", 1),
        ("groups", 1),
        ("subscribedSkus", 3),
        ("organization", 1),
    ],
)
async def test_a_request_costs_resource_units(graph: Graph, path: str, units: int) -> None:
    """The price is in a header of the answer."""
    assert (await graph.ask(path)).headers["x-ms-resource-unit"] == str(units)


async def test_members_cost_more(graph: Graph) -> None:
    """Three units for direct and five for transitive ones."""
    group_id = next(iter(graph.tenant.groups))
    for path, units in (("members", 3), ("transitiveMembers", 5), ("transitiveMembers?$select=id", 4)):
        answer = await graph.ask(f"groups/{group_id}/{path}")
        assert answer.headers["x-ms-resource-unit"] == str(units)


async def test_too_many_requests_are_refused_until_the_window_has_passed(graph: Graph) -> None:
    """429 says how long to wait and why; another tenant is not affected."""
    await graph.control("throttling", enabled=True, limit=10)
    token = graph.token()
    answers = [await graph.ask("users", token) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "x-ms-throttle-limit-percentage" not in answers[2].headers
    assert answers[3].headers["x-ms-throttle-limit-percentage"] == "0.8"
    refused = answers[-1]
    assert code(refused) == "TooManyRequests"
    assert refused.headers["Retry-After"] == "10"
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    scope = f"Tenant_Application/ReadWrite/{SERVICE_CLIENT_ID}/{graph.tenant.id}"
    assert refused.headers["x-ms-throttle-scope"] == scope
    other = next(tenant for tenant in graph.world.tenants.values() if tenant is not graph.tenant)
    assert (await graph.ask("users", graph.token(tenant=other))).status_code == 200
    await graph.control("clock", advance_seconds=10)
    assert (await graph.ask("users", token)).status_code == 200


@pytest.mark.parametrize(("users", "limit"), [(49, 3_500), (50, 5_000), (500, 5_000), (501, 8_000)])
def test_the_limit_follows_from_the_size_of_the_tenant(users: int, limit: int) -> None:
    """Small, medium and large tenants have their own number of units in ten seconds."""
    tenant = Tenant("t", "Teashop", ["teashop.onmicrosoft.com"], NOW)
    for number in range(users):
        tenant.hire(userPrincipalName=f"u{number}@teashop.onmicrosoft.com", displayName="U")
    units = ResourceUnits()
    units.settings.enabled = True
    headers = units.charge(tenant, "app", limit, NOW)
    assert headers["x-ms-throttle-limit-percentage"] == "1.0"
    with pytest.raises(GraphError) as refused:
        units.charge(tenant, "app", 1, NOW + timedelta(seconds=3))
    assert refused.value.headers["Retry-After"] == "7"
    units.charge(tenant, "another app", limit, NOW)
    units.charge(tenant, "app", limit - 1, NOW + timedelta(seconds=10))
