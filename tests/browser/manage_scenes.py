"""How the pages come about on which a customer and an account are managed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.core.models import ContactFields
from shared.core.reviews import Decision, ReviewAction
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


async def decisions(scenes: Scenes, visit: Visit) -> None:
    """People who need a decision, with candidates and without, and one about whom somebody decided."""
    customer = await scenes.connected()
    for name in ("Amelia Hartmann", "A. Hartmann (إدارة)", "Hartmann, Amelia-Konstanze Wilhelmina Theodora"):
        fields = ContactFields(
            name=name, email="new@contoso.example", job_title="CFO", business_phone="+47 22 00 00"
        )
        scenes.world.contacts.add_by_hand(customer.connection_id, fields)
    for number in ("21", "22", "23"):
        scenes.tenant.hire(number, display_name=f"Person {number} العمل", mail="shared@contoso.example")
    scenes.tenant.hire("24", display_name="Amelia Hartmann", mail="new@contoso.example", job_title="CFO")
    await scenes.world.sync(customer)
    await scenes.app.reviews.decide(
        await scenes.world.connection(customer), "22", Decision(ReviewAction.CREATE)
    )
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.get_by_role("link", name="Unclear people").click()
    await visit.page.locator(".queue summary").first.click()


async def decision_missing(scenes: Scenes, visit: Visit) -> None:
    """A decision that names a contact that is not there."""
    await decisions(scenes, visit)
    await visit.page.get_by_label("It is another contact").first.check()
    await visit.page.get_by_label("Id of the contact").first.fill("none")
    await visit.page.get_by_role("button", name="Decide").first.click()


async def nobody_unclear(scenes: Scenes, visit: Visit) -> None:
    """A queue with nobody in it."""
    await visit.page.goto(await scenes.open_portal(await scenes.connected()))
    await visit.page.get_by_role("link", name="Unclear people").click()


async def contacts(scenes: Scenes, visit: Visit) -> None:
    """The contacts of a customer."""
    customer = await scenes.connected()
    scenes.world.contacts.add_by_hand(customer.connection_id, ContactFields(name="By hand"))
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.get_by_role("link", name="Contacts", exact=True).click()


ALL: list[Callable[[Scenes, Visit], Awaitable[None]]] = [
    late,
    history,
    people_found,
    nobody_found,
    one_person,
    decisions,
    decision_missing,
    nobody_unclear,
    contacts,
]
