"""The account's table of customers."""

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.web.portal import customer_table
from tests.contract.contracts.values import HOSTILE
from tests.fakes import World
from tests.unit.web.conftest import Caller
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, put

SCRIPT = '<script>alert(1)</script>"&\u05d0'


def ids(page: httpx.Response) -> list[str]:
    """The customers in the table, in order."""
    return [unquote(found) for found in re.findall(r'<a href="/portal/customers/([^"/]+)"><bdi>', page.text)]


def link(page: httpx.Response, label: str) -> str | None:
    """Where a link of the pager leads."""
    found = re.search(rf'<a class="button" href="([^"]+)">{label}</a>', page.text)
    return None if found is None else found[1].replace("&amp;", "&")


async def fill(world: World, account_id: str, count: int, name: str = "Customer") -> list[str]:
    """So many customers; returns their ids in order."""
    made = [f"{name.lower()}-{number:03d}" for number in range(count)]
    for customer_id in made:
        await world.app.customers.put(account_id, customer_id, f"{name} {customer_id[-3:]} Ltd", ())
    return made


async def through(browser: httpx.AsyncClient, address: str) -> list[list[str]]:
    """The ids on each page, from Next to Next."""
    pages: list[list[str]] = []
    following: str | None = address
    while following is not None:
        page = await browser.get(following)
        assert page.status_code == 200
        pages.append(ids(page))
        following = link(page, "Next")
    return pages


async def test_a_customer_is_shown_with_its_connection(
    site: Site, customer: Customer, manager: httpx.AsyncClient
) -> None:
    """State, organization, last sync, next one, and the way to its own page."""
    await site.world.sync(customer)
    page = (await manager.get(ACCOUNT_PAGE)).text
    for words in [
        f'<a href="{PAGE}"><bdi>Customer c-1</bdi></a>',
        "Connected</span>",
        'type="submit">Reconnect<span class="hidden"> <bdi>Customer c-1</bdi></span></button>',
        "<bdi>Contoso</bdi>",
        "<bdi>contoso.example</bdi>",
        '<td class="aside"><time datetime="2026-03-02T00:00:00Z">',
    ]:
        assert words in page
    next_sync = site.world.app.customers.next_sync(await site.connection(customer))
    assert next_sync is not None
    assert page.count(f"{next_sync:%Y-%m-%dT%H:%M}") == 2  # once for desks, once for hands


@pytest.mark.parametrize(
    ("fields", "words", "button"),
    [
        ({"state": ConnectionState.PENDING, "tenant_id": None}, "Not connected", "Connect"),
        ({"state": ConnectionState.CONSENTING}, "Waiting for approval", "Start again"),
        ({"state": ConnectionState.VALIDATING}, "Almost there", "Reconnect"),
        ({"state": ConnectionState.PAUSED}, "Paused", "Reconnect"),
        ({"state": ConnectionState.DISCONNECTED}, "Disconnected", "Connect"),
        (
            {"state": ConnectionState.ACTION_REQUIRED, "reason": "consent_revoked"},
            "consent is missing or was withdrawn.",
            "Reconnect",
        ),
        ({"held_run": "run_x"}, f'href="{PAGE}/runs/run_x">somebody’s approval</a>', "Reconnect"),
    ],
)
async def test_every_state_has_its_words_and_its_button(
    site: Site,
    customer: Customer,
    manager: httpx.AsyncClient,
    fields: dict[str, Any],
    words: str,
    button: str,
) -> None:
    """The same words as on the customer's own page."""
    await put(site, customer, **fields)
    page = (await manager.get(ACCOUNT_PAGE)).text
    assert words in page
    assert f'type="submit">{button}<span' in page


