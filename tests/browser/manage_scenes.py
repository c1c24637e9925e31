"""How the pages come about on which a customer and an account are managed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.core.run import RunKind, Trigger
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes

HOME = "/portal/customers/N%2F1042"


async def late(scenes: Scenes, visit: Visit) -> None:
    """A customer's page when the sync that was due has not come about, with the other ways to sync open."""
    customer = await scenes.connected()
    scenes.world.clock.advance(timedelta(hours=16))
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.get_by_text("Other ways to sync").click()


async def history(scenes: Scenes, visit: Visit) -> None:
    """Every run of a customer."""
    await visit.page.goto(await scenes.open_portal(await scenes.connected()))
    await visit.page.get_by_role("link", name="Whole history").click()


async def people_found(scenes: Scenes, visit: Visit) -> None:
    """A search for one person of the directory."""
    await late(scenes, visit)
    await visit.page.get_by_label("Sync one person").fill("o")
    await visit.page.get_by_role("button", name="Find").click()


async def nobody_found(scenes: Scenes, visit: Visit) -> None:
    """The same, where nobody fits."""
    await people_found(scenes, visit)
    await visit.page.get_by_role("searchbox").fill("<i>nobody</i>@nordlicht.example")
    await visit.page.get_by_role("button", name="Search").click()


async def one_person(scenes: Scenes, visit: Visit) -> None:
    """What became of one person, with the conditions of the scope unfolded."""
    customer = await scenes.connected()
    run, _ = await scenes.app.runs.start(customer, RunKind.USER, Trigger.PORTAL, "06")
    await scenes.work_off()
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.goto(f"{scenes.url}{HOME}/runs/{run.id}")
    await visit.page.get_by_text("conditions").click()


ALL: list[Callable[[Scenes, Visit], Awaitable[None]]] = [
    late,
    history,
    people_found,
    nobody_found,
    one_person,
]
