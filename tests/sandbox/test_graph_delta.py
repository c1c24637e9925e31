"""What users/delta of the simulated Microsoft Graph says after every sort of change, as raw HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.world.skus import BUSINESS_BASIC
from tests.sandbox.graph_harness import Answer, Graph, fold, serve_graph

SELECT = "$select=displayName,mail,jobTitle,accountEnabled"


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


@pytest.fixture
async def meridian() -> AsyncIterator[Graph]:
    """A tenant whose users fill two delta pages."""
    async with serve_graph("meridian") as served:
        yield served


async def latest(graph: Graph, options: str = SELECT) -> str:
    page = await graph.get(f"users/delta?{options}&$deltatoken=latest")
    link: str = page["@odata.deltaLink"]
    return link


@pytest.mark.parametrize("path", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"])
async def test_every_spelling_of_the_function_is_understood(graph: Graph, path: str) -> None:
    """A first round has every user, with those selected properties that were ever set."""
    items, _ = await graph.round(f"users/{path}?{SELECT}")
    wanted = {"id", "displayName", "mail", "jobTitle", "accountEnabled"}
    assert items == [
        {name: user.properties[name] for name in item if name in wanted}
        for item, user in zip(items, graph.tenant.users.values(), strict=True)
    ]
    by_id = {item["id"]: item for item in items}
    for user in graph.tenant.users.values():
        assert set(by_id[user.id]) == wanted & set(user.properties)
    assert "jobTitle" not in by_id[graph.tenant.admin.id]


async def test_pages_have_about_200_objects_whatever_top_says(meridian: Graph) -> None:
    """A page has a next link or a delta link, never both; the last one has the delta link."""
    pages = await meridian.pages("users/delta?$select=id&$top=999")
    assert [len(page["value"]) for page in pages] == [200, 100]
    assert ["@odata.nextLink" in page for page in pages] == [True, False]
    assert ["@odata.deltaLink" in page for page in pages] == [False, True]
    assert await meridian.pages("users/delta?$select=id&$top=5") != []
    assert len((await meridian.get("users/delta?$select=id&$top=5"))["value"]) == 200


async def test_links_are_absolute_and_opaque(meridian: Graph) -> None:
    """They carry a token and nothing else: the select is inside it."""
    pages = await meridian.pages("users/delta?$select=mail")
    for link, option in (
        (pages[0]["@odata.nextLink"], "$skiptoken"),
        (pages[1]["@odata.deltaLink"], "$deltatoken"),
    ):
        parts = urlsplit(link)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{meridian.base_url}/v1.0/users/delta"
        assert list(parse_qs(parts.query)) == [option]
    assert set(pages[1]["value"][0]) == {"id", "mail"}


async def test_the_latest_token_brings_a_link_and_no_data(graph: Graph) -> None:
    """What happens afterwards, and nothing from before, is in the next round."""
    page = await graph.get(f"users/delta?{SELECT}&$deltatoken=latest")
    assert page["value"] == []
    graph.tenant.update_user(graph.tenant.admin.id, jobTitle="Chief")
    items, _ = await graph.round(page["@odata.deltaLink"])
    assert [(item["id"], item["jobTitle"]) for item in items] == [(graph.tenant.admin.id, "Chief")]


async def test_a_quiet_directory_has_an_empty_round(graph: Graph) -> None:
    """The new delta link goes on from there."""
    link = await latest(graph)
    items, again = await graph.round(link)
    assert items == []
    assert (await graph.round(again))[0] == []


async def test_a_changed_user_comes_whole_with_cleared_values_as_null(graph: Graph) -> None:
    """All selected properties that ever had a value are there, those never set are not."""
    link = await latest(graph)
    user = graph.tenant.admin
    graph.tenant.update_user(user.id, mail=None)
    items, _ = await graph.round(link)
    assert items == [
        {"displayName": user.display_name, "mail": None, "accountEnabled": True, "id": user.id},
    ]


async def test_changes_of_other_properties_do_not_show(graph: Graph) -> None:
    """Only what was selected is tracked, and without a select the default properties are."""
    selected, default = await latest(graph), await latest(graph, "")
    graph.tenant.update_user(graph.tenant.admin.id, city="Leeds")
    assert (await graph.round(selected))[0] == []
    assert (await graph.round(default))[0] == []
    graph.tenant.update_user(graph.tenant.admin.id, officeLocation="Attic")
    assert (await graph.round(selected))[0] == []
    assert [item["officeLocation"] for item in (await graph.round(default))[0]] == ["Attic"]


async def test_removal_has_a_reason(graph: Graph) -> None:
    """Restorable is `changed`, gone for ever is `deleted`, restored is a new object."""
    link = await latest(graph)
    user = graph.tenant.admin
    graph.tenant.delete_user(user.id)
    items, deleted = await graph.round(link)
    assert items == [{"id": user.id, "@removed": {"reason": "changed"}}]
    graph.tenant.restore_user(user.id)
    items, restored = await graph.round(deleted)
    assert [item["id"] for item in items] == [user.id]
    assert items[0]["displayName"] == user.display_name
    graph.tenant.purge_user(user.id)
    items, _ = await graph.round(restored)
    assert items == [{"id": user.id, "@removed": {"reason": "deleted"}}]


async def test_many_changes_of_one_user_are_one_object(graph: Graph) -> None:
    """The latest state counts; objects come in the order of their latest change."""
    link = await latest(graph)
    first, second = list(graph.tenant.users)[:2]
    graph.tenant.update_user(first, jobTitle="One")
    graph.tenant.update_user(second, jobTitle="Two")
    graph.tenant.update_user(first, jobTitle="Three")
    items, _ = await graph.round(link)
    assert [(item["id"], item["jobTitle"]) for item in items] == [(second, "Two"), (first, "Three")]


async def test_changes_during_a_round_come_again_in_the_next(meridian: Graph) -> None:
    """Nothing is lost between the first page and the delta link."""
    first = await meridian.get("users/delta?$select=jobTitle")
    early, late = next(iter(meridian.tenant.users)), list(meridian.tenant.users)[-1]
    meridian.tenant.update_user(early, jobTitle="Changed behind the reader")
    meridian.tenant.delete_user(late)
    items, link = await meridian.round(first["@odata.nextLink"])
    assert {"id": late, "@removed": {"reason": "changed"}} in items
    again, _ = await meridian.round(link)
    known = fold(fold({}, first["value"] + items), again)
    assert known[early]["jobTitle"] == "Changed behind the reader"
    assert set(known) == set(meridian.tenant.users)


async def test_a_page_can_be_asked_for_again(meridian: Graph) -> None:
    """A retry of a next link or of a delta link gives the same objects."""
    first = await meridian.get("users/delta?$select=id")
    second = await meridian.get(first["@odata.nextLink"])
    assert (await meridian.get(first["@odata.nextLink"]))["value"] == second["value"]
    meridian.tenant.update_user(meridian.tenant.admin.id, displayName="New")
    link = await latest(meridian)
    meridian.tenant.update_user(meridian.tenant.admin.id, displayName="Newer")
    assert (await meridian.round(link))[0] == (await meridian.round(link))[0] != []


async def test_the_service_may_repeat_shuffle_and_pause(meridian: Graph) -> None:
    """With every liberty taken, the objects are the same ones."""
    await meridian.control(
        "delta-behaviour",
        tenant="meridian",
        page_size=40,
        duplicates=0.3,
        empty_pages=5,
        shuffle=True,
    )
    pages = await meridian.pages("users/delta?$select=id")
    ids = [item["id"] for page in pages for item in page["value"]]
    assert len(ids) > len(set(ids)) == len(meridian.tenant.users)
    assert list(dict.fromkeys(ids)) != list(meridian.tenant.users)
    assert sum(page["value"] == [] for page in pages) == 5
    assert all("@odata.nextLink" in page for page in pages[:-1])
    assert max(len(page["value"]) for page in pages) == 40
    await meridian.control("delta-behaviour", tenant="meridian")
    assert len(await meridian.pages("users/delta?$select=id")) == 2


async def test_a_replay_hands_out_the_latest_changes_again(graph: Graph) -> None:
    """A quiet directory then has no empty rounds."""
    await graph.control("delta-behaviour", replay_last_page=True)
    _, link = await graph.round(f"users/delta?{SELECT}")
    replayed, again = await graph.round(link)
    assert {item["id"] for item in replayed} <= set(graph.tenant.users)
    assert replayed
    assert (await graph.round(again))[0] == replayed


async def test_deleted_users_may_show_in_a_first_round(graph: Graph) -> None:
    """A client has to bear the removal of what it never saw."""
    gone = graph.tenant.admin.id
    graph.tenant.delete_user(gone)
    assert gone not in {item["id"] for item in (await graph.round("users/delta"))[0]}
    await graph.control("delta-behaviour", tenant=graph.tenant.id, removed_at_first=True)
    assert {"id": gone, "@removed": {"reason": "changed"}} in (await graph.round("users/delta"))[0]


async def test_a_filter_restricts_the_round_and_those_after_it(graph: Graph) -> None:
    """Up to 50 ids, joined by `or`, remembered by the delta link."""
    first, second, third = list(graph.tenant.users)[:3]
    condition = f"id eq '{first}' or id eq '{second}'"
    items, link = await graph.round(f"users/delta?$filter={condition}")
    assert {item["id"] for item in items} == {first, second}
    for user_id in (first, third):
        graph.tenant.update_user(user_id, jobTitle="Changed")
    assert [item["id"] for item in (await graph.round(link))[0]] == [first]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("$filter=mail eq 'x'", "Request_UnsupportedQuery"),
        ("$filter=" + " or ".join(["id eq 'x'"] * 51), "Request_UnsupportedQuery"),
        ("$expand=manager", "Request_BadRequest"),
        ("$orderby=displayName", "Request_BadRequest"),
        ("$select=shoeSize", "BadRequest"),
    ],
)
async def test_what_delta_does_not_support_is_refused(graph: Graph, options: str, code: str) -> None:
    """With 400 and a code."""
    answer = await graph.ask(f"users/delta?{options}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("name", ["signInActivity", "mailboxSettings", "aboutMe", "skills"])
async def test_properties_kept_elsewhere_cannot_be_tracked(graph: Graph, name: str) -> None:
    """The message is the documented one."""
    answer = await graph.ask(f"users/delta?$select=id,{name}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BadRequest")
    assert error["message"] == (
        "Invalid request for delta query: for this entity set, $expand/$select is not supported for the "
        f"following properties: {name}"
    )


async def test_a_licence_and_an_alias_are_changes(graph: Graph) -> None:
    """Where they are selected, and nowhere else."""
    user = graph.tenant.admin
    watched = await latest(graph, "$select=proxyAddresses,assignedLicenses")
    unwatched = await latest(graph, "$select=displayName")
    addresses = [*user.properties["proxyAddresses"], "smtp:alias@contoso.example"]
    for written in (
        {"proxyAddresses": addresses},
        {"assignedLicenses": [{"disabledPlans": [], "skuId": BUSINESS_BASIC.sku_id}]},
        {"assignedLicenses": []},
    ):
        graph.tenant.update_user(user.id, **written)
        (item,), watched = await graph.round(watched)
        assert item["id"] == user.id
        assert item.items() >= written.items()
    assert (await graph.round(unwatched))[0] == []


async def test_licence_states_can_be_selected_and_are_not_tracked(graph: Graph) -> None:
    """A change of nothing else does not show."""
    link = await latest(graph, "$select=licenseAssignmentStates")
    graph.tenant.update_user(graph.tenant.admin.id, licenseAssignmentStates=[{"state": "Active"}])
    assert (await graph.round(link))[0] == []


async def test_a_token_lives_for_seven_days(graph: Graph) -> None:
    """By the simulator's clock; using it in time brings a new one that lives as long again."""
    link = await latest(graph)
    graph.clock.advance(timedelta(days=6, hours=23))
    _, renewed = await graph.round(link)
    await graph.control("clock", advance_seconds=timedelta(hours=2).total_seconds())
    expired = await graph.ask(link)
    assert (expired.status_code, expired.json()["error"]["code"]) == (400, "syncStateNotFound")
    assert (await graph.ask(renewed)).status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "AAAA"])
