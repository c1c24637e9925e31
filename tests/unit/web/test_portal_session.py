"""Who gets into the portal, and whose forms count."""

from datetime import timedelta

import httpx
import pytest

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.services.access import PortalSession
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site, hidden, press

BUTTONS = [f"{PAGE}/connect", f"{PAGE}/sync", f"{PAGE}/disconnect", "/portal/sign-out"]


async def test_a_session_cookie_is_out_of_everybodys_reach(site: Site, customer: Customer) -> None:
    """HttpOnly, Secure, bound to this host, not sent along by other sites' forms, for eight hours."""
    link = await site.world.app.access.portal_link(PortalSession(customer.account_id, customer.id))
    async with site.browser() as browser:
        cookie = (await browser.get("/portal/open", params={"token": link})).headers["set-cookie"]
    assert cookie.startswith("__Host-tenantry-session=")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/;", "Max-Age=28800"):
        assert attribute in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "headers", [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}]
)
async def test_loading_ahead_of_time_does_not_use_the_link_up(
    site: Site, customer: Customer, headers: dict[str, str]
) -> None:
    """A browser that fetches before anybody clicked gets an error it discards."""
    link = await site.world.app.access.portal_link(PortalSession(customer.account_id, customer.id))
    async with site.browser() as browser:
        ahead = await browser.get("/portal/open", params={"token": link}, headers=headers)
        assert ahead.status_code == 503
        assert (await browser.head("/portal/open", params={"token": link})).status_code == 405
        assert (await browser.get("/portal/open", params={"token": link})).status_code == 303


async def test_the_token_may_come_in_a_form(site: Site, customer: Customer) -> None:
    """A front end of another site can post it, so that it is in no address."""
    link = await site.world.app.access.portal_link(PortalSession(customer.account_id, customer.id))
    async with site.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        opened = await browser.post("/portal/open", data={"token": link})
        assert opened.headers["location"] == PAGE
        assert (await browser.get(PAGE)).status_code == 200


async def test_opening_again_ends_the_former_session(site: Site, customer: Customer) -> None:
    """A browser has one session."""
    async with site.visitor(customer) as browser:
        former = browser.cookies["__Host-tenantry-session"]
        link = await site.world.app.access.portal_link(PortalSession(customer.account_id, customer.id))
        await browser.get("/portal/open", params={"token": link})
        assert browser.cookies["__Host-tenantry-session"] != former
    assert await site.world.app.access.portal_session(former) is None


async def test_a_session_ends_after_eight_hours(site: Site, visitor: httpx.AsyncClient) -> None:
    """Then the page says where to go, and shows nothing else."""
    site.world.clock.advance(timedelta(hours=8))
    page = await visitor.get(PAGE)
    assert page.status_code == 403
    assert "Your session has ended." in page.text
    assert "Contoso" not in page.text
    assert (await visitor.get(f"{PAGE}/progress.json")).json()["code"] == "session_ended"


@pytest.mark.parametrize(
    "path", ["/portal", PAGE, f"{PAGE}/disconnect", f"{PAGE}/runs/x", f"{PAGE}/progress.json"]
)
async def test_without_a_session_there_is_nothing_to_see(site: Site, customer: Customer, path: str) -> None:
    """Every page of the portal asks for a session first."""
    async with site.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 403
    assert "session_ended" in answer.text


async def test_another_customer_is_as_if_it_did_not_exist(
    site: Site, caller: Caller, visitor: httpx.AsyncClient
) -> None:
    """A session is for one customer; the page of any other is the page of none."""
    await site.world.customer("c-2", caller.account_id)
    fixed = {"X-Request-Id": "the-same-id"}
    for rest in ("", "/disconnect", "/runs/x", "/progress.json"):
        foreign = await visitor.get(f"/portal/customers/c-2{rest}", headers=fixed)
        missing = await visitor.get(f"/portal/customers/none{rest}", headers=fixed)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
    for action in ("connect", "sync", "disconnect"):
        refused = await press(visitor, f"/portal/customers/c-2/{action}")
        assert refused.status_code == 404


async def test_another_customers_run_is_as_if_it_did_not_exist(
    site: Site, caller: Caller, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """A run of the same account but another customer is not shown."""
    other = await site.world.customer("c-2", caller.account_id)
    await site.world.connect(site.world.tenant("7e4a47e4-0000-4000-8000-000000000002", "zoe"), other)
    run = await site.world.sync(other)
    assert (await visitor.get(f"{PAGE}/runs/{run.id}")).status_code == 404
    own = await site.world.sync(customer)
    assert (await visitor.get(f"{PAGE}/runs/{own.id}")).status_code == 200


@pytest.mark.parametrize("address", BUTTONS)
async def test_a_form_without_its_token_is_refused(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, address: str
) -> None:
    """Missing, wrong and another session's tokens are all refused, and nothing happens."""
    async with site.visitor(customer) as other:
        foreign = hidden(await other.get(PAGE), "form_token")
    for data in (
        {},
        {"form_token": ""},
        {"form_token": "x" * 64},
        {"form_token": "ü"},
        {"form_token": foreign},
    ):
        answer = await visitor.post(address, data=data, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 403
        assert "form_refused" in answer.text
    assert (await site.connection(customer)).state is ConnectionState.ACTIVE
    assert not site.world.queue.waiting
    assert (await visitor.get(PAGE)).status_code == 200


@pytest.mark.parametrize("address", BUTTONS)
@pytest.mark.parametrize("site_of_the_form", ["cross-site", "same-site", "none"])
async def test_a_form_of_another_site_is_refused(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, address: str, site_of_the_form: str
) -> None:
    """Even with the right token."""
    answer = await press(visitor, address, **{"Sec-Fetch-Site": site_of_the_form})
    assert answer.status_code == 403
    assert (await site.connection(customer)).state is ConnectionState.ACTIVE


@pytest.mark.parametrize("address", [f"{PAGE}/connect", f"{PAGE}/sync", "/portal/sign-out"])
async def test_an_address_alone_does_nothing(site: Site, visitor: httpx.AsyncClient, address: str) -> None:
    """What changes something is a form, never a link."""
    assert (await visitor.get(address)).status_code == 405
    assert not site.world.runs.all()
    assert (await visitor.get(PAGE)).status_code == 200
