"""What visitors do on the account's page, with scripts and without."""

import re

import pytest
from playwright.async_api import expect

from shared.core.account_destination import DestinationKind
from tests.browser.account_scenes import (
    account_key_refused,
    account_of_syncro,
    account_without_a_psa,
    accounts_customers,
)
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON = 15_000  # milliseconds


@pytest.fixture(params=["visit", "visit_without_scripts"])
def window(request: pytest.FixtureRequest) -> Visit:
    """A visitor's browser window, with JavaScript and without."""
    found: Visit = request.getfixturevalue(request.param)
    return found


async def test_a_key_is_pasted_customers_appear_and_one_is_connected(scenes: Scenes, window: Visit) -> None:
    """The whole visit, button by button, to Microsoft's address and back to the table."""
    page = window.page
    scenes.psas.atera.add_customer("Contoso", ["nordlicht.example"])
    await account_without_a_psa(scenes, window)
    await page.get_by_label("API key").fill(scenes.psas.key(DestinationKind.ATERA))
    await page.get_by_role("button", name="Test and save").click()
    await expect(page.get_by_role("heading", name="Reading the customers from Atera")).to_be_visible()
    await scenes.work_off()
    look = page.get_by_role("link", name="Look whether they were read")
    if await look.count():
        await look.click()
    await page.get_by_role("button", name="Connect Contoso").click(timeout=SOON)
    await page.get_by_role("button", name="Continue to Microsoft").click()
    await expect(page.locator(".badge", has_text="Connected")).to_be_visible()
    await page.locator("a.back", has_text="Contoso").click()
    await page.get_by_role("link", name="All customers").click()
    await expect(page.locator("tbody .badge", has_text="Connected")).to_be_visible()
    await expect(page.get_by_role("button", name="Reconnect Contoso")).to_be_visible()
    assert window.complaints == []


async def test_the_import_is_followed_without_anybody_loading_the_page(scenes: Scenes, visit: Visit) -> None:
    """With scripts the customers appear by themselves."""
    scenes.psas.atera.add_customer("Contoso")
    await account_without_a_psa(scenes, visit)
    await visit.page.get_by_label("API key").fill(scenes.psas.key(DestinationKind.ATERA))
    await visit.page.get_by_role("button", name="Test and save").click()
    await expect(visit.page.get_by_role("status").first).to_be_visible()
    await scenes.work_off()
    await expect(visit.page.get_by_role("link", name="Contoso", exact=True)).to_be_visible(timeout=SOON)
    await expect(visit.page.locator("progress")).to_have_count(0)
    assert visit.complaints == []


async def test_only_the_fields_that_a_place_needs_are_in_sight(scenes: Scenes, window: Visit) -> None:
    """Also without scripts: the style sheet does it."""
    await account_without_a_psa(scenes, window)
    subdomain = window.page.get_by_label("Subdomain of the Syncro account")
    await expect(window.page.get_by_label("API key")).to_be_visible()
    await expect(subdomain).to_be_hidden()
    await window.page.get_by_label("Syncro", exact=True).check()
    await expect(subdomain).to_be_visible()
    await window.page.get_by_label("Atera", exact=True).check()
    await expect(subdomain).to_be_hidden()


async def test_a_refused_key_is_asked_for_again(scenes: Scenes, window: Visit) -> None:
    """What else was filled in is still there; the key is not."""
    await account_key_refused(scenes, window)
    page = window.page
    await expect(page.get_by_role("heading", name="Syncro refuses the API key")).to_be_visible()
    await expect(page.get_by_label("Syncro", exact=True)).to_be_checked()
    await expect(page.get_by_label("Subdomain of the Syncro account")).to_have_value("acme")
    await expect(page.get_by_role("textbox", name="API key")).to_have_value("")
    assert "not-a-key" not in await page.content()


async def test_a_field_that_was_left_empty_has_the_focus(scenes: Scenes, visit: Visit) -> None:
    """Whoever does not see what is wrong hears it with the field."""
    await account_of_syncro(scenes, visit)
    await visit.page.get_by_label("Subdomain of the Syncro account").fill("acme")
    await visit.page.keyboard.press("Enter")
    key = visit.page.get_by_label("API key")
    await expect(key).to_be_focused()
    await expect(key).to_have_accessible_description(re.compile("^Paste the key. Made in Atera"))


async def test_a_customer_is_found_by_name_with_keys_alone(scenes: Scenes, window: Visit) -> None:
    """Typed, sent with Enter, and all of them are a link away."""
    page = window.page
    await accounts_customers(scenes, window)
    await expect(page.locator("tbody tr")).to_have_count(25)
    await page.get_by_role("searchbox").fill("woodgrove")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.get_by_role("searchbox")).to_have_value("woodgrove")
    await page.get_by_role("link", name="Show all customers").click()
    await page.get_by_role("link", name="Next").click()
    await expect(page.locator("tbody tr")).to_have_count(7)
    assert window.complaints == []
