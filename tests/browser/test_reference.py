"""The API's reference, as a browser shows it."""

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import SCREENSHOTS, Visit
from tests.browser.scenes import Scenes

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light")])
async def test_axe_finds_nothing_in_the_reference(
    scenes: Scenes, inspection: Visit, width: int, scheme: Literal["dark", "light"]
) -> None:
    """With everything unfolded there is no violation, and the page never scrolls sideways."""
    page = inspection.page
    await page.set_viewport_size({"width": width, "height": 812})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.goto(f"{scenes.url}/api/v1/docs")
    await page.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"reference-{width}-{scheme}.png")
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


async def test_the_reference_needs_no_scripts_and_breaks_no_rule_of_ours(
    scenes: Scenes, visit_without_scripts: Visit
) -> None:
    """Every link within it leads somewhere, and the browser has nothing to complain about."""
    page = visit_without_scripts.page
    await page.goto(f"{scenes.url}/api/v1/docs")
    await page.get_by_role("link", name="Sync now, or preview", exact=True).click()
    assert page.url.endswith("#startRun")
    await page.locator("#startRun").get_by_role("link", name="RunInput").click()
    assert page.url.endswith("#schema-RunInput")
    assert visit_without_scripts.complaints == []
