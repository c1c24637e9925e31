"""What the portal shows."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ActionRequired
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site, put

HOSTILE = '<script>alert(1)</script>"&\u05d0'


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
        "· 3 created<",
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
    assert "A permission that the sync needs is missing or was withdrawn." in home
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
