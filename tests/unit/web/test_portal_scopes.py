"""What a session for an account opens, and what one for a customer does not."""

import httpx
import msgspec
import pytest

from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.services.access import SESSION_LIFETIME
from tests.contract.contracts.values import HOSTILE
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, hidden, press, send

OF_THE_ACCOUNT = [
    ("GET", ACCOUNT_PAGE),
    ("GET", f"{ACCOUNT_PAGE}/progress.json"),
    ("POST", ACCOUNT_PAGE),
    ("POST", f"{ACCOUNT_PAGE}/test"),
    ("POST", f"{ACCOUNT_PAGE}/import"),
]
FORMS = [path for method, path in OF_THE_ACCOUNT if method == "POST"]
BACK = '<nav aria-label="Way back"><a class="back" href="/portal/account">All customers</a></nav>'


async def test_an_account_session_opens_the_account_and_every_customer_of_it(
    site: Site, caller: Caller, customer: Customer, manager: httpx.AsyncClient
) -> None:
    """It begins on the account's page, and each customer's pages have their way back there."""
    run = await site.world.sync(customer)
    await site.world.customer("c-2", caller.account_id)
    assert (await manager.get("/portal")).headers["location"] == ACCOUNT_PAGE
    assert (await manager.get(ACCOUNT_PAGE)).status_code == 200
    for path in (PAGE, "/portal/customers/c-2"):
        assert BACK in (await manager.get(path)).text
    for path in (f"{PAGE}/runs/{run.id}", f"{PAGE}/disconnect", f"{PAGE}/progress.json"):
        assert (await manager.get(path)).status_code == 200
    assert (await press(manager, f"{PAGE}/sync")).headers["location"] == PAGE


@pytest.mark.parametrize("customer_id", [text for text in HOSTILE if text != ".."])
async def test_a_customer_of_any_id_is_opened_from_the_table(
    site: Site, caller: Caller, manager: httpx.AsyncClient, customer_id: str
) -> None:
    """The table's link leads to exactly this customer's page."""
    await site.world.customer(customer_id, caller.account_id)
    table = (await manager.get(ACCOUNT_PAGE)).text
    address = "/portal/customers/" + table.partition('<a href="/portal/customers/')[2].partition('"')[0]
    opened = await manager.get(address)
    assert opened.status_code == 200
    begun = await press(manager, f"{address}/connect", address)
    assert begun.headers["location"].startswith("https://tenantry.example/connect/start?ticket=")


@pytest.mark.parametrize(("method", "path"), OF_THE_ACCOUNT)
async def test_a_customer_session_finds_no_account_page(
    visitor: httpx.AsyncClient, method: str, path: str
) -> None:
    """The page of its own account is the page of none, whichever way it is asked for."""
    fixed = {"X-Request-Id": "the-same-id", "Sec-Fetch-Site": "same-origin"}
    data = {"form_token": hidden(await visitor.get(PAGE), "form_token"), "kind": "atera", "api_key": "k"}
    sent = data if method == "POST" else None
    refused = await visitor.request(method, path, headers=fixed, data=sent)
    missing = await visitor.request(method, path.replace("account", "none"), headers=fixed, data=sent)
    assert refused.status_code == missing.status_code == 404
    if not path.endswith(".json"):
        assert refused.content == missing.content


async def test_a_customers_page_shows_a_customer_session_nothing_of_the_account(
    visitor: httpx.AsyncClient,
) -> None:
    """There is no way back to a page that it cannot see."""
    assert ACCOUNT_PAGE not in (await visitor.get(PAGE)).text
    assert ACCOUNT_PAGE not in (await visitor.get("/portal/none")).text


