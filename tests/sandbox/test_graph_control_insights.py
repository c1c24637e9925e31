"""What can be done from outside to groups, licences and what lies beside the directory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.world.skus import BUSINESS_PREMIUM
from tests.sandbox.graph_harness import Graph, serve_graph

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("alder") as served:
        yield served


async def member_names(graph: Graph, group_id: str, members: str = "members") -> list[str]:
    path = f"groups/{group_id}/{members}/microsoft.graph.user?$select=userPrincipalName&$count=true"
    return [item["userPrincipalName"] for item in await graph.items(path, **EVENTUAL)]


async def test_groups_come_change_and_go(graph: Graph) -> None:
    """Members are named by id, by user principal name or, if they are groups, by display name."""
    admin = "admin@alderfinch.example"
    added = await graph.control("tenants/alder/groups", displayName="Front desk", members=[admin])
    assert await member_names(graph, added["id"]) == [admin]
    path = "tenants/alder/groups/Front desk"
    await graph.control(
        f"{path}/members", "PATCH", add=["studio@alderfinch.example", "Design"], remove=[admin]
    )
    assert await member_names(graph, added["id"]) == ["studio@alderfinch.example"]
    assert len(await member_names(graph, added["id"], "transitiveMembers")) > 3
    await graph.control(path, "PATCH", displayName="Reception")
    listed = {group["id"]: group for group in (await graph.control("tenants/alder/groups", "GET"))["groups"]}
    assert listed[added["id"]]["displayName"] == "Reception"
    await graph.control(f"tenants/alder/groups/{added['id']}", "DELETE")
    gone = await graph.ask(f"groups/{added['id']}/members/microsoft.graph.user")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_a_group_in_a_circle_can_be_deleted(graph: Graph) -> None:
    """The groups around it have only their other members then."""
    groups = {group.display_name: group for group in graph.tenant.groups.values()}
    before = set(await member_names(graph, groups["Design"].id, "transitiveMembers"))
    await graph.control("tenants/alder/groups/Design reviewers", "DELETE")
    after = set(await member_names(graph, groups["Design"].id, "transitiveMembers"))
    assert after == set(await member_names(graph, groups["Design board"].id))
    assert after < before


async def test_licences_can_run_out(graph: Graph) -> None:
    """By SKU id or part number; what is not said stays."""
    before = next(sku for sku in graph.tenant.subscribed_skus if sku.sku_id == BUSINESS_PREMIUM.sku_id).units
    await graph.control("tenants/alder/skus/SPB", "PATCH", warning=3, suspended=2, locked_out=1)
    await graph.control(f"tenants/alder/skus/{BUSINESS_PREMIUM.sku_id}", "PATCH", capability_status="Warning")
    skus = {item["skuPartNumber"]: item for item in await graph.items("subscribedSkus")}
    assert skus["SPB"]["capabilityStatus"] == "Warning"
    assert skus["SPB"]["prepaidUnits"] == {
        "enabled": before,
        "warning": 3,
        "suspended": 2,
        "lockedOut": 1,
    }
    assert skus["O365_BUSINESS"]["capabilityStatus"] == "Enabled"


async def test_a_mailbox_can_get_another_purpose(graph: Graph) -> None:
    """A leaver's becomes shared; the directory does not notice."""
    link = (await graph.get("users/delta?$deltatoken=latest"))["@odata.deltaLink"]
    path = "users/tobias.finch@alderfinch.example"
    await graph.control(f"tenants/alder/{path}/purpose", "PUT", purpose="shared")
    answer = await graph.ask(f"{path}/mailboxSettings/userPurpose", graph.token(["MailboxSettings.Read"]))
    assert answer.json()["value"] == "shared"
    assert (await graph.round(link))[0] == []


async def test_insights_are_described(graph: Graph) -> None:
    """As they are now; a change says only what it changes."""
    before = await graph.control("tenants/alder/insights", "GET")
    assert (before["premium"], before["concealed_names"]) == (True, False)
    assert before["secure_score"]["maximum"] > 0
    changed = await graph.control("tenants/alder/insights", "PATCH", premium=False)
    assert changed == {**before, "premium": False}
    changed = await graph.control("tenants/alder/insights", "PATCH", premium=None, secure_score=None)
    assert changed == {**before, "secure_score": None}


@pytest.mark.parametrize(
    ("path", "method", "content", "status"),
    [
        ("tenants/alder/groups", "POST", {}, 400),
        ("tenants/alder/groups", "POST", {"displayName": "A", "members": ["nobody"]}, 404),
        ("tenants/alder/groups/None such", "DELETE", {}, 404),
        ("tenants/alder/groups/Design", "PATCH", {"id": "other"}, 409),
        ("tenants/alder/groups/Design/members", "PATCH", {"ad": []}, 400),
        ("tenants/alder/groups/Design/members", "PATCH", {"remove": ["Everybody"]}, 404),
        ("tenants/alder/skus/NONE", "PATCH", {"units": 1}, 404),
        ("tenants/alder/skus/SPB", "PATCH", {"capability_status": "Gone"}, 400),
        ("tenants/alder/insights", "PATCH", {"premium": "yes"}, 400),
        ("tenants/alder/insights", "PATCH", {"secure_score": {"current": 1}}, 400),
        ("tenants/alder/users/nobody/activity", "PUT", {"day": None}, 404),
        ("tenants/alder/users/admin@alderfinch.example/activity", "PUT", {}, 400),
        ("tenants/alder/users/admin@alderfinch.example/activity", "PUT", {"day": "yesterday"}, 400),
        (
            "tenants/alder/users/admin@alderfinch.example/activity",
            "PUT",
            {"day": None, "workloads": ["Fax"]},
            400,
        ),
        ("tenants/alder/users/admin@alderfinch.example/authentication-methods", "PUT", {}, 400),
        ("tenants/alder/users/admin@alderfinch.example/purpose", "PUT", {"purpose": "cat"}, 400),
        ("reports", "POST", {"page_size": 0}, 400),
        ("request-limits", "POST", {"enabled": True, "identity_reports": {"requests": 1}}, 400),
    ],
)
async def test_a_wrong_command_is_refused(
    graph: Graph, path: str, method: str, content: dict[str, Any], status: int
) -> None:
    """A scenario with a typing error must not run on quietly."""
    answer = await graph.http.request(method, f"{graph.base_url}/_control/{path}", json=content)
    assert answer.status_code == status
    assert answer.json()["error"]
