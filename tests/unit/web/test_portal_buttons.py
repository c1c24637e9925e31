"""What the portal's buttons do."""

from datetime import timedelta

import httpx
import msgspec

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import RetryLater
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site, hidden, press, put


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
