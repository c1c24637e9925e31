"""What visitors do, with scripts and without: nothing breaks, and the browser has no complaints."""

import pytest
from playwright.async_api import Locator, expect

from shared.core.errors import ActionRequired
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes
from tests.browser.setup_scenes import put_into_force
from tests.browser.test_accessibility import ALL, Scene, paused, preview

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON = 15_000  # milliseconds
# The browser notes every document that is not 200; these pages are meant to be none.
NOT_OK = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(params=["with scripts", "without scripts"])
def window(request: pytest.FixtureRequest) -> Visit:
    """A visitor's browser window, with JavaScript and without."""
    name = "visit" if request.param == "with scripts" else "visit_without_scripts"
    found: Visit = request.getfixturevalue(name)
    return found


def badge(window: Visit, text: str) -> Locator:
    """The connection's state."""
    return window.page.locator(".badge", has_text=text)


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.__name__)
async def test_no_page_breaks_its_own_policy(scenes: Scenes, visit: Visit, scene: Scene) -> None:
    """No violation of the content security policy, no script error, no warning."""
    await scene(scenes, visit)
    await visit.page.wait_for_load_state("networkidle")
    assert [text for text in visit.complaints if not text.startswith(NOT_OK)] == []


async def test_a_violation_would_be_noticed(scenes: Scenes, visit: Visit) -> None:
    """The policy is in force: an inline script is refused, and the browser says so."""
    await visit.page.goto(await scenes.consent_url(await scenes.customer()))
    await visit.page.evaluate("document.body.append(document.createElement('style'))")
    await visit.page.evaluate("document.body.lastChild.textContent = 'h1 { color: red }'")
    assert any("Content Security Policy" in text for text in visit.complaints)


async def test_a_customer_is_connected_synced_and_disconnected(scenes: Scenes, window: Visit) -> None:
    """The whole visit, button by button, through redirects to Microsoft's address and back."""
    page = window.page
    scenes.tenant.hire("01", display_name="Amelia Hartmann")
    customer = await scenes.customer()
    await page.goto(await scenes.open_portal(customer))
    await expect(badge(window, "Not connected")).to_be_visible()
    await page.get_by_role("button", name="Connect Microsoft 365").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("asks to read the directory")
    await page.get_by_role("button", name="Continue to Microsoft").click()
    await expect(badge(window, "Connected")).to_be_visible()
    assert "code=" not in page.url

    await put_into_force(scenes, customer)
    await page.get_by_role("link", name="Nordlicht Logistik").click()
    await page.get_by_role("button", name="Sync now").click()
    await expect(page.get_by_role("heading", name="Sync in progress")).to_be_visible()
    await scenes.work_off()
    await expect(page.get_by_role("cell", name="Done")).to_have_count(3, timeout=SOON)
    await expect(page.get_by_role("heading", name="Sync in progress")).to_have_count(0)
    await page.locator("tbody a").nth(1).click()
    await expect(page.get_by_role("rowheader", name="Amelia Hartmann")).to_be_visible()
    await page.get_by_role("link", name="Nordlicht Logistik").click()

    await page.get_by_role("link", name="Disconnect…").click()
    await page.get_by_role("button", name="Disconnect").click()
    await expect(badge(window, "Disconnected")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert window.complaints == []


async def test_a_held_run_is_looked_at_and_approved(scenes: Scenes, window: Visit) -> None:
    """The customer's page leads to the plan, and the button on it lets exactly that be done."""
    page = window.page
    await page.goto(await scenes.open_portal(await scenes.held()))
    await expect(page.get_by_text("Nobody has to act.")).to_have_count(0)
    await page.get_by_role("link", name="Look at the plan").click()
    await expect(badge(window, "Waiting for approval")).to_be_visible()
    await expect(badge(window, "To be deactivated")).to_have_count(3)
    await page.get_by_role("button", name="Approve this plan").click()
    await expect(badge(window, "In progress")).to_be_visible()
    await scenes.work_off()
    await page.reload()
    await expect(badge(window, "Done")).to_be_visible()
    await expect(page.locator("tbody").get_by_text("Deactivated")).to_have_count(3)
    assert window.complaints == []


async def test_a_preview_says_what_would_be_and_not_what_was(scenes: Scenes, visit: Visit) -> None:
    """On its own page and in the list of the customer's syncs; the last sync is still the one before."""
    page = visit.page
    await preview(scenes, visit)
    await expect(page.locator("dt", has_text="To be created")).to_be_visible()
    await expect(badge(visit, "To be updated")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="What would be done")).to_be_visible()
    await page.get_by_role("link", name="Nordlicht Logistik").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Started from the PSA, preview")
    await expect(page.locator("dd", has_text="No changes")).to_be_visible()


