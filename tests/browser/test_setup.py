"""A setup as people go through it: with scripts and without, back and forth, in two windows, too late."""

import pytest
from playwright.async_api import expect

from shared.core.run import RunKind
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes
from tests.browser.setup_scenes import at, newcomer, setup_validating

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON = 15_000  # milliseconds
NOT_OK = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(params=["visit", "visit_without_scripts"])
def window(request: pytest.FixtureRequest) -> Visit:
    """A visitor's browser window, with JavaScript and without."""
    found: Visit = request.getfixturevalue(request.param)
    return found


async def test_from_the_first_button_to_the_first_contacts(scenes: Scenes, window: Visit) -> None:
    """Connect, choose on every page, look, import; the browser has no complaint."""
    page, customer = window.page, await newcomer(scenes)
    await page.goto(await scenes.open_portal(customer))
    await page.get_by_role("button", name="Connect Microsoft 365").click()
    await page.get_by_role("button", name="Continue to Microsoft").click()
    await page.get_by_role("link", name="Begin").click()
    forth = page.get_by_role("button", name="Next", exact=True)
    await page.get_by_label("What we advise").check()
    await forth.click()
    await page.get_by_label("Members and guests").check()
    await page.get_by_label("Pattern", exact=True).first.fill("^room")
    await page.keyboard.press("Enter")  # goes on as the button does
    await page.get_by_label("They must be in one of the groups selected here").check()
    await page.get_by_role("button", name="Show the groups").click()
    await page.get_by_role("searchbox").fill("all")
    await page.keyboard.press("Enter")  # searches
    await page.get_by_label("All staff").check()
    await forth.click()
    await page.get_by_label("The office").check()
    await page.get_by_role("button", name="Show the table").click()
    await page.get_by_role("button", name="Match by name").click()
    await page.get_by_role("combobox", name="Undefined").select_option("Head office & storage")
    await page.get_by_label("Give them a contact without a site").check()
    await forth.click()
    await page.get_by_label("Country").uncheck()
    await forth.click()
    await page.get_by_label("once a day at a local time").check()
    await page.get_by_label("Time of day").fill("02:30")
    await page.get_by_label("Time zone").fill("Europe/Oslo")
    await forth.click()
    await expect(page.get_by_text("Daily at 02:30, Europe/Oslo.")).to_be_visible()
    await page.go_back()  # to the page before, as it was sent
    await page.go_forward()
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="Preview in progress")).to_be_visible()
    await scenes.work_off()
    imports = page.get_by_role("button", name="Import", exact=True)
    await expect(imports).to_be_visible(timeout=SOON)
    await expect(page.get_by_role("rowheader", name="Amelia Hartmann")).to_be_visible()
    await imports.dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Contacts are being written")
    await scenes.work_off()
    await expect(page.get_by_text("3 contacts are in step")).to_be_visible(timeout=SOON)
    runs = [run for run in scenes.world.runs.all() if run.kind is RunKind.SYNC]
    assert len(runs) == 1
    await page.go_back()
    await page.reload()
    assert "/setup/" in page.url
    assert [text for text in window.complaints if not text.startswith(NOT_OK)] == []


async def test_two_windows_on_one_draft(scenes: Scenes, visit: Visit, visit_without_scripts: Visit) -> None:
    """The slower one is told, finds what it entered, and decides."""
    customer = await at(scenes, visit, "contacts")
    slow, quick = visit.page, visit_without_scripts.page
    await slow.get_by_label("are deactivated").check()
    await quick.goto(await scenes.open_portal(customer))
    await quick.goto(slow.url)
    await quick.get_by_label("is blanked on the contact too").check()
    await quick.get_by_role("button", name="Save and continue later").click()
    await slow.get_by_role("button", name="Next", exact=True).click()
    await expect(slow.get_by_role("heading", name="Somebody else was quicker")).to_be_visible()
    await expect(slow.get_by_label("are deactivated")).to_be_checked()
    await slow.get_by_role("button", name="Save anyway and go on").click()
    await expect(slow.get_by_role("heading", level=1)).to_have_text("Safety and schedule")


async def test_a_session_that_ended_says_so_and_what_was_saved_stays(scenes: Scenes, visit: Visit) -> None:
    """Whoever comes back goes on."""
    customer = await at(scenes, visit, "people")
    await visit.page.get_by_role("button", name="Next", exact=True).click()
    await visit.context.clear_cookies()
    await visit.page.get_by_role("button", name="Next", exact=True).click()
    await expect(visit.page.get_by_role("heading", name="Your session has ended.")).to_be_visible()
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.get_by_role("link", name="Go on with the set-up").click()
    await expect(visit.page.get_by_role("link", name="Go on", exact=True)).to_be_visible()


async def test_the_ticks_come_by_themselves(scenes: Scenes, visit: Visit) -> None:
    """Once Microsoft has copied the approval, without anybody loading the page."""
    await setup_validating(scenes, visit)
    await expect(visit.page.locator(".permissions .yes")).to_have_count(1)
    scenes.tenant.on_request = lambda number: None
    await scenes.work_off()
    await expect(visit.page.locator(".permissions .yes")).to_have_count(7, timeout=SOON)
    assert visit.complaints == []
