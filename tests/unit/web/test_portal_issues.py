"""What somebody has to act on, on the pages of an account and of a customer; and setup links."""

import re

import httpx
import pytest

from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.web.portal.accounts import issues
from tests.unit.web.conftest import Caller
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, press, put

ISSUES = f"{ACCOUNT_PAGE}/issues"
HOSTILE = '<script>alert(1)</script>"&\u05d0'


async def lost(site: Site, account_id: str, customer_id: str, name: str = "") -> Customer:
    """A customer whose consent was withdrawn."""
    customer, _ = await site.world.app.customers.put(account_id, customer_id, name or customer_id, ())
    await site.world.app.onboarding.begin(customer, Grant.APPLICATION)
    await put(site, customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    return customer


async def test_where_nobody_has_to_act_the_page_says_so(
    customer: Customer, manager: httpx.AsyncClient
) -> None:
    """In one sentence."""
    assert "Everything is all right: nobody has to act." in (await manager.get(ISSUES)).text


async def test_an_issue_says_what_who_how_and_where(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """And names the customers it is about, whatever they are called."""
    await lost(site, caller.account_id, "c-1", HOSTILE)
    page = (await manager.get(ISSUES)).text
    for words in [
        "The customer&#39;s consent is missing or was withdrawn.",
        "An administrator of the customer’s organization.",
        "A Global Administrator of the customer must connect the organization again.",
        f'href="{PAGE}"><bdi>&lt;script&gt;',
        f'<a class="button" href="{PAGE}">Connect again</a>',
    ]:
        assert words in page, words
    assert "<script>alert" not in page


async def test_many_issues_have_pages(
    site: Site, caller: Caller, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is on exactly one."""
    monkeypatch.setattr(issues, "_ISSUES", 2)
    for number in range(5):
        await lost(site, caller.account_id, f"c-{number}")
    pages = [(await manager.get(ISSUES, params={"number": number})).text for number in (1, 2, 3)]
    named = [name for page in pages for name in re.findall(r"<bdi>(c-\d)</bdi>", page)]
    assert sorted(named) == [f"c-{number}" for number in range(5)]


async def test_a_session_of_one_customer_sees_no_issues_of_others(
    customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """The page does not exist for it."""
    assert (await visitor.get(ISSUES)).status_code == 404


async def test_a_customers_own_issues_are_on_its_page(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """With who must act and how; one that the page itself is about leads nowhere else."""
    await put(site, customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    page = (await visitor.get(PAGE)).text
    assert "consent is missing or was withdrawn." in page
    assert "Connect again</a>" not in page
    assert ACCOUNT_PAGE not in page


async def test_a_setup_link_is_made_shown_once_and_withdrawn(site: Site, caller: Caller) -> None:
    """Its address is on the page that made it and on no other."""
    customer = await site.world.customer("c-1", caller.account_id)
    async with site.visitor(customer) as visitor:
        assert "Make a setup link" in (await visitor.get(PAGE)).text
        made = await press(visitor, f"{PAGE}/setup-link")
        found = re.search(r"<code>(https://tenantry\.example/portal/setup\?token=[^<]+)</code>", made.text)
        assert found is not None
        assert made.headers["cache-control"] == "no-store"
        page = (await visitor.get(PAGE)).text
        assert "A setup link was made" in page
        assert found[1].partition("token=")[2] not in page
        async with site.browser() as anybody:
            assert (await anybody.get(found[1])).status_code == 200
            await press(visitor, f"{PAGE}/setup-link/revoke", PAGE, "link")
            assert (await anybody.get(found[1])).status_code == 410
        assert "Make a setup link" in (await visitor.get(PAGE)).text


async def test_a_customer_that_is_set_up_needs_no_link(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """The page offers none, and a button from before makes none."""
    await site.world.sync(customer)
    assert "setup link" not in (await visitor.get(PAGE)).text
    assert (await press(visitor, f"{PAGE}/setup-link")).status_code == 409


@pytest.mark.parametrize("action", ["", "/revoke"])
async def test_a_link_is_made_on_our_own_page(site: Site, caller: Caller, action: str) -> None:
    """Without the form's token there is none."""
    customer = await site.world.customer("c-1", caller.account_id)
    async with site.visitor(customer) as visitor:
        assert (await visitor.post(f"{PAGE}/setup-link{action}")).status_code == 403
    assert await site.world.app.setup_links.active(customer) is None
