"""What can be done to the directory and to the simulated Microsoft Graph from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.world.model import GLOBAL_ADMINISTRATOR
from tests.sandbox.graph_harness import Graph, serve_graph


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


async def test_tenants_are_described(graph: Graph) -> None:
    """With what a person needs to sign in, and with the consents that were given."""
    graph.token()
    tenants = {item["id"]: item for item in (await graph.control("tenants", "GET"))["tenants"]}
    assert set(tenants) == set(graph.world.tenants)
    contoso = tenants[graph.tenant.id]
    assert contoso["administrator"] == "admin@contoso.example"
    assert contoso["users"] == len(graph.tenant.users)
    assert "User.Read.All" in contoso["consents"][0]["app_roles"]


@pytest.mark.parametrize("name", ["contoso", "contoso.example", "contoso.onmicrosoft.com"])
async def test_people_come_change_and_go(graph: Graph, name: str) -> None:
    """Everything that happens shows in delta; a tenant is named by key, domain or id."""
    link = (await graph.get("users/delta?$deltatoken=latest"))["@odata.deltaLink"]
    hired = await graph.control(
        f"tenants/{name}/hire",
        displayName="Nadia Newcomer",
        userPrincipalName="nadia@contoso.example",
        directory_roles=[GLOBAL_ADMINISTRATOR],
        purpose="shared",
    )
    user = graph.tenant.users[hired["id"]]
    assert user.directory_roles == {GLOBAL_ADMINISTRATOR}
    assert user.purpose == "shared"
    assert "purpose" not in user.properties
    path = f"tenants/{graph.tenant.id}/users/nadia@contoso.example"
    await graph.control(path, "PATCH", jobTitle="Newcomer", mail=None)
    items, link = await graph.round(link)
    assert [(item["displayName"], item["jobTitle"], item["mail"]) for item in items] == [
        ("Nadia Newcomer", "Newcomer", None)
    ]
    await graph.control(path, "DELETE")
    items, link = await graph.round(link)
    assert items == [{"id": user.id, "@removed": {"reason": "changed"}}]
    await graph.control(f"{path}/restore")
    assert user.id in graph.tenant.users
    await graph.control(path, "DELETE")
    await graph.control(f"tenants/{name}/users/{user.id}/purge")
    items, _ = await graph.round(link)
    assert items == [{"id": user.id, "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize(
    ("path", "method", "content", "status"),
    [
        ("tenants/nowhere/hire", "POST", {"displayName": "A", "userPrincipalName": "a@b.example"}, 404),
        ("tenants/contoso/hire", "POST", {"displayName": "A"}, 400),
        (
            "tenants/contoso/hire",
            "POST",
            {"displayName": "A", "userPrincipalName": "ADMIN@contoso.example"},
            409,
        ),
        (
            "tenants/contoso/hire",
            "POST",
            {"displayName": "A", "userPrincipalName": "a@b.example", "purpose": "cat"},
            400,
        ),
        ("tenants/contoso/users/nobody", "PATCH", {"city": "Leeds"}, 404),
        ("tenants/contoso/users/admin@contoso.example", "PATCH", {"id": "other"}, 409),
        ("tenants/contoso/users/admin@contoso.example/restore", "POST", {}, 404),
        ("tenants/contoso", "PATCH", {"colour": "red"}, 400),
        ("delta-behaviour", "POST", {"page_size": 0}, 400),
        ("delta-behaviour", "POST", {"pagesize": 10}, 400),
        ("delta-behaviour", "POST", {"tenant": "nowhere"}, 404),
        ("expire-delta", "POST", {"style": "loudly"}, 400),
        ("foreign-next-link", "POST", {}, 400),
        ("clock", "POST", {}, 400),
        ("throttling", "POST", {"enabled": "perhaps"}, 400),
    ],
)
async def test_a_wrong_command_is_refused(
    graph: Graph, path: str, method: str, content: dict[str, Any], status: int
) -> None:
    """A scenario with a typing error must not run on quietly."""
    answer = await graph.http.request(method, f"{graph.base_url}/_control/{path}", json=content)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_requests_are_counted_by_tenant_and_route(graph: Graph) -> None:
    """Under the name of the route, without ids and tokens."""
    for path in ("users?$top=1", "users/admin@contoso.example", "users/delta", "groups"):
        await graph.get(path)
    other = next(tenant for tenant in graph.world.tenants.values() if tenant is not graph.tenant)
    await graph.ask("users", graph.token(tenant=other))
    answer = await graph.http.get(f"{graph.base_url}/_control/requests", params={"tenant": graph.tenant.id})
    counted = answer.json()
    assert counted["by_route"] == {"GET users": 1, "GET users/*": 1, "GET users/delta": 1, "GET groups": 1}
    assert (await graph.control("requests", "GET"))["total"] == 5
    assert graph.token() not in answer.text


async def test_faults_hit_one_tenant(graph: Graph) -> None:
    """Named by its id."""
    await graph.control("faults", kind="status", status=502, tenant=graph.tenant.id, count=1)
    other = next(tenant for tenant in graph.world.tenants.values() if tenant is not graph.tenant)
    assert (await graph.ask("users", graph.token(tenant=other))).status_code == 200
    assert (await graph.ask("users")).status_code == 502
    assert (await graph.ask("users")).status_code == 200


async def test_an_answer_can_be_cut_short(graph: Graph) -> None:
    """Compressed or not, the client notices that something is missing."""
    await graph.control("faults", kind="truncate", count=2)
    for encoding in ("gzip", "identity"):
        with pytest.raises(httpx.RemoteProtocolError):
            await graph.ask("users", headers={"Accept-Encoding": encoding})
    assert (await graph.ask("users")).status_code == 200


async def test_a_foreign_link_needs_no_host_of_its_own(graph: Graph) -> None:
    """As a plain fault it points to a host that does not exist."""
    await graph.control("faults", kind="foreign_next_link")
    link = (await graph.get("users"))["@odata.nextLink"]
    assert link.startswith("https://graph.elsewhere.example/v1.0/users?")
