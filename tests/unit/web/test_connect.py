"""The way of a customer's admin to Microsoft and back."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shared.core.customer import Customer
from shared.core.errors import ActionRequired
from tests.fakes import TENANT, World, admin, settings
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site, hidden

REPLICATING = ActionRequired("consent_revoked", "Not yet there.", "Wait.", replicating=True)


@pytest.fixture
async def consent_url(site: Site, caller: Caller) -> str:
    """A link for the admin of customer c-1, whose tenant is there and has not consented."""
    site.world.tenant(TENANT, "ann")
    await caller.http.put(CUSTOMER, json={"name": "Contoso <b>Ltd</b>"})
    return str((await caller.http.post(CONNECTION)).json()["consent_url"])


async def state(caller: Caller) -> str:
    """The connection's state as the API tells it."""
    return str((await caller.http.get(CONNECTION)).json()["state"])


async def test_the_link_says_who_asks_for_what(site: Site, consent_url: str) -> None:
    """Before anybody signs in the page names who asks, for whom, and what will be read."""
    async with site.browser() as browser:
        page = await browser.get(consent_url)
    assert page.status_code == 200
    assert "<bdi>Fabrikam</bdi>" in page.text
    assert "Contoso &lt;b&gt;Ltd&lt;/b&gt;" in page.text
    assert "Everybody’s profile" in page.text
    assert "Global Administrator" in page.text
    assert "form-action 'self' https://login.microsoftonline.com;" in page.headers["content-security-policy"]


async def test_looking_at_the_link_uses_nothing_up(site: Site, caller: Caller, consent_url: str) -> None:
    """Mail scanners and previews may open it as often as they like."""
    async with site.browser() as scanner:
        for _ in range(3):
            assert (await scanner.get(consent_url)).status_code == 200
            assert (await scanner.head(consent_url)).status_code == 200
        assert not scanner.cookies
    assert await state(caller) == "pending"
    async with site.browser() as browser:
        assert (await site.consent(browser, consent_url)).headers["location"] == "/connect/done"


async def test_the_whole_way_ends_connected(site: Site, caller: Caller, consent_url: str) -> None:
    """Continue, sign in, approve: the last page says so and the code is out of the address bar."""
    async with site.browser() as browser:
        last = await site.consent(browser, consent_url)
        assert last.status_code == 303
        assert last.headers["location"] == "/connect/done"
        page = await browser.get("/connect/done")
    assert "<h1>Connected</h1>" in page.text
    assert "You can close this window" in page.text
    assert "refresh" not in page.text
    assert await state(caller) == "active"


async def test_a_delegated_grant_needs_no_second_page(site: Site, caller: Caller, consent_url: str) -> None:
    """With a delegated grant the sign-in is the consent."""
    site.world.directories.tenants[TENANT].consented = True
    url = (await caller.http.post(CONNECTION, json={"grant": "delegated"})).json()["consent_url"]
    async with site.browser() as browser:
        assert "on behalf of the administrator" in (await browser.get(url)).text
        last = await site.consent(browser, url, admin(TENANT, token_cache='{"refresh": "token"}'))
    assert last.headers["location"] == "/connect/done"
    assert (await caller.http.get(CONNECTION)).json()["grant"] == "delegated"


