"""What a technician does on the pages on which customers and accounts are managed."""

import pytest
from playwright.async_api import expect

from shared.core.reviews import ReviewAction
from tests.browser import manage_scenes
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_decision_is_made_with_keys_alone(scenes: Scenes, visit: Visit) -> None:
    """From the tabs to the choice and to the button; the person is decided about and the page says so."""
    page = visit.page
    await manage_scenes.decisions(scenes, visit)
    await page.reload()
    await page.get_by_role("link", name="Unclear people").focus()
    await page.keyboard.press("Enter")
    await page.locator(".queue summary").first.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("radio").first).to_be_focused()
    await page.keyboard.press("ArrowUp")  # round to the last of them
    await expect(page.get_by_label("Leave this person out of the sync").first).to_be_checked()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("create a contact of their own").first).to_be_checked()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("They get a contact of their own.")).to_have_count(2)
    customer = await scenes.app.customers.get(scenes.account_id, "N/1042")
    found = await scenes.app.reviews.list(await scenes.world.connection(customer))
    actions = [review.decision.action for review in found if review.decision]
    assert actions == [ReviewAction.CREATE, ReviewAction.CREATE]
    assert visit.complaints == []


async def test_prices_are_typed_and_the_sums_are_there(scenes: Scenes, visit_without_scripts: Visit) -> None:
    """Without scripts: unfold, type, keep, and see what unused seats cost; then a customer's own report."""
    page = visit_without_scripts.page
    await manage_scenes.licences_unpriced(scenes, visit_without_scripts)
    await expect(page.get_by_text("Nothing was kept")).to_be_visible()
    await expect(page.get_by_label("Business Premium")).to_have_value("a lot")
    await page.get_by_label("Currency").fill("EUR")
    await page.get_by_label("Business Premium").fill("20,60")
    await page.get_by_role("button", name="Keep the prices").click()
    await expect(page.get_by_text("721.00 EUR").first).to_be_visible()  # 35 seats
    await page.get_by_role("link", name="Nordlicht").click()
    await expect(page.get_by_text("They cost 185.40 EUR a month.")).to_be_visible()
    await page.get_by_role("link", name="All customers").click()
    await page.get_by_role("link", name="Security").click()
    await expect(page.get_by_role("img", name="26.8 per cent have a second factor")).to_be_visible()
