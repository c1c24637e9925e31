"""Setup links: mailed, opened again and again, and shut."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, PAGE, Site, fields_of, hidden, press, put, send

LINKS = f"{CUSTOMER}/setup-links"
SETUP = f"{PAGE}/setup"


@pytest.fixture
async def newcomer(site: Site, caller: Caller) -> Customer:
    """Customer c-1, whose tenant nobody has connected."""
    site.world.tenant(TENANT, "ann")
    return await site.world.customer("c-1", caller.account_id)


async def made(caller: Caller, **body: Any) -> dict[str, Any]:
    """A setup link for customer c-1 as the API answers."""
    answer = await caller.http.post(LINKS, json=body)
    assert answer.status_code == 201
    document: dict[str, Any] = answer.json()
    return document


async def begin(browser: httpx.AsyncClient, url: str) -> httpx.Response:
    """Open the link and press the button."""
    return await send(browser, "/portal/setup", {"token": hidden(await browser.get(url), "token")})


async def test_a_link_lasts_for_as_long_as_asked_for_and_a_week_otherwise(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """From one day to thirty; the connection is made with it."""
    now = site.world.clock.now()
    for body, days in (({}, 7), ({"expires_in_days": 1}, 1), ({"expires_in_days": 30}, 30)):
        link = await made(caller, **body)
        assert link["expires_at"] == (now + timedelta(days=days)).isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        )
        assert link["url"].startswith("https://tenantry.example/portal/setup?token=")
    for wrong in (0, 31, True, "7"):
        assert fields_of(await caller.http.post(LINKS, json={"expires_in_days": wrong})) == [
            "expires_in_days"
        ]
    assert (await caller.http.get(CONNECTION)).json()["state"] == "pending"


async def test_the_secret_is_shown_once_and_kept_as_a_hash(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """Neither the list nor the stored connection can open anything."""
    link = await made(caller)
    secret = link.pop("url").rpartition("_")[2]
    assert (await caller.http.get(LINKS)).json() == {"data": [link], "after": None}
    assert secret not in repr(await site.connection(newcomer))
    assert (await caller.http.get(CUSTOMER)).status_code == 200


async def test_looking_at_the_link_writes_nothing(site: Site, caller: Caller, newcomer: Customer) -> None:
    """A mail scanner may open it as often as it likes; it gets no session."""
    url = (await made(caller))["url"]
    before = await site.connection(newcomer), len(site.world.one_time)
    async with site.browser() as scanner:
        for _ in range(2):
            page = await scanner.get(url)
            assert page.status_code == (await scanner.head(url)).status_code == 200
        assert "<bdi>Fabrikam</bdi> invites you" in page.text
        assert not scanner.cookies
    assert (await site.connection(newcomer), len(site.world.one_time)) == before


async def test_the_button_opens_the_set_up_in_every_browser(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """Any number of times, and away from the address with the token in it."""
    url = (await made(caller))["url"]
    for _ in range(2):
        async with site.browser() as browser:
            for _ in range(2):
                opened = await begin(browser, url)
                assert (opened.status_code, opened.headers["location"]) == (303, SETUP)
                assert (await browser.get(SETUP)).status_code == 200
            assert (await browser.get("/portal")).headers["location"] == SETUP


async def test_a_setup_session_opens_nothing_but_the_set_up(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The customer's other pages and buttons, the account, other customers: none of them exists."""
    run = await site.world.sync(customer)
    await put(site, customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    await site.world.customer("c-2", caller.account_id)
    async with site.browser() as browser:
        site.world.clock.advance(timedelta(seconds=1))
        await begin(browser, (await made(caller))["url"])
        rest = ("", "/disconnect", f"/runs/{run.id}", "/progress.json")
        for path in (*(PAGE + tail for tail in rest), "/portal/account", "/portal/customers/c-2/setup"):
            assert (await browser.get(path)).status_code == 404, path
        for action in ("sync", "disconnect", "connect", f"runs/{run.id}/approve"):
            assert (await press(browser, f"{PAGE}/{action}", SETUP)).status_code == 404, action
        assert (await press(browser, "/portal/customers/c-2/setup/connect", SETUP)).status_code == 404
    assert (await site.connection(customer)).state is ConnectionState.ACTION_REQUIRED


async def test_the_way_to_microsoft_and_back_stays_in_the_set_up(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """The administrator connects, and is back on the page of the set-up."""
    async with site.browser() as browser:
        await begin(browser, (await made(caller))["url"])
        away = await press(browser, f"{SETUP}/connect", SETUP)
        assert away.headers["location"].startswith("https://tenantry.example/connect/start?ticket=")
        back = await site.consent(browser, away.headers["location"])
        assert back.headers["location"] == SETUP
        assert "is connected" in (await browser.get(SETUP)).text
        assert (await browser.get(f"{SETUP}/progress.json")).json()["key"].startswith("active")
        out = await press(browser, "/portal/sign-out", SETUP)
        assert out.status_code == 200
        assert (await browser.get(SETUP)).status_code == 403


@pytest.mark.parametrize("how", ["revoked", "replaced"])
async def test_a_session_dies_with_its_link(site: Site, caller: Caller, newcomer: Customer, how: str) -> None:
    """At once, and the link opens nothing any more."""
    link = await made(caller)
    async with site.browser() as browser:
        await begin(browser, link["url"])
        if how == "revoked":
            assert (await caller.http.delete(f"{LINKS}/{link['id']}")).status_code == 204
            assert (await caller.http.get(LINKS)).json()["data"] == []
        else:
            assert (await made(caller))["id"] != link["id"]
        assert (await browser.get(SETUP)).status_code == 403
        assert (await browser.get(link["url"])).status_code == 410
        assert (
            await send(browser, "/portal/setup", {"token": link["url"].partition("token=")[2]})
        ).status_code == 410
    assert (await caller.http.delete(f"{LINKS}/{link['id']}")).status_code == 404


async def test_a_session_lasts_eight_hours_also_past_its_links_time(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """Whoever is at it may finish; the link itself opens nothing after its time."""
    link = await made(caller, expires_in_days=1)
    site.world.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    async with site.browser() as browser:
        await begin(browser, link["url"])
        site.world.clock.advance(timedelta(seconds=1))
        assert (await caller.http.get(LINKS)).json()["data"] == []
        assert (await browser.get(link["url"])).status_code == 410
        assert (await browser.get(SETUP)).status_code == 200
        site.world.clock.advance(timedelta(hours=8))
        assert (await browser.get(SETUP)).status_code == 403


async def test_a_finished_set_up_cannot_be_opened_again(
    site: Site, caller: Caller, newcomer: Customer
) -> None:
    """Not after the first sync, and not later when the tenant has to be connected anew either."""
    link = await made(caller)
    async with site.browser() as browser:
        await begin(browser, link["url"])
        tenant = site.world.directories.tenants[TENANT]
        await site.world.connect(tenant, newcomer)
        assert (await browser.get(link["url"])).status_code == 200
        site.world.clock.advance(timedelta(seconds=1))
        await site.world.sync(newcomer)
        assert (await browser.get(link["url"])).status_code == 410
        assert (await browser.get(SETUP)).status_code == 200
        refused = await caller.http.post(LINKS)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_set_up")
        await put(site, newcomer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
        assert (await browser.get(link["url"])).status_code == 410
        assert (await browser.get((await made(caller))["url"])).status_code == 200


@pytest.mark.parametrize("change", ["", "x", "account", "connection", "secret", "long"])
async def test_a_link_that_is_not_quite_right_opens_nothing(
    site: Site, caller: Caller, newcomer: Customer, change: str
) -> None:
    """Every wrong link gets the same answer, and no session."""
    text = (await made(caller))["url"].partition("token=")[2]
    head, account, link, secret = text.split("_")
    wrong = {
        "": "",
        "x": "x",
        "account": f"{head}_{'0' * 16}_{link}_{secret}",
        "connection": f"{head}_{account}_{'0' * 16}{link[16:]}_{secret}",
        "secret": f"{head}_{account}_{link}_{'0' * 64}",
        "long": text * 40,
    }[change]
    async with site.browser() as browser:
        answers = [
            await browser.get("/portal/setup", params={"token": wrong}),
            await browser.post("/portal/setup", data={"token": wrong}),
        ]
        assert not browser.cookies
    for answer in answers:
        assert answer.status_code == 410
        assert "setup_link_ended" in answer.text


async def test_another_site_cannot_press_the_button(site: Site, caller: Caller, newcomer: Customer) -> None:
    """Nobody is put into a set-up without having asked for it."""
    text = (await made(caller))["url"].partition("token=")[2]
    async with site.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        assert (await browser.post("/portal/setup", data={"token": text})).status_code == 403
        assert not browser.cookies


async def test_links_of_another_account_do_not_exist(site: Site, caller: Caller, newcomer: Customer) -> None:
    """They can neither be seen nor revoked."""
    link = await made(caller)
    _, other = await site.caller("Other")
    async with other:
        assert (await other.get(LINKS)).status_code == 404
        assert (await other.delete(f"{LINKS}/{link['id']}")).status_code == 404
        await other.put(CUSTOMER, json={"name": "Theirs"})
        assert (await other.get(LINKS)).json()["data"] == []
        assert (await other.delete(f"{LINKS}/{link['id']}")).status_code == 404
    assert (await caller.http.get(LINKS)).json()["data"][0]["id"] == link["id"]
