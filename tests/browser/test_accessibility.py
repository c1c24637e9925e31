"""Every page, in light and dark, on a desk and in a hand: axe finds nothing, and nothing is cut off."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe

from shared.core.connection import ConnectionState, Grant
from shared.core.errors import ActionRequired
from tests.browser import account_scenes, manage_scenes, setup_scenes
from tests.browser.conftest import SCREENSHOTS, Visit
from tests.browser.scenes import Scenes

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Scene = Callable[[Scenes, Visit], Awaitable[None]]

SIZES = {"desktop": (1280, 900), "phone": (375, 812)}


async def not_connected(scenes: Scenes, visit: Visit) -> None:
    """A customer's page before anything was connected."""
    await visit.page.goto(await scenes.open_portal(await scenes.customer()))


async def connected(scenes: Scenes, visit: Visit) -> None:
    """A customer's page with everything on it."""
    await visit.page.goto(await scenes.open_portal(await scenes.connected()))


async def syncing(scenes: Scenes, visit: Visit) -> None:
    """A customer's page while contacts are written."""
    customer = await scenes.connected()
    await scenes.begun_run(customer, planned=1200, applied=430)
    await visit.page.goto(await scenes.open_portal(customer))


async def reading(scenes: Scenes, visit: Visit) -> None:
    """A customer's page while the directory is read and nobody knows how long it takes."""
    customer = await scenes.connected()
    await scenes.begun_run(customer)
    await visit.page.goto(await scenes.open_portal(customer))


async def action_needed(scenes: Scenes, visit: Visit) -> None:
    """A customer's page when the consent was withdrawn."""
    customer = await scenes.connected()
    await scenes.put(customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    await visit.page.goto(await scenes.open_portal(customer))


async def paused(scenes: Scenes, visit: Visit) -> None:
    """A customer's page while its syncs are paused."""
    customer = await scenes.connected()
    await scenes.app.pausing.pause(customer)
    await visit.page.goto(await scenes.open_portal(customer))


async def waiting_for_approval(scenes: Scenes, visit: Visit) -> None:
    """A customer's page while a sync waits for somebody."""
    await visit.page.goto(await scenes.open_portal(await scenes.held()))


async def disconnected(scenes: Scenes, visit: Visit) -> None:
    """A customer's page after it was disconnected."""
    customer = await scenes.connected()
    await scenes.app.onboarding.disconnect(customer.account_id, customer.connection_id)
    await visit.page.goto(await scenes.open_portal(customer))


async def disconnecting(scenes: Scenes, visit: Visit) -> None:
    """The question before disconnecting."""
    await connected(scenes, visit)
    await visit.page.get_by_role("link", name="Disconnect…").click()


async def run(scenes: Scenes, visit: Visit) -> None:
    """A run with people created, updated, left out."""
    await connected(scenes, visit)
    await visit.page.locator("tbody a").nth(2).click()


async def first_run(scenes: Scenes, visit: Visit) -> None:
    """The first run, with a new contact's fields unfolded."""
    await connected(scenes, visit)
    await visit.page.locator("tbody a").nth(3).click()
    await visit.page.locator("summary").first.click()


async def failed_run(scenes: Scenes, visit: Visit) -> None:
    """A run that failed."""
    await connected(scenes, visit)
    await visit.page.locator("tbody a").nth(1).click()


async def held_run(scenes: Scenes, visit: Visit) -> None:
    """A run that the guard holds, with its plan and the two buttons."""
    await waiting_for_approval(scenes, visit)
    await visit.page.get_by_role("link", name="Look at the plan").click()


async def preview(scenes: Scenes, visit: Visit) -> None:
    """What a sync would do, person by person."""
    customer = await scenes.connected()
    scenes.world.clock.advance(timedelta(hours=1))
    scenes.tenant.change("02", job_title="Site manager")
    scenes.tenant.hire("12", display_name="Ida Strand")
    await scenes.world.preview(customer)
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.locator("tbody a").first.click()


async def signed_out(scenes: Scenes, visit: Visit) -> None:
    """The page after signing out."""
    await connected(scenes, visit)
    await visit.page.get_by_role("button", name="Sign out").click()


async def session_ended(scenes: Scenes, visit: Visit) -> None:
    """A page of the portal without a session."""
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042")


async def consent_asked(scenes: Scenes, visit: Visit) -> None:
    """What the customer's admin sees first."""
    await visit.page.goto(await scenes.consent_url(await scenes.customer()))


async def consent_asked_delegated(scenes: Scenes, visit: Visit) -> None:
    """The same for a delegated grant."""
    await visit.page.goto(await scenes.consent_url(await scenes.customer(), Grant.DELEGATED))


async def consent_given(scenes: Scenes, visit: Visit) -> None:
    """What the customer's admin sees last."""
    await consent_asked(scenes, visit)
    await visit.page.get_by_role("button", name="Continue to Microsoft").click()


async def consent_copied(scenes: Scenes, visit: Visit) -> None:
    """What the customer's admin sees while Microsoft copies the approval."""
    scenes.tenant.fail_next(ActionRequired("consent_revoked", "Not yet.", "Wait.", replicating=True))
    await consent_given(scenes, visit)


async def consent_declined(scenes: Scenes, visit: Visit) -> None:
    """What somebody sees who may not consent."""
    scenes.microsoft.person = msgspec.structs.replace(scenes.microsoft.person, directory_roles=frozenset())
    await consent_given(scenes, visit)


ALL: list[Scene] = [
    not_connected,
    connected,
    syncing,
    reading,
    action_needed,
    paused,
    waiting_for_approval,
    disconnected,
    disconnecting,
    run,
    first_run,
    failed_run,
    held_run,
    preview,
    signed_out,
    session_ended,
    consent_asked,
    consent_asked_delegated,
    consent_given,
    consent_copied,
    consent_declined,
    *account_scenes.ALL,
    *setup_scenes.ALL,
    *manage_scenes.ALL,
]


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.__name__)
async def test_axe_finds_nothing(scenes: Scenes, inspection: Visit, scene: Scene) -> None:
    """No violation in any colour scheme or width, and the page never scrolls sideways."""
    page = inspection.page
    await scene(scenes, inspection)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.screenshot(path=SCREENSHOTS / f"{scene.__name__}-{size}-{scheme}.png", full_page=True)
            results = await Axe().run(page)
            assert results.violations_count == 0, f"{size}, {scheme}: {results.generate_report()}"
        overflow = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, f"{size}: {overflow} pixels too wide"


@pytest.mark.parametrize(
    "scene",
    [
        connected,
        run,
        held_run,
        disconnecting,
        consent_asked,
        account_scenes.accounts_customers,
        manage_scenes.late,
        setup_scenes.setup_sites,
    ],
    ids=lambda scene: scene.__name__,
)
async def test_everything_to_press_is_large_enough(scenes: Scenes, inspection: Visit, scene: Scene) -> None:
    """Buttons and links that stand alone are at least 44 pixels high."""
    await inspection.page.set_viewport_size({"width": 375, "height": 812})
    await scene(scenes, inspection)
    kinds = ("button", "a.button", "summary", "a.back", ".input", ".choices label")
    targets = inspection.page.locator(", ".join(f"{kind}:visible" for kind in kinds))
    await targets.first.wait_for()  # a form that was just sent leads to another page
    for target in await targets.all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, await target.inner_text()