async def test_a_customer_that_was_never_connected_can_be(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """There is no connection to look at yet."""
    await site.world.customer("c-1", caller.account_id)
    page = (await manager.get(ACCOUNT_PAGE)).text
    assert "Not connected</span>" in page
    assert f'action="{PAGE}/connect"' in page
    assert page.count('<td class="aside">–</td>') == 3


async def test_a_long_table_has_pages(site: Site, caller: Caller, manager: httpx.AsyncClient) -> None:
    """Twenty-five a page, each customer once, and back to the start from everywhere else."""
    made = await fill(site.world, caller.account_id, 60)
    pages = await through(manager, ACCOUNT_PAGE)
    assert [len(page) for page in pages] == [25, 25, 10]
    assert [customer for page in pages for customer in page] == made
    first = await manager.get(ACCOUNT_PAGE)
    assert link(first, "Back to the start") is None
    second = await manager.get(link(first, "Next") or "")
    assert link(second, "Back to the start") == f"{ACCOUNT_PAGE}#customers-title"


async def test_a_table_that_just_fits_has_no_next_page(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Twenty-five customers are one page."""
    await fill(site.world, caller.account_id, 25)
    page = await manager.get(ACCOUNT_PAGE)
    assert len(ids(page)) == 25
    assert "More customers" not in page.text


async def test_a_search_finds_a_part_of_a_name_whatever_its_case(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """The field keeps what was searched for, and there is a way back to all."""
    for customer_id, name in (("1", "Zoë Łukasz & Sons"), ("2", "Woodgrove"), ("3", "STRASSE")):
        await site.world.app.customers.put(caller.account_id, customer_id, name, ())
    for search, found in [
        ("łuk", ["1"]),
        ("  OE\u0308  łukasz &", ["1"]),
        ("ZOE\u0308", ["1"]),
        ("& s", ["1"]),
        ("GROVE", ["2"]),
        ("straße", ["3"]),
        ("o", ["1", "2"]),
        ("", ["1", "2", "3"]),
        ("2", []),
    ]:
        page = await manager.get(ACCOUNT_PAGE, params={"search": search})
        assert ids(page) == found, search
    page = await manager.get(ACCOUNT_PAGE, params={"search": "& s"})
    assert 'type="search" value="&amp; s"' in page.text
    assert link(page, "Show all customers") == f"{ACCOUNT_PAGE}#customers-title"


async def test_a_search_goes_on_from_page_to_page(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Each customer that fits is found once, wherever it is among the others."""
    others = await fill(site.world, caller.account_id, 40, "Others")
    wanted = await fill(site.world, caller.account_id, 60, "Want & ed")
    pages = await through(manager, f"{ACCOUNT_PAGE}?search=want+%26")
    assert [len(page) for page in pages] == [25, 25, 10]
    assert [customer for page in pages for customer in page] == wanted
    assert not set(others) & set(wanted)


async def test_what_is_rare_among_many_is_looked_for_in_steps(
    site: Site, caller: Caller, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page reads so many customers and no more; it says so, and the next one goes on."""
    monkeypatch.setattr(customer_table, "_AT_ONCE", 5)
    monkeypatch.setattr(customer_table, "_MOST_LOOKS", 2)
    await fill(site.world, caller.account_id, 35)
    await site.world.app.customers.put(caller.account_id, "x", "Needle", ())
    pages = await through(manager, f"{ACCOUNT_PAGE}?search=needle")
    assert pages == [[], [], [], ["x"]]
    assert "in it so far." in (await manager.get(f"{ACCOUNT_PAGE}?search=needle")).text


async def test_a_search_that_finds_nobody_says_so(customer: Customer, manager: httpx.AsyncClient) -> None:
    """What was searched for is text and nothing else."""
    page = await manager.get(ACCOUNT_PAGE, params={"search": SCRIPT})
    assert "No customer’s name has “<bdi>&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert link(page, "Show all customers") is not None


@pytest.mark.parametrize("after", ["", "x", "AAAAAAAAAA"])
async def test_a_place_that_was_never_given_out_is_no_page(
    customer: Customer, manager: httpx.AsyncClient, after: str
) -> None:
    """It comes from a former page of this table."""
    answer = await manager.get(ACCOUNT_PAGE, params={"after": after})
    assert answer.status_code == 400
    assert "There is no such page." in answer.text


async def test_a_place_in_one_search_is_none_in_another(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Nor is it one in another account's table."""
    await fill(site.world, caller.account_id, 30)
    address = link(await manager.get(ACCOUNT_PAGE), "Next") or ""
    after = httpx.URL(address).params["after"]
    assert (await manager.get(ACCOUNT_PAGE, params={"after": after})).status_code == 200
    assert (await manager.get(ACCOUNT_PAGE, params={"after": after, "search": "c"})).status_code == 400
    stranger_id, http = await site.caller("Other")
    await http.aclose()
    async with site.manager(stranger_id) as stranger:
        assert (await stranger.get(ACCOUNT_PAGE, params={"after": after})).status_code == 400


@pytest.mark.parametrize("name", [SCRIPT, *HOSTILE])
async def test_what_a_psa_says_is_text_and_nothing_else(
    site: Site, caller: Caller, customer: Customer, manager: httpx.AsyncClient, name: str
) -> None:
    """Names are escaped and isolated, wherever they come from."""
    await site.world.app.customers.put(caller.account_id, "c-1", name, ())
    await put(site, customer, tenant_name=name, tenant_domain=name)
    page = await manager.get(ACCOUNT_PAGE)
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&#34;").replace("'", "&#39;")
    assert page.text.count(f"<bdi>{escaped}</bdi>") == 6  # name twice; organization and domain twice each
    assert "<script>alert" not in page.text
    assert (await manager.get(ACCOUNT_PAGE, params={"search": name})).status_code == 200


async def test_the_accounts_page_holds_nothing_inline(
    site: Site, customer: Customer, manager: httpx.AsyncClient
) -> None:
    """No inline script, style or handler, so that the policy needs no exception."""
    await site.world.sync(customer)
    page = (await manager.get(ACCOUNT_PAGE)).text
    for inline in ("<style", " style=", " onclick", " onchange"):
        assert inline not in page
    assert page.count("<script") == 1


async def test_a_page_of_the_table_costs_a_query_and_a_read_for_each_row(
    site: Site, caller: Caller, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many customers there are."""
    await fill(site.world, caller.account_id, 60)
    asked: list[str] = []
    for store, method in ((site.world.customers, "list"), (site.world.connections, "get")):
        original = getattr(store, method)

        async def counted(*given: Any, method: str = method, original: Any = original) -> Any:
            asked.append(method)
            return await original(*given)

        monkeypatch.setattr(store, method, counted)
    await manager.get(ACCOUNT_PAGE)
    assert (asked.count("list"), asked.count("get")) == (1, 25)


STATES: dict[str, dict[str, Any]] = {
    "fine": {"state": ConnectionState.ACTIVE, "synced": timedelta(hours=1)},
    "late": {"state": ConnectionState.ACTIVE, "synced": timedelta(hours=30)},
    "held": {"state": ConnectionState.ACTIVE, "synced": timedelta(hours=1), "held_run": "run_x"},
    "lost": {"state": ConnectionState.ACTION_REQUIRED, "reason": "consent_revoked"},
    "gone": {"state": ConnectionState.DISCONNECTED},
    "rest": {"state": ConnectionState.PAUSED, "synced": timedelta(hours=300)},
}
FILTERED = {
    "all": {*STATES, "none"},
    "needs_action": {"held", "lost"},
    "not_connected": {"gone", "none"},
    "late": {"late"},
}


@pytest.fixture
async def every_state(site: Site, caller: Caller) -> None:
    """A customer in each state, by name; one that nobody began to connect."""
    now = site.world.clock.now()
    for name, fields in STATES.items():
        customer, _ = await site.world.app.customers.put(caller.account_id, name, f"={name}", ())
        await site.world.app.onboarding.begin(customer, Grant.APPLICATION)
        synced = fields.get("synced")
        at = None if synced is None else now - synced
        kept = {name: value for name, value in fields.items() if name != "synced"}
        await put(site, customer, **kept, synced_at=at, connected_at=at, state_since=at)
    await site.world.app.customers.put(caller.account_id, "none", "=none", ())


@pytest.mark.parametrize(("only", "found"), FILTERED.items())
@pytest.mark.usefixtures("every_state")
async def test_customers_are_filtered_by_how_they_are(
    manager: httpx.AsyncClient, only: str, found: set[str]
) -> None:
    """On the page and in the table for a spreadsheet, where no name is a formula."""
    query = {"only": only}
    page = await manager.get(ACCOUNT_PAGE, params=query)
    assert set(ids(page)) == found
    table = await manager.get(f"{ACCOUNT_PAGE}/customers.csv", params=query)
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert {line["customer_id"] for line in lines} == found
    assert {line["customer"] for line in lines} == {f"'={name}" for name in found}
    for line in lines:
        assert (line["late"] == "yes") is (line["customer_id"] == "late")
        assert (line["needs_action"] == "yes") is (line["customer_id"] in {"held", "lost"})


@pytest.mark.usefixtures("every_state")
async def test_a_filter_and_a_search_go_together(manager: httpx.AsyncClient) -> None:
    """Each keeps the other; what fits neither says so."""
    both = await manager.get(ACCOUNT_PAGE, params={"only": "needs_action", "search": "HE"})
    assert ids(both) == ["held"]
    assert 'type="hidden" name="only" value="needs_action"' in both.text
    assert f'href="{ACCOUNT_PAGE}?search=HE&amp;only=late#customers-title"' in both.text
    assert f'href="{ACCOUNT_PAGE}/customers.csv?search=HE&amp;only=needs_action"' in both.text
    nobody = await manager.get(ACCOUNT_PAGE, params={"only": "late", "search": "held"})
    assert "No customer’s sync is late." in nobody.text
    assert (await manager.get(ACCOUNT_PAGE, params={"only": "x"})).status_code == 400


async def test_a_late_sync_is_marked_in_the_table(
    site: Site, customer: Customer, manager: httpx.AsyncClient
) -> None:
    """With how long ago the last one was."""
    await site.world.sync(customer)
    assert "just now" in (await manager.get(ACCOUNT_PAGE)).text
    site.world.clock.advance(timedelta(hours=30))
    async with site.manager(customer.account_id) as later:
        page = (await later.get(ACCOUNT_PAGE)).text
    assert "30 hours ago" in page
    assert "Late</span>" in page