async def test_a_paused_customer_has_no_next_sync(scenes: Scenes, visit: Visit) -> None:
    """The page says that the pause is why."""
    await paused(scenes, visit)
    await expect(badge(visit, "Paused")).to_be_visible()
    await expect(visit.page.get_by_text("None while it is paused")).to_be_visible()


async def test_progress_moves_without_loading_the_page(scenes: Scenes, visit: Visit) -> None:
    """The bar and its text follow the run; only its end loads the page anew."""
    page = visit.page
    customer = await scenes.connected()
    await scenes.begun_run(customer)
    await page.goto(await scenes.open_portal(customer))
    await page.evaluate("window.stillTheSamePage = true")
    status = page.get_by_role("status")
    await expect(status).to_contain_text("Reading the directory")
    await scenes.change_run(customer, planned=200, applied=50)
    await expect(status).to_have_text("50 of 200 contacts are written.", timeout=SOON)
    assert await page.locator("progress").evaluate("bar => bar.position") == 0.25
    assert await page.evaluate("window.stillTheSamePage")
    await scenes.end_run(customer)
    await expect(page.locator("progress")).to_have_count(0, timeout=SOON)
    assert visit.complaints == []


async def test_a_session_that_ends_while_following_says_so(scenes: Scenes, visit: Visit) -> None:
    """A page that is left open does not go on asking for ever."""
    customer = await scenes.connected()
    await scenes.begun_run(customer)
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.context.clear_cookies()
    ended = visit.page.get_by_role("heading", name="Your session has ended.")
    await expect(ended).to_be_visible(timeout=SOON)


async def test_times_are_the_readers_own(scenes: Scenes, visit: Visit, visit_without_scripts: Visit) -> None:
    """With scripts in the reader's time zone and UTC on hovering, without scripts in UTC."""
    customer = await scenes.connected()
    await visit.page.goto(await scenes.open_portal(customer))
    since = visit.page.locator("dd time").first
    assert await since.inner_text() == "2 Mar 2026, 04:00"
    assert await since.get_attribute("title") == "2 March 2026, 03:00 UTC"
    plain = visit_without_scripts.page
    await plain.goto(await scenes.open_portal(customer))
    assert await plain.locator("dd time").first.inner_text() == "2 March 2026, 03:00 UTC"


async def test_the_way_through_is_open_to_the_keyboard(scenes: Scenes, visit: Visit) -> None:
    """The first stop leads past the frame, and the main button is reached and pressed with keys alone."""
    page = visit.page
    await page.goto(await scenes.open_portal(await scenes.customer()))
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Connect Microsoft 365")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Continue to Microsoft")).to_be_visible()


async def test_a_consent_that_is_copied_completes_on_the_page(scenes: Scenes, window: Visit) -> None:
    """The last page follows the proof and says when it is done."""
    scenes.tenant.fail_next(ActionRequired("consent_revoked", "Not yet.", "Wait.", replicating=True))
    await window.page.goto(await scenes.consent_url(await scenes.customer()))
    await window.page.get_by_role("button", name="Continue to Microsoft").click()
    await expect(window.page.get_by_role("heading", name="Almost there")).to_be_visible()
    await scenes.work_off()
    await expect(window.page.get_by_role("heading", name="Connected")).to_be_visible(timeout=SOON)
    assert window.complaints == []
