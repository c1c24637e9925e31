"""From a mailed link to contacts in step, in Chromium, on the host and Microsoft's simulated pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from sandbox.api_client import Document
from sandbox.stack import Stack
from sandbox.world.seed import CUSTOMERS_BY_KEY
from tests.e2e.conftest import collector, stack
from tests.e2e.scene import Customer, Scene, open_scene

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

__all__ = ["collector", "stack"]
PATIENCE = 30_000  # milliseconds


@pytest_asyncio.fixture(loop_scope="session")
async def scene(stack: Stack) -> AsyncIterator[Scene]:
    """The stack as one test acts on it."""
    async with open_scene(stack) as scene:
        yield scene


@asynccontextmanager
async def window(chromium: Browser) -> AsyncIterator[Page]:
    """A browser of somebody's own. The simulated Microsoft's certificate is one that no browser knows."""
    context = await chromium.new_context(ignore_https_errors=True, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield await context.new_page()
    await context.close()


async def press(page: Page, name: str) -> None:
    """Press a button, or follow a link that looks like one."""
    button = page.get_by_role("button", name=name, exact=True)
    link = page.get_by_role("link", name=name, exact=True)
    await button.or_(link).first.click()


async def see(page: Page, heading: str | re.Pattern[str]) -> None:
    """Wait for the page with this heading."""
    exact = isinstance(heading, str)
    await expect(page.get_by_role("heading", name=heading, level=1, exact=exact)).to_be_visible(
        timeout=PATIENCE
    )


async def sign_in(page: Page, account: str) -> None:
    """From our page that says what will be asked to Microsoft's; sign in there and let us see who it is."""
    await press(page, "Continue to Microsoft")
    await name_account(page, account)
    await see(page, "Permissions requested")
    await press(page, "Accept")


async def name_account(page: Page, account: str) -> None:
    """Who one is, on Microsoft's page."""
    await see(page, "Sign in")
    await page.get_by_label("Account").fill(account)
    await press(page, "Next")


async def asked_for_the_organization(page: Page, account: str) -> None:
    """Microsoft asks once more who approves for everybody, and shows what."""
    await name_account(page, account)
    await see(page, "Permissions requested for your organization")


async def setup_link(scene: Scene, customer: Customer) -> str:
    """What a technician mails to the customer's administrator."""
    made = await scene.request("POST", f"/customers/{customer.id}/setup-links", json={})
    assert made.status_code == 201, made.text
    return str(made.json()["url"])


async def portal(scene: Scene, customer: Customer) -> str:
    """What a technician's front end opens."""
    made = await scene.request("POST", f"/customers/{customer.id}/portal-sessions")
    return str(made.json()["url"])


async def syncs(scene: Scene, customer: Customer) -> list[Document]:
    """The runs that write, newest first."""
    return [run for run in await scene.api.runs(customer.id) if run["kind"] != "preview"]


async def test_a_mailed_link_leads_to_contacts_in_step(chromium: Browser, scene: Scene) -> None:
    """Through consent, the choices, a preview and the import; begun in one browser, finished in another."""
    customer = await scene.customer("contoso")
    link = await setup_link(scene, customer)

    async with window(chromium) as page:
        await page.goto(link)
        await press(page, "Begin")
        await see(page, "Connect Microsoft 365")
        await press(page, "Connect")
        await sign_in(page, customer.admin)
        await asked_for_the_organization(page, customer.admin)
        await press(page, "Accept")
        await see(page, re.compile("Connected"))
        await expect(page.get_by_role("listitem").filter(has_text="User.Read.All")).to_contain_text("Granted")
        connection = await scene.api.connection(customer.id)
        assert (connection["state"], connection["next_sync_at"]) == ("active", None)
        await press(page, "Begin")
        await see(page, "Starting point")
        await press(page, "Next")
        await see(page, "Who gets a contact")
        await page.get_by_role("radio", name="Members and guests").check()
        await press(page, "Next")
        await see(page, "Groups")
        await page.go_back()
        await see(page, "Who gets a contact")
        await expect(page.get_by_role("radio", name="Members and guests")).to_be_checked()
        await page.go_forward()
        await press(page, "Save and continue later")

    assert await syncs(scene, customer) == []
    async with window(chromium) as page:
        await page.goto(link)
        await press(page, "Begin")
        await press(page, "Go on")
        for step in ("Sites", "What a contact is made of", "Safety and schedule"):
            await see(page, step)
            await press(page, "Next")
        await see(page, "Check and preview")
        await press(page, "Preview")
        await see(page, "Preview")
        await expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible(timeout=PATIENCE)
        async with page.expect_download() as download:
            await press(page, "Download as CSV")
        lines = (await (await download.value).path()).read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("status,kind,name")
        assert len(lines) > 2
        await page.get_by_role("button", name="Import", exact=True).dblclick()
        await expect(page.get_by_text(re.compile("in step with the directory"))).to_be_visible(
            timeout=PATIENCE
        )
        await expect(page.get_by_text("You can close this window.")).to_be_visible()

    (run,) = await syncs(scene, customer)
    assert run["state"] == "succeeded"
    assert len(await scene.contacts(customer)) == run["counts"]["created"] > 0
    connection = await scene.api.connection(customer.id)
    assert connection["configuration"]["scope"]["user_types"] == ["guest", "member"]
    assert connection["next_sync_at"] is not None
    async with window(chromium) as page:
        await page.goto(link)
        await see(page, "This link does not open anything any more.")


async def test_who_declines_or_may_not_approve_is_told_and_starts_again(
    chromium: Browser, scene: Scene
) -> None:
    """A decline and somebody who is no administrator leave nothing behind, and see the way back."""
    customer = await scene.customer("contoso")
    async with window(chromium) as page:
        await page.goto(await setup_link(scene, customer))
        await press(page, "Begin")
        await press(page, "Connect")
        await sign_in(page, customer.admin)
        await asked_for_the_organization(page, customer.admin)
        await press(page, "Cancel")
        await expect(page.get_by_text("Code consent_declined")).to_be_visible()
        await press(page, "Start again")
        await sign_in(page, f"AdeleV@{customer.domain}")
        await expect(page.get_by_text("Code admin_required")).to_be_visible()
        await press(page, "Back to the set-up")
        await see(page, "Connect Microsoft 365")
    assert (await scene.api.connection(customer.id))["tenant"] is None


async def test_another_organization_cannot_take_the_place_of_a_connected_one(
    chromium: Browser, scene: Scene
) -> None:
    """A reconnect by another organization's administrator is refused, and so is its answer loaded again."""
    customer = await scene.imported("contoso")
    stranger = CUSTOMERS_BY_KEY["quince"].domains[0]
    async with window(chromium) as page:
        await page.goto(await portal(scene, customer))
        await press(page, "Reconnect")
        await sign_in(page, f"admin@{stranger}")
        await expect(page.get_by_text("Code tenant_mismatch")).to_be_visible()
        await page.reload()
        await see(page, re.compile("^This sign-in was already used"))
        connection = await scene.api.connection(customer.id)
        assert (connection["state"], connection["tenant"]["domain"]) == ("active", customer.domain)
