"""The organization and its licences in the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.world.skus import BUSINESS_PREMIUM
from tests.sandbox.graph_harness import Graph, serve_graph


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


async def test_the_organization_is_the_tenant_of_the_token(graph: Graph) -> None:
    """A collection of one, with the domains that were verified."""
    (found,) = (await graph.get("organization"))["value"]
    assert (found["id"], found["displayName"]) == (graph.tenant.id, "Contoso")
    domains = [(item["name"], item["isDefault"], item["isInitial"]) for item in found["verifiedDomains"]]
    assert domains == [("contoso.example", True, False), ("contoso.onmicrosoft.com", False, True)]
    assert found["createdDateTime"] == "2019-03-04T08:00:00Z"
    single = await graph.get(f"organization/{graph.tenant.id}?$select=displayName")
    assert single["displayName"] == "Contoso"
    assert (await graph.ask("organization/00000000-0000-4000-8000-000000000000")).status_code == 404


async def test_an_application_needs_a_permission_for_the_organization(graph: Graph) -> None:
    """Reading users is not enough, unless a signed-in user asks, who then sees three properties."""
    assert (await graph.ask("organization", graph.token(["User.Read.All"]))).status_code == 403
    delegated = graph.token((), scopes=["User.Read"], user=graph.tenant.admin)
    (found,) = (await graph.ask("organization", delegated)).json()["value"]
    shown = {name for name, value in found.items() if value not in (None, [])}
    assert shown == {"id", "displayName", "verifiedDomains"}


async def test_subscribed_skus_count_what_is_assigned(graph: Graph) -> None:
    """Consumed units follow the users; the id joins tenant and product."""
    skus = {item["skuId"]: item for item in (await graph.get("subscribedSkus"))["value"]}
    premium = skus[BUSINESS_PREMIUM.sku_id]
    assert premium["id"] == f"{graph.tenant.id}_{BUSINESS_PREMIUM.sku_id}"
    assert premium["skuPartNumber"] == "SPB"
    assert premium["prepaidUnits"]["enabled"] == premium["consumedUnits"] + 5
    assert {plan["servicePlanName"] for plan in premium["servicePlans"]} >= {"AAD_PREMIUM"}
    licensed = next(
        user
        for user in graph.tenant.users.values()
        if user.properties["assignedLicenses"]
        and user.properties["assignedLicenses"][0]["skuId"] == BUSINESS_PREMIUM.sku_id
    )
    graph.tenant.update_user(licensed.id, assignedLicenses=[])
    path = "subscribedSkus?$select=skuId,consumedUnits"
    after = {item["skuId"]: item["consumedUnits"] for item in (await graph.get(path))["value"]}
    assert after[BUSINESS_PREMIUM.sku_id] == premium["consumedUnits"] - 1


async def test_seats_without_users_are_paid_for_and_unused() -> None:
    """A product of which nobody has a licence consumes nothing; where all seats are taken none is left."""
    async with serve_graph("kosmopolis") as graph:
        rooms = {item["skuPartNumber"]: item for item in await graph.items("subscribedSkus")}["MEETING_ROOM"]
        assert (rooms["prepaidUnits"]["enabled"], rooms["consumedUnits"]) == (5, 0)
        assert rooms["capabilityStatus"] == "Enabled"
        assert set(rooms["prepaidUnits"]) == {"enabled", "suspended", "warning", "lockedOut"}
    async with serve_graph("harbour") as graph:
        for item in await graph.items("subscribedSkus"):
            assert item["prepaidUnits"]["enabled"] == item["consumedUnits"] == 1


async def test_subscribed_skus_take_a_select_only(graph: Graph) -> None:
    """And a permission of the organization's."""
    assert (await graph.ask("subscribedSkus?$filter=skuId eq 'x'")).status_code == 400
    assert (await graph.ask("subscribedSkus", graph.token(["User.Read.All"]))).status_code == 403
