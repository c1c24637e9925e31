"""Lists of users and single users of the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.world.model import User
from tests.sandbox.graph_harness import Graph, serve_graph

DEFAULT_PROPERTIES = {
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
}


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


@pytest.fixture
async def northmoor() -> AsyncIterator[Graph]:
    async with serve_graph("northmoor") as served:
        yield served


async def test_a_list_without_select_has_the_default_properties(graph: Graph) -> None:
    """What was never set is null, except for phones, which are an empty list."""
    page = await graph.get("users")
    assert page["@odata.context"] == f"{graph.base_url}/v1.0/$metadata#users"
    assert [set(item) for item in page["value"]] == [DEFAULT_PROPERTIES] * len(graph.tenant.users)
    administrator = page["value"][0]
    assert administrator["jobTitle"] is None
    assert all(isinstance(item["businessPhones"], list) for item in page["value"])


async def test_select_decides_which_properties_come(graph: Graph) -> None:
    """Names are taken in any case, and the context repeats them."""
    page = await graph.get("users?$select=id,DISPLAYNAME,faxNumber,proxyAddresses")
    assert page["@odata.context"].endswith("#users(id,displayName,faxNumber,proxyAddresses)")
    first = graph.tenant.admin
    assert page["value"][0] == {
        "id": first.id,
        "displayName": first.display_name,
        "faxNumber": None,
        "proxyAddresses": first.properties["proxyAddresses"],
    }


async def test_option_names_may_lack_their_dollar_sign_or_be_encoded(graph: Graph) -> None:
    """Both spellings that clients send mean the same."""
    for path in ("users?$select=id&$top=2", "users?select=id&top=2", "users?%24select=id&%24top=2"):
        assert [set(item) for item in (await graph.get(path))["value"]] == [{"id"}, {"id"}]


@pytest.mark.parametrize("top", [1, 7, 50, 119, 120, 999])
async def test_pages_hold_every_user_once(northmoor: Graph, top: int) -> None:
    """Following the next links visits all users, in pages of the size asked for."""
    pages = await northmoor.pages(f"users?$select=id&$top={top}")
    ids = [item["id"] for page in pages for item in page["value"]]
    assert ids == list(northmoor.tenant.users)
    assert {len(page["value"]) for page in pages[:-1]} <= {top}
    assert len(pages) == -(-len(ids) // top)


async def test_a_page_has_100_users_by_default(northmoor: Graph) -> None:
    """Without `$top` the first page of 120 users leaves 20 for the second."""
    pages = await northmoor.pages("users?$select=id")
    assert [len(page["value"]) for page in pages] == [100, 20]


@pytest.mark.parametrize("top", ["0", "1000", "-1", "x", ""])
async def test_a_page_size_outside_1_to_999_is_refused(graph: Graph, top: str) -> None:
    """The message names the limits."""
    answer = await graph.ask(f"users?$top={top}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Request_UnsupportedQuery"
    assert "between 1 and 999" in answer.json()["error"]["message"]


async def test_a_next_link_is_absolute_and_repeats_the_query(northmoor: Graph) -> None:
    """The skip token is opaque; select, filter and page size go along."""
    page = await northmoor.get("users?$select=id,mail&$top=3&$filter=accountEnabled eq true")
    link = urlsplit(page["@odata.nextLink"])
    assert f"{link.scheme}://{link.netloc}" == northmoor.base_url
    query = parse_qs(link.query)
    assert query["$select"] == ["id,mail"]
    assert query["$top"] == ["3"]
    assert query["$filter"] == ["accountEnabled eq true"]
    assert query["$skiptoken"]


async def test_nobody_is_skipped_when_the_directory_changes_between_pages(northmoor: Graph) -> None:
    """A user who leaves from an earlier page does not push somebody over the edge."""
    first = await northmoor.get("users?$select=id&$top=10")
    northmoor.tenant.delete_user(first["value"][0]["id"])
    rest = await northmoor.items(first["@odata.nextLink"])
    seen = {item["id"] for item in first["value"] + rest}
    assert set(northmoor.tenant.users) <= seen


async def test_a_changed_user_is_not_served_from_the_past(graph: Graph) -> None:
    """The list shows a change at once, also after it was listed before."""
    user = graph.tenant.admin
    await graph.get("users?$select=jobTitle")
    graph.tenant.update_user(user.id, jobTitle="Chief of Everything")
    assert (await graph.get("users?$select=jobTitle"))["value"][0]["jobTitle"] == "Chief of Everything"


@pytest.mark.parametrize("token", ["", "nonsense", "AAAAAAAAAAAAAAAAAAAA"])
async def test_a_page_token_that_is_none_is_refused(graph: Graph, token: str) -> None:
    """A damaged token is an expired one."""
    answer = await graph.ask(f"users?$skiptoken={token}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Directory_ExpiredPageToken"


async def test_a_page_token_is_good_in_its_tenant_only(northmoor: Graph) -> None:
    """Another tenant's token does not open."""
    link = (await northmoor.get("users?$top=5"))["@odata.nextLink"]
    other = next(tenant for tenant in northmoor.world.tenants.values() if tenant is not northmoor.tenant)
    answer = await northmoor.ask(link, northmoor.token(tenant=other))
    assert answer.status_code == 400


