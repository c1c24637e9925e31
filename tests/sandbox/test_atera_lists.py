"""Lists of the simulated Atera: pages, filters and order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sandbox.atera_harness import Answer, Service, serve_atera


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


async def found(service: Service, **query: str | int) -> list[int]:
    """The ids that a list of contacts has."""
    return [item["EndUserID"] for item in (await service.get("contacts", **query))["items"]]


async def pages(service: Service, path: str) -> list[Answer]:
    """Follow the next links to the end."""
    got = [await service.get(path)]
    while link := got[-1]["nextLink"]:
        assert len(got) < 20, "the links never end"
        got.append((await service.ask("GET", link)).json())
    return got


async def test_pages_are_linked_in_both_directions(service: Service) -> None:
    """A page has 20 items unless told otherwise; ids come in falling order; the links keep the filters."""
    ids = service.add_people(45)
    got = await pages(service, "contacts?Email=@contoso")
    assert [len(page["items"]) for page in got] == [20, 20, 5]
    assert [item["EndUserID"] for page in got for item in page["items"]] == ids[::-1]
    envelope = {
        name: value for name, value in got[1].items() if name not in ("items", "nextLink", "prevLink")
    }
    assert envelope == {"page": 2, "itemsInPage": 20, "totalItemCount": 45, "totalPages": 3}
    assert got[0]["prevLink"] is got[2]["nextLink"] is None
    link = urlsplit(got[1]["nextLink"])
    assert f"{link.scheme}://{link.netloc}" == service.base_url
    assert link.path == "/api/v3/contacts"
    assert dict(parse_qsl(link.query)) == {"page": "3", "itemsInPage": "20", "Email": "@contoso"}
    assert dict(parse_qsl(urlsplit(got[1]["prevLink"]).query))["page"] == "1"


async def test_no_link_may_be_an_empty_text(service: Service) -> None:
    """The older service has an empty text where the newer one has null."""
    service.account.behaviour.empty_next_link = "empty"
    page = await service.get("contacts")
    assert (page["nextLink"], page["prevLink"]) == ("", "")


async def test_an_empty_list_has_no_pages(service: Service) -> None:
    """Its first page is there all the same, without items."""
    page = await service.get("contacts", itemsInPage=50)
    assert (page["items"], page["page"], page["totalItemCount"], page["totalPages"]) == ([], 1, 0, 0)


async def test_a_page_beyond_the_last_is_empty(service: Service) -> None:
    """It says which page it is and how many there are."""
    service.add_people(3)
    page = await service.get("contacts", page=7, itemsInPage=2)
    assert (page["items"], page["page"], page["totalPages"], page["nextLink"]) == ([], 7, 2, None)


async def test_a_page_has_at_most_fifty_items(service: Service) -> None:
    """A larger page is cut down to fifty, and says so."""
    service.add_people(60)
    page = await service.get("contacts", itemsInPage=100)
    assert (len(page["items"]), page["itemsInPage"], page["totalPages"]) == (50, 50, 2)


async def test_a_larger_page_may_be_refused(service: Service) -> None:
    """Fifty is still right then."""
    service.account.behaviour.long_page = "refused"
    answer = await service.ask("GET", "contacts?itemsInPage=51")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["itemsInPage"])
    assert (await service.get("contacts", itemsInPage=50))["itemsInPage"] == 50


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "itemsInPage=0",
        "itemsInPage=-1",
        "SortBy=Name",
        "FromLastModifiedDate=yesterday",
        "FromLastModifiedDate=2026-03-02T00:00:00Z",
        "FromLastModifiedDate=2026-13-01",
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    """The answer is 400 and names the parameter; a time with an offset is not one of the account's."""
    answer = await service.ask("GET", f"contacts?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])


async def test_part_of_an_address_finds_the_contact(service: Service) -> None:
    """The filter looks anywhere in the address, in any case, so an exact address may find more than one."""
    jane = service.account.add_contact(service.contoso, "jane@contoso.example")
    mary_jane = service.account.add_contact(service.fabrikam, "Mary-Jane@contoso.example")
    service.account.add_contact(service.contoso, "john@contoso.example")
    assert await found(service, Email="JANE@contoso.example") == [mary_jane, jane]
    assert await found(service, email="mary-") == [mary_jane]
    assert await found(service, Email="nobody") == []


async def test_part_of_a_phone_number_finds_the_contact(service: Service) -> None:
    """Both numbers are looked at, as they are written, and not across the two."""
    first = service.account.add_contact(service.contoso, "a@b.example", phone="+44 20", mobile_phone="7946")
    second = service.account.add_contact(service.contoso, "c@d.example", mobile_phone="+44 20")
    service.account.add_contact(service.contoso, "e@f.example")
    assert await found(service, Phone="4 2") == [second, first]
    assert await found(service, Phone="207946") == []


async def test_archived_contacts_may_be_listed_or_not(service: Service) -> None:
    """Nobody knows which it is; one by one they can be read in any case."""
    archived = service.account.add_contact(service.contoso, "a@b.example", archived=True)
    active = service.account.add_contact(service.contoso, "c@d.example")
    assert await found(service) == [active, archived]
    service.account.behaviour.archived_listed = False
    assert await found(service) == [active]
    assert (await service.get(f"contacts/{archived}"))["Archived"] is True


async def test_the_date_of_change_is_in_the_accounts_own_time(service: Service) -> None:
    """The clock says midnight UTC, which is four in the afternoon of the day before in Los Angeles."""
    account = service.atera.add_account("Fourth Coffee", time_zone="America/Los_Angeles")
    contact = account.add_contact(account.add_customer("Contoso"), "a@b.example")
    headers = {"Authorization": f"Bearer {account.add_key()}"}
    expected = {
        "2026-03-01": [contact],
        "2026-03-01T16:00:00": [contact],
        "2026-03-01T16:00:01": [],
        "2026-03-02": [],
    }
    for text, ids in expected.items():
        answer = await service.ask("GET", f"contacts?FromLastModifiedDate={text}", headers=headers)
        assert [item["EndUserID"] for item in answer.json()["items"]] == ids


@pytest.mark.parametrize("text", ["LastModified", "lastmodified", "1"])
async def test_contacts_can_be_sorted_by_their_last_change(service: Service, text: str) -> None:
    """The latest comes first; by default the youngest contact does."""
    first, second, third = service.add_people(3)
    service.clock.advance(timedelta(minutes=1))
    service.account.edit_contact(second, job_title="CFO")
    assert await found(service, SortBy=text) == [second, third, first]
    assert await found(service, SortBy="Creation") == await found(service) == [third, second, first]


async def test_a_next_link_may_lead_in_a_circle_or_away(service: Service) -> None:
    """These are faults like any other; away is where the fault's body says."""
    service.add_people(30)
    await service.control("POST", "faults", {"kind": "looping_next_link", "path": "contacts"})
    page = await service.get("contacts")
    assert dict(parse_qsl(urlsplit(page["nextLink"]).query)) == {"page": "1", "itemsInPage": "20"}
    fault = {"kind": "foreign_next_link", "body": "https://elsewhere.example"}
    await service.control("POST", "faults", fault)
    away = (await service.get("contacts"))["nextLink"]
    assert away == "https://elsewhere.example/api/v3/contacts?page=2&itemsInPage=20"
