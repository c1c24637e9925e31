"""Chromium, a site on the loopback address, and a page that notices whatever the browser complains about."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from devtools.browser import NAMES
from tests.browser.loopback import Loopback
from tests.browser.scenes import Scenes
from tests.fakes.clock import START, FakeClock
from tests.unit.web.psas import simulated

SCREENSHOTS = Path(__file__).parents[2] / ".sandbox" / "screenshots"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Hours away from any scheduled sync, whatever delay within the first hour a connection's id gives it.
BETWEEN_SLOTS = START + timedelta(hours=3)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Chromium's executable. Without one these tests are left out; in continuous integration they fail."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "there is no Chromium on the PATH: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    """One browser for the session; every test has a profile of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def scenes() -> AsyncIterator[Scenes]:
    """An empty world behind a site, and Microsoft and two PSAs on addresses of their own."""
    site, microsoft, clock = Loopback(), Loopback(), FakeClock(BETWEEN_SLOTS)
    async with simulated(clock) as psas:
        yield Scenes(site, microsoft, psas, clock)
    await site.close()
    await microsoft.close()


@dataclass
class Visit:
    """A browser window. `complaints` is all that the browser wrote to its console."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note errors and warnings from now on, those of the content security policy among them."""

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.complaints.append(message.text)

        self.page.on("console", heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """A fresh browser window, as a visitor has it."""
    async for window in _window(chromium):
        yield window


@pytest_asyncio.fixture(loop_scope="session")
async def visit_without_scripts(chromium: Browser) -> AsyncIterator[Visit]:
    """A fresh browser window with JavaScript switched off."""
    async for window in _window(chromium, scripts=False):
        yield window


@pytest_asyncio.fixture(loop_scope="session")
async def inspection(chromium: Browser) -> AsyncIterator[Visit]:
    """A window into which axe can be loaded, which the policy would not let in."""
    async for window in _window(chromium, bypass_csp=True):
        yield window


async def _window(
    chromium: Browser, *, scripts: bool = True, bypass_csp: bool = False
) -> AsyncIterator[Visit]:
    context = await chromium.new_context(
        java_script_enabled=scripts, bypass_csp=bypass_csp, timezone_id="Europe/Oslo", locale="en-GB"
    )
    context.set_default_timeout(15_000)
    window = Visit(context, await context.new_page())
    window.listen()
    yield window
    await context.close()
