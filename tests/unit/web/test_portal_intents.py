"""What a portal link opens, and where it leads back to."""

from typing import Any

import httpx
import pytest

from shared.core.customer import Customer
from tests.unit.web.conftest import Caller
from tests.unit.web.site import ACCOUNT_PAGE, CUSTOMER, PAGE, Site, fields_of

ACCOUNT = "/api/v1/account"
SESSIONS = f"{CUSTOMER}/portal-sessions"
BACK = "https://psa.example/customers/acme?tab=%22&x=1"


async def opened(site: Site, caller: Caller, browser: httpx.AsyncClient, address: str, **body: Any) -> str:
    """The page that the link of a new portal session leads to."""
    made = await caller.http.post(address, json=body or None)
    assert made.status_code == 201
    answer = await browser.get(made.json()["url"])
    assert answer.status_code == 303
    assert (await browser.get(made.json()["url"])).status_code == 410
    return answer.headers["location"]


@pytest.mark.parametrize(
    ("intent", "page"),
    [
        (None, PAGE),
        ("manage", PAGE),
        ("connect", f"{PAGE}/setup"),
        ("configure", f"{PAGE}/setup"),
        ("preview", f"{PAGE}/setup"),
        ("review", f"{PAGE}/reviews"),
    ],
)
async def test_an_intent_decides_which_page_is_opened(
    site: Site, caller: Caller, customer: Customer, intent: str | None, page: str
) -> None:
    """And nothing else: what may be seen is the same, and the way home is the customer's page."""
    async with site.browser() as browser:
        body = {} if intent is None else {"intent": intent}
        assert await opened(site, caller, browser, SESSIONS, **body) == page
        assert (await browser.get(page)).status_code in {200, 303}
        assert (await browser.get("/portal")).headers["location"] == PAGE
        assert (await browser.get(PAGE)).status_code == 200


async def test_an_intent_that_there_is_not_is_refused(caller: Caller, customer: Customer) -> None:
    """By name; the account's portal has none."""
    assert fields_of(await caller.http.post(SESSIONS, json={"intent": "hack"})) == ["intent"]
    sent = await caller.http.post(f"{ACCOUNT}/portal-sessions", json={"intent": "review"})
    assert fields_of(sent) == ["intent"]


async def test_a_way_back_leads_to_a_site_that_the_account_has_named(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """It is shown with the name of the site on every page of the session."""
    named = await caller.http.patch(ACCOUNT, json={"return_origins": ["https://psa.example"] * 2})
    assert named.json()["return_origins"] == ["https://psa.example"]
    for address, page in ((SESSIONS, PAGE), (f"{ACCOUNT}/portal-sessions", ACCOUNT_PAGE)):
        async with site.browser() as browser:
            assert await opened(site, caller, browser, address, return_url=BACK) == page
            shown = (await browser.get(page)).text
        assert 'href="https://psa.example/customers/acme?tab=%22&amp;x=1" rel="noreferrer"' in shown
        assert "Back to psa.example" in shown
    async with site.visitor(customer) as browser:
        assert "Back to psa" not in (await browser.get(PAGE)).text


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "javascript:alert(1)", "https://psa.example@x.example"]
)
async def test_no_way_leads_elsewhere(caller: Caller, customer: Customer, url: str) -> None:
    """Refused when the link is made, by name; also for an account that has named no site."""
    for address in (SESSIONS, f"{ACCOUNT}/portal-sessions"):
        assert fields_of(await caller.http.post(address, json={"return_url": url})) == ["return_url"]
        assert fields_of(await caller.http.post(address, json={"return_url": BACK})) == ["return_url"]
    await caller.http.patch(ACCOUNT, json={"return_origins": ["https://psa.example"]})
    assert fields_of(await caller.http.post(SESSIONS, json={"return_url": url})) == ["return_url"]


async def test_sites_are_named_as_origins(caller: Caller) -> None:
    """What is not named stays, null forgets them, and what is no origin changes nothing."""
    await caller.http.patch(ACCOUNT, json={"return_origins": ["https://psa.example"]})
    for wrong in (["https://psa.example/x"], ["*"], [""], ["https://a.example"] * 21):
        assert fields_of(await caller.http.patch(ACCOUNT, json={"return_origins": wrong}))
    for body, left in (({}, ["https://psa.example"]), ({"return_origins": None}, [])):
        assert (await caller.http.patch(ACCOUNT, json=body)).json()["return_origins"] == left
        assert (await caller.http.get(ACCOUNT)).json()["return_origins"] == left
