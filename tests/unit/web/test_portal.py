"""A customer's page and its buttons."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ActionRequired, RetryLater
from shared.services.access import PortalSession
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site, hidden

BUTTONS = [f"{PAGE}/connect", f"{PAGE}/sync", f"{PAGE}/disconnect", "/portal/sign-out"]
HOSTILE = '<script>alert(1)</script>"&\u05d0'


async def press(browser: httpx.AsyncClient, address: str, page: str = PAGE, **headers: str) -> httpx.Response:
    """Fill in the form of a page and send it, as a browser does."""
    token = hidden(await browser.get(page), "form_token")
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"} | headers
    return await browser.post(address, data={"form_token": token}, headers=own)


async def put(site: Site, customer: Customer, **fields: Any) -> None:
    """Change the stored connection behind the portal's back."""
    stored = await site.world.app.customers.connection(customer)
    await site.world.connections.replace(stored, msgspec.structs.replace(stored.value, **fields))


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
    await site.world.connect(site.world.tenant("7e4a47e4-0000-4000-8000-000000000002"), other)
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


async def test_an_active_connection_is_shown_in_full(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Organization, since when and by whom, the last sync with its counts, and the next one."""
    await site.world.sync(customer)
    page = (await visitor.get(PAGE)).text
    for words in [
        "Connected</span>",
        "<bdi>Contoso</bdi>",
        "<bdi>contoso.example</bdi>",
        f"<bdi>admin@{TENANT}.example</bdi>",
        '<time datetime="2026-03-02T00:00:00Z">2 March 2026, 00:00 UTC</time>',
        "3 created, 0 linked, 0 updated",
        "Next automatic sync",
        "Sync now",
        "Reconnect",
        "Disconnect…",
        "Recent syncs",
        "Started from the PSA",
    ]:
        assert words in page
    assert "refresh" not in page


async def test_ten_recent_syncs_are_shown(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """The newest ten; older ones are in the API."""
    runs = []
    for _ in range(12):
        runs.append((await site.world.sync(customer)).id)
        site.world.clock.advance(timedelta(minutes=20))
    page = (await visitor.get(PAGE)).text
    assert [run in page for run in runs] == [False] * 2 + [True] * 10


@pytest.mark.parametrize(
    ("fields", "words", "button"),
    [
        ({"state": ConnectionState.PENDING, "tenant_id": None}, "Not connected", "Connect Microsoft 365"),
        ({"state": ConnectionState.CONSENTING}, "Waiting for approval", "Start again"),
        ({"state": ConnectionState.VALIDATING}, "Almost there", "Reconnect"),
        ({"state": ConnectionState.PAUSED}, "Paused", "Reconnect"),
        ({"state": ConnectionState.DISCONNECTED}, "Disconnected", "Connect Microsoft 365"),
        (
            {"state": ConnectionState.ACTION_REQUIRED, "reason": "consent_revoked"},
            "An administrator of the customer’s organization.",
            "Reconnect",
        ),
    ],
)
async def test_every_state_says_what_it_means_and_offers_a_way_on(
    site: Site,
    customer: Customer,
    visitor: httpx.AsyncClient,
    fields: dict[str, Any],
    words: str,
    button: str,
) -> None:
    """Words for the state, the button that leads on, and no sync where there can be none."""
    await put(site, customer, **fields)
    page = (await visitor.get(PAGE)).text
    assert words in page
    assert f'type="submit">{button}</button>' in page
    assert "Sync now</button>" not in page


async def test_before_anything_was_connected_there_is_a_page(site: Site, caller: Caller) -> None:
    """A customer without a connection can be connected from its page."""
    customer = await site.world.customer("c-1", caller.account_id)
    async with site.visitor(customer) as browser:
        page = await browser.get(PAGE)
        assert "Not connected" in page.text
        assert (await browser.get(f"{PAGE}/disconnect")).status_code == 404
        assert (await browser.get(f"{PAGE}/progress.json")).status_code == 404
        site.world.tenant(TENANT)
        begun = await press(browser, f"{PAGE}/connect")
        assert begun.status_code == 303
        await site.consent(browser, begun.headers["location"])
        assert "Connected</span>" in (await browser.get(PAGE)).text


async def test_reconnecting_asks_for_the_same_kind_of_access(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """A delegated connection stays delegated."""
    await put(site, customer, grant="delegated")
    begun = await press(visitor, f"{PAGE}/connect")
    assert "on behalf of the administrator" in (await visitor.get(begun.headers["location"])).text


async def test_sync_now_is_shown_while_it_happens(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """The button leads back to the page, which follows the run, with and without scripts, to its end."""
    pressed = await press(visitor, f"{PAGE}/sync")
    assert (pressed.status_code, pressed.headers["location"]) == (303, PAGE)
    page = (await visitor.get(PAGE)).text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert f'data-follow="{PAGE}/progress.json"' in page
    assert 'role="status"' in page
    before = (await visitor.get(f"{PAGE}/progress.json")).json()
    assert before["key"] in page
    assert before["text"] in page
    await site.world.drain()
    after = (await visitor.get(f"{PAGE}/progress.json")).json()
    assert after["key"] != before["key"]
    done = (await visitor.get(PAGE)).text
    assert "refresh" not in done
    assert "data-follow" not in done
    assert "Started on this page" in done


async def test_progress_counts_the_writes(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Once the plan is made the bar has an end; before, nobody knows."""
    await press(visitor, f"{PAGE}/sync")
    (run,) = site.world.runs.all()
    reading = msgspec.structs.replace(run, state="running")
    await site.world.runs.save(msgspec.convert(msgspec.to_builtins(reading), type(run)))
    view = (await visitor.get(f"{PAGE}/progress.json")).json()
    assert (view["value"], view["max"]) == (None, None)
    assert "Reading" in view["text"]
    writing = msgspec.to_builtins(reading) | {"planned": 1200, "applied": 300}
    await site.world.runs.save(msgspec.convert(writing, type(run)))
    view = (await visitor.get(f"{PAGE}/progress.json")).json()
    assert (view["value"], view["max"]) == (300, 1200)
    assert view["text"] == "300 of 1,200 contacts are written."
    assert (
        '<progress aria-labelledby="progress-title" max="1200" value="300">' in (await visitor.get(PAGE)).text
    )


async def test_a_sync_that_is_held_up_says_why(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """What the run waits for is on the page."""
    site.world.directories.tenants[TENANT].fail_next(
        RetryLater("graph_throttled", "Microsoft Graph is busy.", timedelta(minutes=3))
    )
    await press(visitor, f"{PAGE}/sync")
    message = site.world.queue.take()
    assert message is not None
    await site.world.deliver(message)
    assert "Microsoft Graph is busy. It is tried again by itself." in (await visitor.get(PAGE)).text


async def test_sync_now_while_one_is_under_way_is_no_second_one(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Pressing twice is pressing once."""
    await press(visitor, f"{PAGE}/sync")
    assert (await press(visitor, f"{PAGE}/sync")).status_code == 303
    assert len(site.world.runs.all()) == 1


async def test_a_sync_that_cannot_be_is_refused_with_the_way_back(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """A page from before somebody disconnected still has the button; pressing it explains itself."""
    token = hidden(await visitor.get(PAGE), "form_token")
    await site.world.app.onboarding.disconnect(customer.account_id, customer.connection_id)
    refused = await visitor.post(
        f"{PAGE}/sync", data={"form_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert refused.status_code == 409
    assert "The connection is disconnected" in refused.text
    assert f'href="{PAGE}"' in refused.text


async def test_disconnecting_asks_first_and_says_that_contacts_stay(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """The link shows what it means; the button there does it and leads back."""
    await site.world.sync(customer)
    page = await visitor.get(f"{PAGE}/disconnect")
    assert "All contacts stay" in page.text
    assert (await site.connection(customer)).state is ConnectionState.ACTIVE
    done = await press(visitor, f"{PAGE}/disconnect", f"{PAGE}/disconnect")
    assert (done.status_code, done.headers["location"]) == (303, PAGE)
    assert (await site.connection(customer)).state is ConnectionState.DISCONNECTED
    assert len(site.world.contacts.stored(customer.connection_id)) == 3
    assert "Disconnected</span>" in (await visitor.get(PAGE)).text


async def test_signing_out_ends_the_session_on_both_sides(site: Site, visitor: httpx.AsyncClient) -> None:
    """The browser forgets its cookie, and the cookie is worth nothing any more."""
    token = visitor.cookies["__Host-tenantry-session"]
    answer = await press(visitor, "/portal/sign-out")
    assert "You are signed out" in answer.text
    assert "__Host-tenantry-session" not in visitor.cookies
    assert await site.world.app.access.portal_session(token) is None


async def test_a_run_shows_what_it_did_to_whom(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Old and new values, and why somebody was left out."""
    await site.world.sync(customer)
    tenant = site.world.directories.tenants[TENANT]
    tenant.change("ann", job_title="Pilot")
    tenant.hire("dee", enabled=False)
    run = await site.world.sync(customer)
    page = (await visitor.get(f"{PAGE}/runs/{run.id}")).text
    assert "Updated</span>" in page
    assert "<dt>Job title</dt>" in page
    assert '<del><span class="blank">blank</span></del>' in page
    assert "<ins><bdi>Pilot</bdi></ins>" in page
    assert "Left out</span>" in page
    assert "The account is disabled." in page
    assert "Changes since the last sync" in page


async def test_a_run_with_many_changes_has_pages(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Fifty people a page; the last page has no way on."""
    for number in range(60):
        site.world.directories.tenants[TENANT].hire(f"person-{number:02d}")
    run = await site.world.sync(customer)
    first = await visitor.get(f"{PAGE}/runs/{run.id}")
    assert first.text.count('<th scope="row">') == 50
    address = first.text.partition(f'href="{PAGE}/runs/{run.id}?after=')[2].partition("#")[0]
    second = await visitor.get(f"{PAGE}/runs/{run.id}", params={"after": address})
    assert second.text.count('<th scope="row">') == 13
    assert "Next</a>" not in second.text
    assert "Back to the start" in second.text
    assert (await visitor.get(f"{PAGE}/runs/{run.id}?after=x")).status_code == 400


async def test_a_failed_run_says_who_must_act(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """The problem of the run is on its page, and the connection's on the customer's."""
    site.world.directories.tenants[TENANT].fail_next(
        ActionRequired("permission_missing", "A permission is missing.", "Approve it again.")
    )
    run = await site.world.sync(customer)
    page = (await visitor.get(f"{PAGE}/runs/{run.id}")).text
    assert "A permission is missing." in page
    assert "An administrator of the customer’s organization." in page
    assert "permission_missing" in page
    home = (await visitor.get(PAGE)).text
    assert "A permission that a sync needs was not approved." in home
    assert "Failed</span>" in home


async def test_what_the_directory_says_is_text_and_nothing_else(
    site: Site, caller: Caller, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Names are escaped and isolated, wherever they come from."""
    site.world.directories.tenants[TENANT].change("ann", display_name=HOSTILE, job_title=HOSTILE)
    await put(site, customer, tenant_name=HOSTILE, tenant_domain=HOSTILE, connected_by=HOSTILE)
    await site.world.app.customers.put(caller.account_id, "c-1", HOSTILE, ())
    run = await site.world.sync(customer)
    for path in (PAGE, f"{PAGE}/runs/{run.id}", f"{PAGE}/disconnect"):
        page = (await visitor.get(path)).text
        assert "<script>alert" not in page
        assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_static_files_are_kept_and_change_their_address(site: Site, visitor: httpx.AsyncClient) -> None:
    """The address in the page is good for a year; under an old one the file is there but not kept."""
    page = (await visitor.get(PAGE)).text
    addresses = [
        part.partition('"')[0] for part in page.split('="')[1:] if part.startswith("/portal/static/")
    ]
    assert {address.rpartition(".")[2] for address in addresses} == {"css", "js", "svg"}
    for address in addresses:
        kept = await visitor.get(address)
        assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert kept.headers["content-type"].split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}
        name = address.rpartition("/")[2]
        older = await visitor.get(f"/portal/static/000000000000/{name}")
        assert older.headers["cache-control"] == "no-store"
        assert older.content == kept.content
    assert (await visitor.get("/portal/static/000000000000/..%2Fpages.py")).status_code == 404


async def test_pages_hold_nothing_inline(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """No inline script, style or handler, so that the policy needs no exception."""
    run = await site.world.sync(customer)
    for path in (PAGE, f"{PAGE}/runs/{run.id}", f"{PAGE}/disconnect", "/connect/done", "/portal/none"):
        page = (await visitor.get(path)).text
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count('<script type="module" src="/portal/static/') == 1