async def test_a_foreign_token_has_no_state(graph: Graph, token: str) -> None:
    """Neither has one of another tenant."""
    answer = await graph.ask(f"users/delta?$deltatoken={token}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "syncStateNotFound")
    other = next(tenant for tenant in graph.world.tenants.values() if tenant is not graph.tenant)
    answer = await graph.ask(await latest(graph), graph.token(tenant=other))
    assert answer.json()["error"]["code"] == "syncStateNotFound"


async def test_delta_links_can_be_made_to_expire(graph: Graph) -> None:
    """Of one tenant or of all; links made afterwards are good."""
    link = await latest(graph)
    await graph.control("expire-delta", tenant="alder")
    assert (await graph.ask(link)).status_code == 200
    await graph.control("expire-delta", tenant="contoso")
    assert (await graph.ask(link)).json()["error"]["code"] == "syncStateNotFound"
    fresh = await latest(graph)
    assert (await graph.ask(fresh)).status_code == 200
    await graph.control("expire-delta")
    assert (await graph.ask(fresh)).status_code == 400


async def test_a_reset_says_where_to_start_over(graph: Graph) -> None:
    """410 with a Location that has the select and an empty token, and leads to a full round."""
    link = await latest(graph)
    await graph.control("expire-delta", tenant="contoso", style="resyncRequired")
    answer = await graph.ask(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "resyncRequired")
    location = answer.headers["Location"]
    assert location.endswith("$deltatoken=")
    items, _ = await graph.round(location)
    assert {item["id"] for item in items} == set(graph.tenant.users)
    assert set(items[1]) <= {"id", "displayName", "mail", "jobTitle", "accountEnabled"}


async def test_a_fault_can_expire_one_request(graph: Graph) -> None:
    """A fresh round is not hit, only one that goes on from a link."""
    link = await latest(graph)
    await graph.control("faults", kind="expire_delta", path="deltatoken=", count=2)
    assert (await graph.ask(link)).status_code == 410
    assert (await graph.ask(link)).status_code == 410
    await graph.control("faults", kind="expire_delta", status=404)
    answer = await graph.ask(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "syncStateNotFound")
    assert (await graph.ask(link)).status_code == 200


async def test_a_page_token_keeps_the_options_of_its_round(meridian: Graph) -> None:
    """Adding a select to it is refused; a delta link takes a new select."""
    first = await meridian.get("users/delta?$select=id")
    answer = await meridian.ask(first["@odata.nextLink"] + "&$select=mail")
    assert answer.status_code == 400
    link = await latest(meridian)
    meridian.tenant.update_user(meridian.tenant.admin.id, city="Leeds")
    items, again = await meridian.round(link + "&$select=city")
    assert items == [{"city": "Leeds", "id": meridian.tenant.admin.id}]
    meridian.tenant.update_user(meridian.tenant.admin.id, displayName="Unseen")
    assert (await meridian.round(again))[0] == []


async def test_next_links_can_lead_nowhere(meridian: Graph) -> None:
    """A loop repeats the page; a foreign link names another host, which notes if the token came along."""
    await meridian.control("looping-next-link", tenant="meridian", count=2)
    page = await meridian.get("users/delta?$select=id")
    again = await meridian.get(page["@odata.nextLink"])
    assert page["@odata.nextLink"] == again["@odata.nextLink"]
    assert [item["id"] for item in page["value"]] == [item["id"] for item in again["value"]]
    port = urlsplit(meridian.base_url).port
    await meridian.control("foreign-next-link", host=f"localhost:{port}", tenant="meridian")
    link = (await meridian.get("users?$top=999"))["@odata.nextLink"]
    assert link.startswith(f"http://localhost:{port}/v1.0/users")
    assert (await meridian.http.get(link)).status_code == 404
    assert (await meridian.ask(link)).status_code == 404
    calls: list[Answer] = (await meridian.control("foreign-calls", "GET"))["calls"]
    assert [call["authorization"] for call in calls] == [False, True]
    assert {call["path"] for call in calls} == {"/v1.0/users"}
    assert "@odata.nextLink" not in await meridian.get("users?$top=999")
