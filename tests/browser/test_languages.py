"""Pages in other languages: nothing is cut off by longer words, and the script writes times as they do."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import account_scenes, manage_scenes
from tests.browser import test_accessibility as pages
from tests.browser.conftest import SCREENSHOTS, Visit
from tests.browser.scenes import Scenes
from tests.browser.test_accessibility import Scene

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUT_OFF = """() => [...document.querySelectorAll("main *")].filter((element) => {
  const frame = element.closest(".scroll, .hidden") ? null : element.closest(".card");
  const box = element.getBoundingClientRect();
  return box.width && frame && box.right > frame.getBoundingClientRect().right + 1;
}).map((element) => `${element.tagName} ${element.textContent.trim()}`).concat(
  document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["the page"] : [])"""
"""What is wider than the card it is in, apart from tables that scroll; or the whole page."""

DENSE: list[Scene] = [
    pages.connected,
    pages.held_run,
    account_scenes.accounts_customers,
    manage_scenes.decisions,
    manage_scenes.security,
]


async def choose(visit: Visit, language: str) -> None:
    """Press the language's name at the foot of the page."""
    await visit.page.get_by_role("button", name=language).click()


@pytest.mark.parametrize("scene", DENSE, ids=lambda scene: scene.__name__)
async def test_no_page_scrolls_sideways_in_another_language(
    scenes: Scenes, visit: Visit, scene: Scene
) -> None:
    """German words are long; on a phone they still find room."""
    page = visit.page
    await page.set_viewport_size({"width": 375, "height": 812})
    await scene(scenes, visit)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for language in ("Deutsch", "Italiano"):
        await choose(visit, language)
        await page.screenshot(path=SCREENSHOTS / f"{scene.__name__}-phone-{language}.png", full_page=True)
        assert not await page.evaluate(CUT_OFF), language


async def test_times_are_written_as_the_chosen_language_writes_them(scenes: Scenes, visit: Visit) -> None:
    """In the reader's own zone, with the words of the page; the moment itself is in the markup."""
    await pages.connected(scenes, visit)
    await choose(visit, "Deutsch")
    moment = visit.page.locator("time").first
    await expect(moment).to_have_text(re.compile(r"^\d\d\.\d\d\.\d{4}, \d\d:\d\d$"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", await moment.get_attribute("datetime") or "")
    assert (await moment.get_attribute("title") or "").endswith(" UTC")
    await choose(visit, "English")
    await expect(moment).to_have_text(re.compile(r"^\d+ \w{3} \d{4}, \d\d:\d\d$"))
    assert visit.complaints == []


async def test_a_language_is_chosen_without_a_script(scenes: Scenes, visit_without_scripts: Visit) -> None:
    """On the page where a customer's admin has no session; it stays where it was and is remembered."""
    await pages.consent_asked(scenes, visit_without_scripts)
    page = visit_without_scripts.page
    address = page.url
    await choose(visit_without_scripts, "Italiano")
    assert page.url == address
    await expect(page.locator("html")).to_have_attribute("lang", "it")
    await expect(page.get_by_role("button", name="Continua su Microsoft")).to_be_visible()
    await expect(page.get_by_role("button", name="Italiano")).to_have_attribute("aria-current", "true")
    await page.goto(f"{scenes.url}/portal")
    await expect(page.get_by_role("heading", name="La sessione è terminata.")).to_be_visible()
