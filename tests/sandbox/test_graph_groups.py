"""Groups and their members in the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.world.model import Group
from tests.sandbox.graph_harness import Answer, Graph, serve_graph

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("kosmopolis") as served:
        yield served


def group(graph: Graph, name: str) -> Group:
    return next(found for found in graph.tenant.groups.values() if found.display_name == name)


async def transitive_users(graph: Graph, name: str) -> list[Answer]:
    path = f"groups/{group(graph, name).id}/transitiveMembers/microsoft.graph.user"
    return await graph.items(f"{path}?$select=id&$count=true&$top=2", **EVENTUAL)


async def test_groups_are_paged_and_complete(graph: Graph) -> None:
    """Every group comes once, with names exactly as they are."""
    groups = await graph.items("groups?$select=id,displayName&$top=25")
    assert [(item["id"], item["displayName"]) for item in groups] == [
        (found.id, found.display_name) for found in graph.tenant.groups.values()
    ]


async def test_a_group_has_its_default_properties(graph: Graph) -> None:
    """Lists are empty and not null; the same group is found by id."""
    found = (await graph.get("groups?$top=1"))["value"][0]
    assert found["groupTypes"] == []
    assert found["proxyAddresses"] == []
    assert found["mail"] is None
    assert found["securityEnabled"] is True
    single = await graph.get(f"groups/{found['id']}")
    assert single.pop("@odata.context").endswith("#groups/$entity")
    assert single == found
    missing = await graph.ask("groups/00000000-0000-4000-8000-000000000000")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_groups_are_found_by_prefix_and_by_words(graph: Graph) -> None:
    """Searching needs eventual consistency; sorting by name does not."""
    names = [
        item["displayName"]
        for item in await graph.items("groups?$select=displayName&$filter=startswith(displayName,'level')")
    ]
    assert sorted(names) == [f"Level {number}" for number in range(1, 6)]
    path = 'groups?$select=displayName&$search="displayName:cyc hea"'
    assert (await graph.ask(path)).status_code == 400
    assert [item["displayName"] for item in await graph.items(path, **EVENTUAL)] == ["Cycle: heads"]
    path = 'groups?$select=displayName&$search="displayName:bold \\\\ \\"quo"'
    found = [item["displayName"] for item in await graph.items(path, **EVENTUAL)]
    assert found == ['<b>Bold</b> & "quoted"']
    ordered = await graph.items("groups?$select=displayName&$orderby=displayName&$top=999")
    shown = [item["displayName"] for item in ordered]
    assert shown == sorted(shown, key=str.casefold)
    counted = await graph.get("groups?$count=true&$top=1", **EVENTUAL)
    assert counted["@odata.count"] == len(graph.tenant.groups)


async def test_direct_members_are_users_and_groups(graph: Graph) -> None:
    """Each says what it is; a cast chooses one sort."""
    tails = group(graph, "Cycle: tails")
    members = await graph.items(f"groups/{tails.id}/members")
    assert [item["id"] for item in members] == tails.member_ids
    assert [item["@odata.type"] for item in members] == ["#microsoft.graph.group"] + [
        "#microsoft.graph.user"
    ] * 3
    users = await graph.items(f"groups/{tails.id}/members/microsoft.graph.user?$select=id")
    assert [set(item) for item in users] == [{"id"}] * 3
    groups = await graph.items(f"groups/{tails.id}/members/microsoft.graph.group?$select=displayName")
    assert groups == [{"displayName": "Cycle: heads"}]


@pytest.mark.parametrize("name", ["Cycle: heads", "Cycle: tails"])
async def test_a_cycle_ends(graph: Graph, name: str) -> None:
    """Two groups that contain each other have the same users, each once."""
    heads, tails = group(graph, "Cycle: heads"), group(graph, "Cycle: tails")
    users = {*heads.member_ids, *tails.member_ids} & set(graph.tenant.users)
    ids = [item["id"] for item in await transitive_users(graph, name)]
    assert len(ids) == len(users)
    assert set(ids) == users


async def test_a_group_is_no_member_of_itself(graph: Graph) -> None:
    """Although it is listed among its direct members."""
    itself = group(graph, "Cycle: itself")
    assert itself.id in [item["id"] for item in await graph.items(f"groups/{itself.id}/members")]
    found = await graph.items(f"groups/{itself.id}/transitiveMembers")
    assert [item["id"] for item in found] == [graph.tenant.admin.id]


async def test_members_of_members_belong_to_a_group(graph: Graph) -> None:
    """Down a chain of five, and through a group without direct users."""
    assert len(await transitive_users(graph, "Level 1")) == 6
    everybody = group(graph, "Everybody")
    assert await graph.items(f"groups/{everybody.id}/members/microsoft.graph.user") == []
    teams = [found for found in graph.tenant.groups.values() if found.display_name.endswith(" team")]
    expected = {member for team in teams for member in team.member_ids}
    assert {item["id"] for item in await transitive_users(graph, "Everybody")} == expected
    assert await transitive_users(graph, "Nobody yet") == []


async def test_casting_transitive_members_needs_eventual_consistency(graph: Graph) -> None:
    """Header and count, on every page, for a next link carries no headers."""
    path = f"groups/{group(graph, 'Level 1').id}/transitiveMembers/microsoft.graph.user"
    for query, headers in (("", {}), ("?$count=true", {}), ("", EVENTUAL)):
        answer = await graph.ask(path + query, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    page = await graph.get(f"{path}?$count=true&$top=1", **EVENTUAL)
    assert page["@odata.count"] == 6
    assert (await graph.ask(page["@odata.nextLink"])).status_code == 400
    assert (await graph.ask(page["@odata.nextLink"], headers=EVENTUAL)).status_code == 200
    counted = await graph.ask(f"{path}/$count", headers=EVENTUAL)
    assert counted.text == "6"


@pytest.mark.parametrize("members", ["members", "transitiveMembers"])
async def test_many_members_come_in_pages(graph: Graph, members: str) -> None:
    """Up to 999 to a page, each once, with a count on request; an unknown group has none."""
    people = [user.id for user in graph.tenant.users.values() if user.purpose == "user"]
    crowd = graph.tenant.add_group("Crowd", people)
    path = f"groups/{crowd.id}/{members}/microsoft.graph.user?$select=id&$count=true"
    pages = await graph.pages(f"{path}&$top=40", **EVENTUAL)
    assert [item["id"] for page in pages for item in page["value"]] == people
    assert {len(page["value"]) for page in pages[:-1]} == {40}
    assert pages[0]["@odata.count"] == len(people)
    (whole,) = await graph.pages(f"{path}&$top=999", **EVENTUAL)
    assert len(whole["value"]) == len(people)
    assert (await graph.ask(f"{path}&$top=1000", headers=EVENTUAL)).status_code == 400
    missing = await graph.ask(path.replace(crowd.id, "none"), headers=EVENTUAL)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_a_deleted_member_is_not_shown_and_comes_back(graph: Graph) -> None:
    """Restoring a user restores the membership."""
    before = {item["id"] for item in await transitive_users(graph, "Cycle: heads")}
    gone = min(before)
    graph.tenant.delete_user(gone)
    assert {item["id"] for item in await transitive_users(graph, "Cycle: heads")} == before - {gone}
    graph.tenant.restore_user(gone)
    assert {item["id"] for item in await transitive_users(graph, "Cycle: heads")} == before


async def test_members_can_be_filtered(graph: Graph) -> None:
    """As an advanced query."""
    path = f"groups/{group(graph, 'Everybody').id}/transitiveMembers/microsoft.graph.user"
    query = "?$select=id,accountEnabled&$count=true&$filter=accountEnabled eq false"
    members = await graph.items(path + query, **EVENTUAL)
    assert members
    assert {item["accountEnabled"] for item in members} == {False}
    direct = f"groups/{group(graph, 'Level 1').id}/members?$filter=accountEnabled eq true"
    assert (await graph.ask(direct)).status_code == 400


async def test_members_hide_who_they_are_without_permission_to_read_users(graph: Graph) -> None:
    """Type and id are shown, everything else is null."""
    token = graph.token(["GroupMember.Read.All"])
    answer = await graph.ask(f"groups/{group(graph, 'Level 5').id}/members?$select=id,mail", token)
    members = answer.json()["value"]
    assert [member["id"] for member in members] == group(graph, "Level 5").member_ids
    assert {member["mail"] for member in members} == {None}


async def test_a_page_token_belongs_to_its_collection(graph: Graph) -> None:
    """The members of one group cannot be gone on with in another."""
    first, second = group(graph, "Cycle: heads"), group(graph, "Cycle: tails")
    link = (await graph.get(f"groups/{first.id}/members?$top=1"))["@odata.nextLink"]
    answer = await graph.ask(link.replace(first.id, second.id))
    assert answer.json()["error"]["code"] == "Directory_ExpiredPageToken"


async def test_a_cast_to_something_else_is_refused(graph: Graph) -> None:
    """Devices are not simulated."""
    answer = await graph.ask(f"groups/{group(graph, 'Level 1').id}/members/microsoft.graph.device")
    assert answer.status_code == 400