async def test_with_the_portal_open_the_way_leads_back_to_it(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Whoever came from the customer's page lands there again; somebody else's page is not offered."""
    url = (await caller.http.post(CONNECTION)).json()["consent_url"]
    async with site.visitor(customer) as browser:
        assert (await site.consent(browser, url)).headers["location"] == "/portal/customers/c-1"
    other = await site.world.customer("c-2", caller.account_id)
    url = (await caller.http.post(CONNECTION)).json()["consent_url"]
    async with site.visitor(other) as browser:
        assert (await site.consent(browser, url)).headers["location"] == "/connect/done"


async def test_the_button_works_once(site: Site, consent_url: str) -> None:
    """The second press, and the link after it, are refused with the way out."""
    async with site.browser() as browser:
        ticket = hidden(await browser.get(consent_url), "ticket")
        first = await browser.post("/connect/start", data={"ticket": ticket})
        second = await browser.post("/connect/start", data={"ticket": ticket})
        again = await browser.get(consent_url)
    assert first.status_code == 302
    assert first.headers["location"].startswith("https://login.invalid/organizations/")
    for refused in (second, again):
        assert refused.status_code == 410
        assert refused.headers["content-type"].startswith("text/html")
        assert "already used or has expired" in refused.text
        assert "Who must act" in refused.text
        assert "link_used" in refused.text


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=nonsense", f"?ticket={'x' * 5000}", "?other=1"])
async def test_a_link_without_a_good_ticket_is_refused(site: Site, query: str) -> None:
    """Nothing, nonsense and too much are all the same."""
    async with site.browser() as browser:
        assert (await browser.get(f"/connect/start{query}")).status_code == 410
        assert (await browser.post("/connect/start", data={"ticket": query[8:]})).status_code == 410


async def test_a_ticket_expires(site: Site, consent_url: str) -> None:
    """Ten minutes, then a new one has to be asked for."""
    site.world.clock.advance(timedelta(minutes=10))
    async with site.browser() as browser:
        assert (await browser.get(consent_url)).status_code == 410


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_site_cannot_press_the_button(
    site: Site, caller: Caller, consent_url: str, headers: dict[str, str]
) -> None:
    """The page that says who asks cannot be skipped from elsewhere."""
    async with site.browser() as browser:
        ticket = hidden(await browser.get(consent_url), "ticket")
        refused = await browser.post("/connect/start", data={"ticket": ticket}, headers=headers)
        assert refused.status_code == 403
        assert "form_refused" in refused.text
        own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/connect/start", data={"ticket": ticket}, headers=own)).status_code == 302


async def test_the_handshake_stays_in_its_cookie(site: Site, consent_url: str) -> None:
    """No script, other site or neighbouring host reaches the cookie; it lasts for ten minutes at most."""
    async with site.browser() as browser:
        ticket = hidden(await browser.get(consent_url), "ticket")
        away = await browser.post("/connect/start", data={"ticket": ticket})
        cookie = away.headers["set-cookie"]
        assert cookie.startswith("__Host-tenantry-handshake=")
        for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/;", "Max-Age=600"):
            assert attribute in cookie
        assert "Domain" not in cookie
        assert browser.cookies["__Host-tenantry-handshake"] not in away.headers["location"]
        answer = site.world.identity.sign_in(away.headers["location"], admin(TENANT))
        step = await browser.get("/connect/callback", params=answer)
        answer = site.world.identity.approve(step.headers["location"])
        await browser.get("/connect/callback", params=answer)
        assert "__Host-tenantry-handshake" not in browser.cookies


async def test_another_browser_cannot_take_the_answer(site: Site, caller: Caller, consent_url: str) -> None:
    """The answer counts in the browser that left, and there once."""
    async with site.browser() as browser, site.browser() as thief:
        ticket = hidden(await browser.get(consent_url), "ticket")
        away = await browser.post("/connect/start", data={"ticket": ticket})
        answer = site.world.identity.sign_in(away.headers["location"], admin(TENANT))
        stolen = await thief.get("/connect/callback", params=answer)
        assert stolen.status_code == 410
        assert "consent_link_used" in stolen.text
        assert (await browser.get("/connect/callback", params=answer)).status_code == 302
        assert (await browser.get("/connect/callback", params=answer)).status_code == 410


async def test_the_way_back_is_not_for_previews(site: Site, consent_url: str) -> None:
    """A HEAD of the callback uses nothing up."""
    async with site.browser() as browser:
        ticket = hidden(await browser.get(consent_url), "ticket")
        away = await browser.post("/connect/start", data={"ticket": ticket})
        answer = site.world.identity.sign_in(away.headers["location"], admin(TENANT))
        assert (await browser.head("/connect/callback", params=answer)).status_code == 405
        assert (await browser.get("/connect/callback", params=answer)).status_code == 302


async def test_declining_changes_nothing(site: Site, caller: Caller, consent_url: str) -> None:
    """Whoever declines at either page sees what happened, and the connection is pending as before."""
    async with site.browser() as browser:
        ticket = hidden(await browser.get(consent_url), "ticket")
        away = await browser.post("/connect/start", data={"ticket": ticket})
        assert await state(caller) == "consenting"
        answer = site.world.identity.decline(away.headers["location"])
        refused = await browser.get("/connect/callback", params=answer)
    assert refused.status_code == 403
    assert "consent_declined" in refused.text
    assert await state(caller) == "pending"
    assert not site.world.secrets.values


async def test_a_person_who_may_not_consent_is_told_who_may(
    site: Site, caller: Caller, consent_url: str
) -> None:
    """The page names the role that is needed."""
    nobody = msgspec.structs.replace(admin(TENANT), directory_roles=frozenset())
    async with site.browser() as browser:
        refused = await site.consent(browser, consent_url, nobody)
    assert refused.status_code == 403
    assert "Global Administrator" in refused.text
    assert "An administrator of the customer’s organization." in refused.text


async def test_text_of_microsofts_answer_is_not_shown(site: Site) -> None:
    """Whatever an answer says, none of it reaches the page."""
    async with site.browser() as browser:
        page = await browser.get(
            "/connect/callback",
            params={"error": "access_denied", "error_description": "<script>AADSTS65004", "state": "x"},
        )
    assert page.status_code == 410
    assert "AADSTS" not in page.text


async def test_the_wait_for_microsoft_ends_by_itself(site: Site, caller: Caller, consent_url: str) -> None:
    """While the approval is copied the page follows it, with and without scripts, to its end."""
    tenant = site.world.directories.tenants[TENANT]
    tenant.fail_next(REPLICATING)
    async with site.browser() as browser:
        await site.consent(browser, consent_url)
        waiting = await browser.get("/connect/done")
        assert "Almost there" in waiting.text
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in waiting.text
        assert 'data-follow="/connect/done.json"' in waiting.text
        before = (await browser.get("/connect/done.json")).json()
        await site.world.drain()
        after = (await browser.get("/connect/done.json")).json()
        assert before["key"] in waiting.text
        assert before["key"] != after["key"]
        assert "<h1>Connected</h1>" in (await browser.get("/connect/done")).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "action_required", "reason": "permission_missing"}, "A permission that the sync needs"),
        ({"state": "disconnected"}, "This connection was ended"),
    ],
)
async def test_the_last_page_tells_the_truth(
    site: Site, caller: Caller, consent_url: str, change: dict[str, Any], words: str
) -> None:
    """What became of the connection in the meantime is what the page says."""
    async with site.browser() as browser:
        await site.consent(browser, consent_url)
        customer = await site.world.app.customers.get(caller.account_id, "c-1")
        stored = await site.world.app.customers.connection(customer)
        fields = msgspec.to_builtins(stored.value) | change
        await site.world.connections.replace(stored, msgspec.convert(fields, type(stored.value)))
        assert words in (await browser.get("/connect/done")).text


@pytest.mark.parametrize("path", ["/connect/done", "/connect/done.json"])
async def test_only_the_browser_that_consented_sees_the_end(
    site: Site, caller: Caller, consent_url: str, path: str
) -> None:
    """Without the receipt, or after an hour, there is nothing to see."""
    async with site.browser() as browser, site.browser() as other:
        await site.consent(browser, consent_url)
        assert (await browser.get(path)).status_code == 200
        assert (await other.get(path)).status_code == 410
        site.world.clock.advance(timedelta(hours=1))
        assert (await browser.get(path)).status_code == 410


async def test_unknown_addresses_are_pages_too(site: Site) -> None:
    """People get HTML, programs get problem documents."""
    async with site.browser() as browser:
        page = await browser.get("/connect/elsewhere")
        document = await browser.get("/connect/elsewhere.json")
    assert page.status_code == document.status_code == 404
    assert "There is no such page." in page.text
    assert document.headers["content-type"] == "application/problem+json"


async def test_without_tls_cookies_have_plain_names() -> None:
    """On a developer's loopback address browsers would refuse the prefixes that need TLS."""
    plain = Site(World(settings(public_url="http://127.0.0.1:7071")))
    _, program = await plain.caller()
    plain.world.tenant(TENANT)
    async with program, plain.browser() as browser:
        browser.base_url = program.base_url = httpx.URL("http://127.0.0.1:7071")
        await program.put(CUSTOMER, json={"name": "Contoso"})
        consent_url = (await program.post(CONNECTION)).json()["consent_url"]
        ticket = hidden(await browser.get(consent_url), "ticket")
        away = await browser.post("/connect/start", data={"ticket": ticket})
    assert away.headers["set-cookie"].startswith("tenantry-handshake=")
    assert "Secure" not in away.headers["set-cookie"]
    assert "strict-transport-security" not in away.headers


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "undefined", "no-such-charset"])
@pytest.mark.parametrize(
    ("address", "field"),
    [("/connect/start", "ticket"), ("/portal/open", "token"), ("/portal/sign-out", "form_token")],
)
async def test_half_a_character_in_a_form_is_the_senders_mistake(
    site: Site, address: str, field: str, charset: str
) -> None:
    """A form may name a charset in which text comes out that no other charset can hold."""
    part = f'Content-Disposition: form-data; name="{field}"\r\n\r\n\\ud800+2AA-'
    media_type = f"multipart/form-data; boundary=x; charset={charset}"
    async with site.browser() as browser:
        answer = await browser.post(
            address, content=f"--x\r\n{part}\r\n--x--\r\n".encode(), headers={"Content-Type": media_type}
        )
    assert 400 <= answer.status_code < 500
