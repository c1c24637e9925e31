"""Customers and portal links through the API."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from shared import __version__
from shared.core.customer import Customer
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site


async def test_health_needs_no_key_and_asks_nobody(site: Site) -> None:
    """Health answers with the version and no store is read."""
    async with site.browser() as browser:
        answer = await browser.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__}


async def test_putting_a_customer_creates_it_once(caller: Caller) -> None:
    """The first PUT creates with 201, the second one changes with 200 and keeps when it was created."""
    body = {"name": "Contoso", "sites": [{"id": "s1", "name": "Head office"}]}
    created = await caller.http.put(CUSTOMER, json=body)
    changed = await caller.http.put(CUSTOMER, json={"name": "  Contoso   Ltd "})
    assert created.status_code == 201
    unknown = {"domains": [], "proposed_tenant": None}
    assert created.json() == {"id": "c-1", **body, "created_at": "2026-03-02T00:00:00.000Z", **unknown}
    assert changed.status_code == 200
    assert changed.json()["name"] == "Contoso Ltd"
    assert changed.json()["sites"] == []
    assert changed.json()["created_at"] == created.json()["created_at"]


@pytest.mark.parametrize(
    "customer_id", ["a/b", "/", "a b", "Ümlaut", "a?b#c", "a;b=c", "😀", "runs", "x" * 128]
)
async def test_a_customers_id_may_be_almost_anything(caller: Caller, customer_id: str) -> None:
    """The PSA's own id survives the address in every direction, a slash included."""
    address = f"/api/v1/customers/{quote(customer_id, safe='')}"
    assert (await caller.http.put(address, json={"name": "Contoso"})).status_code == 201
    assert (await caller.http.get(address)).json()["id"] == customer_id
    assert (await caller.http.post(f"{address}/connection")).json()["connection"][
        "customer_id"
    ] == customer_id


@pytest.mark.parametrize(
    "segment", ["%25", "100%25", "a%00b", "%20a", "a%0A", "%E2%80%AE", "%FF", "%2E%2E", "x" * 129, "%C2%80"]
)
async def test_an_id_that_cannot_be_shown_is_refused(caller: Caller, segment: str) -> None:
    """Control characters, blanks at the ends, percent signs, dots and overlong ids are named as such."""
    answer = await caller.http.put(f"/api/v1/customers/{segment}", json={"name": "Contoso"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "customer"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " \t "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "x", "nick": "y"}, "nick"),
        ({"name": "x", "sites": [{"id": "", "name": "y"}]}, "sites.0.id"),
        ({"name": "x", "sites": [{"id": "1", "name": ""}]}, "sites.0.name"),
        ({"name": "x", "sites": [{"id": "1", "name": "y"}, {"id": "1", "name": "z"}]}, "sites"),
        ({"name": "x", "sites": [{"id": str(n), "name": "y"} for n in range(1001)]}, "sites"),
        ([], "body"),
    ],
)
async def test_a_customer_that_makes_no_sense_is_refused_by_field(
    caller: Caller, body: object, field: str
) -> None:
    """The problem names the field and never repeats what was sent."""
    answer = await caller.http.put(CUSTOMER, json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await caller.http.get(CUSTOMER)).status_code == 404


async def test_what_was_sent_is_never_repeated(caller: Caller) -> None:
    """Neither a value nor a hostile field name comes back in a problem."""
    answer = await caller.http.put(CUSTOMER, json={"name": ["secret-value"], "<script>alert(1)": 1})
    assert answer.status_code == 400
    assert "secret-value" not in answer.text
    assert "script" not in answer.text


async def test_names_lose_what_could_reorder_a_page(caller: Caller) -> None:
    """Reordering controls are stripped from names, the marks that right-to-left scripts need are not."""
    answer = await caller.http.put(CUSTOMER, json={"name": "Con\u202etoso \u200fא"})
    assert answer.json()["name"] == "Contoso \u200fא"


async def test_customers_come_in_pages(caller: Caller) -> None:
    """Following `after` gives every customer exactly once, in order."""
    for number in range(5):
        await caller.http.put(f"/api/v1/customers/c-{number}", json={"name": f"Customer {number}"})
    seen: list[str] = []
    after: str | None = None
    while True:
        query = {"limit": "2"} | ({"after": after} if after else {})
        page = (await caller.http.get("/api/v1/customers", params=query)).json()
        assert len(page["data"]) <= 2
        seen += [customer["id"] for customer in page["data"]]
        after = page["after"]
        if after is None:
            break
    assert seen == [f"c-{number}" for number in range(5)]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=", "after=abc", "after=%00", "after=AAAAAAAAAA"]
)
async def test_a_page_that_was_never_given_out_is_refused(caller: Caller, query: str) -> None:
    """`limit` is 1 to 100, and `after` must come from a former page."""
    answer = await caller.http.get(f"/api/v1/customers?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_an_after_of_another_list_is_refused(site: Site, caller: Caller, customer: Customer) -> None:
    """A place in one list is no place in another one."""
    for number in range(3):
        await caller.http.put(f"/api/v1/customers/d-{number}", json={"name": "Customer"})
    after = (await caller.http.get("/api/v1/customers?limit=1")).json()["after"]
    assert after is not None
    answer = await caller.http.get(f"{CUSTOMER}/runs", params={"after": after})
    assert answer.status_code == 400
    _, stranger = await site.caller("Other")
    async with stranger:
        assert (await stranger.get("/api/v1/customers", params={"after": after})).status_code == 400


async def test_a_portal_link_opens_the_portal_once(site: Site, caller: Caller, customer: Customer) -> None:
    """The address lets one browser in and nobody after it."""
    answer = await caller.http.post(f"{CUSTOMER}/portal-sessions")
    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2026-03-02T00:05:00.000Z"
    url = answer.json()["url"]
    assert url.startswith("https://tenantry.example/portal/open?token=")
    async with site.browser() as first, site.browser() as second:
        opened = await first.get(url)
        assert opened.headers["location"] == "/portal/customers/c-1"
        assert (await first.get("/portal/customers/c-1")).status_code == 200
        assert (await second.get(url)).status_code == 410
    assert len(parse_qs(urlsplit(url).query)["token"][0]) >= 43