async def ids(graph: Graph, condition: str) -> set[str]:
    return {item["id"] for item in await graph.items(f"users?$select=id&$top=999&$filter={condition}")}


async def test_filters_choose_users() -> None:
    """Equality, prefixes, and, or, parentheses, null, quotes; strings in any case."""
    async with serve_graph("kosmopolis") as graph:
        users = list(graph.tenant.users.values())

        def chosen(accept: object) -> set[str]:
            assert callable(accept)
            result = {user.id for user in users if accept(user)}
            assert result, "the filter would be tested on nothing"
            return result

        def guest(user: User) -> bool:
            return user.is_guest

        assert await ids(graph, "userType eq 'guest'") == chosen(guest)
        assert await ids(graph, "accountEnabled eq false") == chosen(lambda user: not user.enabled)
        assert await ids(graph, "mail eq null and userType eq 'Member'") == chosen(
            lambda user: not user.mail and not user.is_guest
        )
        assert await ids(graph, "startswith(displayName,'zo')") == chosen(
            lambda user: user.display_name.casefold().startswith("zo")
        )
        quoted = "siobhan.o'shaughnessy@kosmopolis.example"
        assert await ids(graph, f"userPrincipalName eq '{quoted.replace(chr(39), chr(39) * 2)}'") == chosen(
            lambda user: user.user_principal_name == quoted
        )
        either = "(userType eq 'Guest' or accountEnabled eq false) and startswith(mail, 'f')"
        assert await ids(graph, either) == chosen(
            lambda user: (user.is_guest or not user.enabled) and (user.mail or "").casefold().startswith("f")
        )


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("colour eq 'red'", "BadRequest"),
        ("mail eq", "BadRequest"),
        ("mail eq 'a' or", "BadRequest"),
        ("mail ne 'a'", "BadRequest"),
        ("(mail eq 'a'", "BadRequest"),
        ("mail eq 'a' %26", "BadRequest"),
        ("proxyAddresses eq 'x'", "Request_UnsupportedQuery"),
    ],
)
async def test_a_filter_that_is_not_understood_is_refused(graph: Graph, condition: str, code: str) -> None:
    """It is better to fail than to list everybody."""
    answer = await graph.ask(f"users?$filter={condition}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_an_unknown_property_cannot_be_selected(graph: Graph) -> None:
    """The message names property and type."""
    answer = await graph.ask("users?$select=id,shoeSize")
    assert answer.status_code == 400
    assert "'shoeSize' on type 'microsoft.graph.user'" in answer.json()["error"]["message"]


async def test_properties_kept_elsewhere_cannot_be_listed(graph: Graph) -> None:
    """Mailbox settings are 501, sign-in activity needs a permission of its own."""
    assert (await graph.ask("users?$select=mailboxSettings")).status_code == 501
    assert (await graph.ask("users?$select=signInActivity")).status_code == 403
    assert (await graph.ask("users?$skip=3")).status_code == 400


async def test_counting_needs_eventual_consistency(graph: Graph) -> None:
    """Without the header the count is left out, and the bare count is refused."""
    number = len(graph.tenant.users)
    assert "@odata.count" not in await graph.get("users?$count=true&$top=1")
    counted = await graph.get("users?$count=true&$top=1", ConsistencyLevel="eventual")
    assert counted["@odata.count"] == number
    assert (await graph.ask("users/$count")).status_code == 400
    bare = await graph.ask("users/$count", headers={"ConsistencyLevel": "eventual"})
    assert (bare.text, bare.headers["Content-Type"]) == (str(number), "text/plain")


async def test_searching_needs_eventual_consistency(graph: Graph) -> None:
    """Words of the property have to begin with the words that are searched."""
    path = 'users?$select=displayName&$search="displayName:adel van"'
    assert (await graph.ask(path)).status_code == 400
    found = await graph.get(path, ConsistencyLevel="eventual")
    assert [item["displayName"] for item in found["value"]] == ["Adele Vance"]


async def test_users_can_be_sorted_over_pages(northmoor: Graph) -> None:
    """The order holds across pages, both ways."""
    names = [
        item["displayName"]
        for item in await northmoor.items("users?$select=displayName&$orderby=displayName&$top=50")
    ]
    assert names == sorted(names, key=str.casefold)
    assert len(names) == len(northmoor.tenant.users)
    page = await northmoor.get("users?$select=displayName&$orderby=displayName desc&$top=1")
    assert page["value"][0]["displayName"] == names[-1]
    assert (await northmoor.ask("users?$orderby=city")).status_code == 400


async def test_one_user_is_found_by_id_and_by_name(graph: Graph) -> None:
    """The user principal name may be in any case, and may have encoded characters."""
    user = graph.tenant.admin
    for key in (user.id, user.id.upper(), "ADMIN@contoso.example"):
        found = await graph.get(f"users/{key}?$select=id,userPrincipalName")
        assert found["id"] == user.id
        assert found["@odata.context"].endswith("#users(id,userPrincipalName)/$entity")
    guest = next(user for user in graph.tenant.users.values() if user.is_guest)
    name = guest.user_principal_name.replace("#", "%23")
    assert (await graph.get(f"users/{name}"))["id"] == guest.id
    missing = await graph.ask("users/nobody@contoso.example")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_deleted_users_are_gone_from_lists_and_lookups(graph: Graph) -> None:
    """Until they are restored."""
    user = graph.tenant.admin
    graph.tenant.delete_user(user.id)
    assert user.id not in {item["id"] for item in await graph.items("users")}
    assert (await graph.ask(f"users/{user.id}")).status_code == 404
    graph.tenant.restore_user(user.id)
    assert (await graph.get(f"users/{user.id}"))["id"] == user.id


async def test_the_purpose_of_a_mailbox_is_a_setting_of_its_own() -> None:
    """It needs its own permission, and a mailbox."""
    async with serve_graph("alder") as graph:
        token = graph.token(["MailboxSettings.Read"])
        answer = await graph.ask("users/studio@alderfinch.example/mailboxSettings", token)
        assert answer.json()["userPurpose"] == "shared"
        answer = await graph.ask("users/plotter@alderfinch.example/mailboxSettings/userPurpose", token)
        assert answer.json()["value"] == "equipment"
        settings = "mailboxSettings/userPurpose"
        guest = next(user for user in graph.tenant.users.values() if user.is_guest and user.mail)
        for user, asked_with, refusal in (
            ("admin@alderfinch.example", token, (404, "MailboxNotEnabledForRESTAPI")),
            (guest.id, token, (404, "MailboxNotEnabledForRESTAPI")),
            ("nobody@alderfinch.example", token, (404, "ErrorInvalidUser")),
            ("studio@alderfinch.example", graph.token(), (403, "ErrorAccessDenied")),
            ("nobody@alderfinch.example", graph.token(), (403, "ErrorAccessDenied")),
        ):
            refused = await graph.ask(f"users/{user}/{settings}", asked_with)
            assert (refused.status_code, refused.json()["error"]["code"]) == refusal


async def test_a_signed_in_user_reads_the_own_mailbox_settings_only() -> None:
    """Whatever roles the user has."""
    async with serve_graph("harbour") as graph:
        token = graph.token((), scopes=["MailboxSettings.Read"], user=graph.tenant.admin)
        for name, status in (("admin", 200), ("ned", 403)):
            answer = await graph.ask(f"users/{name}@harbourlane.example/mailboxSettings/userPurpose", token)
            assert answer.status_code == status


@pytest.mark.parametrize("by", ["id", "userPrincipalName"])
async def test_addresses_and_licences_of_one_user_can_be_selected(graph: Graph, by: str) -> None:
    """By either name; a never licensed user has an empty list."""
    user = next(
        user
        for user in graph.tenant.users.values()
        if any(address.startswith("x500:") for address in user.properties.get("proxyAddresses", ()))
    )
    found = await graph.get(f"users/{user.properties[by]}?$select=id,proxyAddresses,assignedLicenses")
    assert found["id"] == user.id
    assert found["proxyAddresses"] == user.properties["proxyAddresses"]
    assert found["assignedLicenses"] == user.properties["assignedLicenses"]
    assert [set(licence) for licence in found["assignedLicenses"]] == [{"disabledPlans", "skuId"}]
    hired = graph.tenant.hire(userPrincipalName="new@contoso.example", displayName="New")
    found = await graph.get(f"users/{hired.properties[by]}?$select=proxyAddresses,assignedLicenses")
    assert (found["proxyAddresses"], found["assignedLicenses"]) == ([], [])


async def test_hostile_names_survive_the_journey() -> None:
    """Every name arrives exactly as it is in the directory."""
    async with serve_graph("kosmopolis") as graph:
        listed = {
            item["id"]: item["displayName"]
            for item in await graph.items("users?$select=id,displayName&$top=999")
        }
        assert listed == {user.id: user.display_name for user in graph.tenant.users.values()}


async def test_every_answer_carries_the_headers_of_graph(graph: Graph) -> None:
    """Also an error; the client's own request id comes back."""
    for path, status in (("users", 200), ("users/none", 404), ("nothing", 400)):
        answer = await graph.ask(path, headers={"client-request-id": "mine"})
        assert answer.status_code == status
        assert answer.headers["client-request-id"] == "mine"
        assert answer.headers["request-id"] != "mine"
        assert {"date", "x-ms-ags-diagnostic", "x-ms-resource-unit"} <= set(answer.headers)
        if status != 200:
            error = answer.json()["error"]
            assert set(error) == {"code", "message", "innerError"}
            assert error["innerError"]["request-id"] == answer.headers["request-id"]
            assert error["innerError"]["client-request-id"] == "mine"


async def test_large_answers_are_compressed_for_those_who_accept_it(graph: Graph) -> None:
    """The content is the same either way."""
    plain = await graph.ask("users", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    async with graph.http.stream(
        "GET",
        f"{graph.base_url}/v1.0/users",
        headers={"Authorization": f"Bearer {graph.token()}", "Accept-Encoding": "gzip"},
    ) as compressed:
        raw = b"".join([chunk async for chunk in compressed.aiter_raw()])
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert len(raw) < len(plain.content)
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize("path", ["me", "users/1/photo", "devices", ""])
async def test_what_is_not_simulated_says_so(graph: Graph, path: str) -> None:
    """An unknown segment is a bad request, as in Graph."""
    answer = await graph.ask(path)
    assert answer.status_code == 400
    assert "Resource not found for the segment" in answer.json()["error"]["message"]


async def test_writing_is_not_allowed(graph: Graph) -> None:
    """The simulated directory changes through its control surface only."""
    answer = await graph.http.delete(
        f"{graph.base_url}/v1.0/users/{graph.tenant.admin.id}",
        headers={"Authorization": f"Bearer {graph.token()}"},
    )
    assert answer.status_code == 405
    assert graph.tenant.admin.id in graph.tenant.users