async def test_another_account_is_as_if_it_did_not_exist(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Its customers look exactly like missing ones, and its account page shows none of ours."""
    run = await site.world.sync(customer)
    stranger_id, http = await site.caller("Other")
    await http.aclose()
    fixed = {"X-Request-Id": "the-same-id"}
    async with site.manager(stranger_id) as stranger:
        table = (await stranger.get(ACCOUNT_PAGE)).text
        assert "Customer c-1" not in table
        assert "Fabrikam" not in table
        for rest in ("", "/disconnect", f"/runs/{run.id}", "/progress.json"):
            foreign = await stranger.get(f"{PAGE}{rest}", headers=fixed)
            missing = await stranger.get(f"/portal/customers/none{rest}", headers=fixed)
            assert foreign.status_code == missing.status_code == 404
            assert foreign.content == missing.content
        for action in ("connect", "sync", "disconnect"):
            assert (await press(stranger, f"{PAGE}/{action}", ACCOUNT_PAGE)).status_code == 404
        # A customer of the same id in both accounts: each sees its own, and its runs.
        await site.world.customer("c-1", stranger_id)
        assert (await stranger.get(f"{PAGE}/runs/{run.id}")).status_code == 404
        assert "Not connected" in (await stranger.get(PAGE)).text


@pytest.mark.parametrize(("method", "path"), OF_THE_ACCOUNT)
async def test_without_a_session_there_is_no_account(site: Site, method: str, path: str) -> None:
    """Every page of it asks for a session first."""
    async with site.browser() as browser:
        answer = await browser.request(method, path)
    assert answer.status_code == 403
    assert "session_ended" in answer.text


async def test_a_session_from_before_there_were_accounts_pages_still_counts(
    site: Site, customer: Customer
) -> None:
    """What was stored then names a customer, and opens that one."""
    world = site.world
    value = {"account_id": customer.account_id, "customer_id": customer.id}
    await world.one_time.put("portal-session", "older", value, world.clock.now() + SESSION_LIFETIME)
    async with site.browser(Cookie="__Host-tenantry-session=older") as browser:
        assert (await browser.get(PAGE)).status_code == 200
        assert (await browser.get(ACCOUNT_PAGE)).status_code == 404


async def test_nobody_gets_an_account_by_leaving_the_customer_out(site: Site, customer: Customer) -> None:
    """A stored session must say that it is for the account."""
    world = site.world
    value = {"account_id": customer.account_id}
    await world.one_time.put("portal-session", "short", value, world.clock.now() + SESSION_LIFETIME)
    with pytest.raises(msgspec.ValidationError):
        await world.app.access.portal_session("short")


async def test_an_account_that_is_gone_has_no_page(site: Site) -> None:
    """The page is that of none."""
    async with site.manager("0" * 16) as browser:
        assert (await browser.get(ACCOUNT_PAGE)).status_code == 404
    with pytest.raises(NotFound):
        await site.world.app.access.keys("0" * 16)


@pytest.mark.parametrize("address", FORMS)
async def test_an_accounts_form_without_its_token_is_refused(
    site: Site, caller: Caller, manager: httpx.AsyncClient, address: str
) -> None:
    """Missing, wrong and another session's tokens are all refused, and nothing happens."""
    async with site.manager(caller.account_id) as other:
        foreign = hidden(await other.get(ACCOUNT_PAGE), "form_token")
    for token in ({}, {"form_token": ""}, {"form_token": "x" * 64}, {"form_token": foreign}):
        answer = await send(manager, address, {"kind": "builtin", **token})
        assert answer.status_code == 403
        assert "form_refused" in answer.text
        assert f'href="{ACCOUNT_PAGE}">Back to the account’s page' in answer.text
    assert await site.world.account_destinations.get(caller.account_id) is None


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize("site_of_the_form", ["cross-site", "same-site", "none"])
async def test_an_accounts_form_of_another_site_is_refused(
    site: Site, caller: Caller, manager: httpx.AsyncClient, address: str, site_of_the_form: str
) -> None:
    """Even with the right token."""
    answer = await press(manager, address, ACCOUNT_PAGE, **{"Sec-Fetch-Site": site_of_the_form})
    assert answer.status_code == 403
    assert await site.world.account_destinations.get(caller.account_id) is None


@pytest.mark.parametrize("address", FORMS[1:])
async def test_an_address_of_the_account_alone_does_nothing(manager: httpx.AsyncClient, address: str) -> None:
    """What changes something is a form, never a link."""
    assert (await manager.get(address)).status_code == 405


async def test_connecting_from_the_table_is_connecting_from_the_page(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """The button leads through the consent into the customer's setup, which leads back to its page."""
    await site.world.customer("c-1", caller.account_id)
    site.world.tenant(TENANT)
    table = await manager.get(ACCOUNT_PAGE)
    assert f'<form method="post" action="{PAGE}/connect">' in table.text
    begun = await press(manager, f"{PAGE}/connect", ACCOUNT_PAGE)
    assert begun.status_code == 303
    back = await site.consent(manager, begun.headers["location"])
    assert back.headers["location"] == f"{PAGE}/setup"
    assert f'href="{PAGE}">' in (await manager.get(f"{PAGE}/setup")).text
    page = (await manager.get(PAGE)).text
    assert "Connected</span>" in page
    assert BACK in page
    assert "Connected</span>" in (await manager.get(ACCOUNT_PAGE)).text


async def test_a_consent_for_another_account_does_not_lead_into_this_one(
    site: Site, customer: Customer
) -> None:
    """A browser with another account's portal open ends on the page for whoever consented."""
    stranger_id, http = await site.caller("Other")
    await http.aclose()
    async with site.manager(stranger_id) as stranger:
        _, url = await site.world.app.onboarding.begin(customer, (await site.connection(customer)).grant)
        assert (await site.consent(stranger, url)).headers["location"] == "/connect/done"
