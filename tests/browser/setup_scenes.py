"""How each page of a setup comes about."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.core.configuration import Configuration, GroupMode, Groups, Schedule, ScheduleKind, Scope
from shared.core.customer import Customer, Site
from shared.core.errors import ActionRequired
from tests.browser.conftest import Visit
from tests.browser.scenes import PEOPLE, Scenes

GROUPS = [f"00000000-0000-4000-8000-{number:012x}" for number in range(1, 4)]
NAMES = ["All staff", "Çağla’s <b>team</b>", "مجموعة المبيعات"]
OFFICES = ["Oslo", "OSLO office", "Bergen – Nordre branch", "Trondheim", "", "القاهرة"]


async def newcomer(scenes: Scenes) -> Customer:
    """A customer with sites, and a tenant with people, offices and groups."""
    scenes.world.clock.advance(scenes.world.settings.sync_spread * 3)
    customer = await scenes.customer()
    places = (Site("oslo", "Oslo"), Site("bergen", "Bergen Nordre"), Site("hq", "Head office & storage"))
    customer, _ = await scenes.app.customers.put(scenes.account_id, customer.id, customer.name, places)
    for number, properties in PEOPLE.items():
        office = OFFICES[int(number) % len(OFFICES)]
        scenes.tenant.hire(number, **({"office_location": office} | properties))
    for group, name in zip(GROUPS, NAMES, strict=True):
        scenes.tenant.add_group(name, "01", "02", "03", object_id=group)
    for project in range(60):
        scenes.tenant.add_group(f"Project {project + 1}")
    return customer


async def connected(scenes: Scenes, visit: Visit, *, missing: str | None = None) -> Customer:
    """The first page after the consent."""
    customer = await newcomer(scenes)
    if missing:
        scenes.tenant.revoke(missing)
    await scenes.world.connect(scenes.tenant, customer, set_up=True)
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042/setup")
    return customer


async def at(scenes: Scenes, visit: Visit, place: str, draft: Configuration | None = None) -> Customer:
    """A page further on."""
    customer = await connected(scenes, visit)
    if draft is not None:
        await scenes.app.setups.save(customer, 1, draft)
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042/setup/{place}")
    return customer


async def setup_not_connected(scenes: Scenes, visit: Visit) -> None:
    """Before anybody approved."""
    await newcomer(scenes)
    customer = await scenes.app.customers.get(scenes.account_id, "N/1042")
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042/setup")


async def setup_validating(scenes: Scenes, visit: Visit) -> None:
    """While Microsoft copies the approval: the organization answers, the people not yet."""
    fine = 1

    def not_yet(number: int) -> None:
        if number > fine:
            raise ActionRequired("permission_missing", "Not yet.", "Wait.", replicating=True)

    scenes.tenant.on_request = not_yet
    await connected(scenes, visit)


async def setup_connected(scenes: Scenes, visit: Visit) -> None:
    """With a permission that was not granted."""
    await connected(scenes, visit, missing="GroupMember.Read.All")


async def setup_preset(scenes: Scenes, visit: Visit) -> None:
    """The starting points."""
    await at(scenes, visit, "preset")


async def setup_people_refused(scenes: Scenes, visit: Visit) -> None:
    """The form of the people, with things to put right."""
    await at(scenes, visit, "people")
    page = visit.page
    await page.get_by_label("Only addresses of these domains").fill("contoso.com\nno domain")
    await page.get_by_label("Pattern", exact=True).first.fill("(unclosed")
    await page.get_by_role("button", name="Next").last.click()


async def setup_groups(scenes: Scenes, visit: Visit) -> None:
    """Groups, some selected, and a search."""
    groups = Groups(GroupMode.SELECTED, tuple(GROUPS))
    customer = await at(scenes, visit, "groups", Configuration(scope=Scope(groups=groups)))
    names = dict(zip(GROUPS, NAMES, strict=True))
    setup = (await scenes.world.connection(customer)).setup
    assert setup is not None
    await scenes.app.setups.save(customer, setup.version, setup.draft, names=names)
    await visit.page.reload()
    await visit.page.get_by_role("searchbox").fill("proj")
    await visit.page.get_by_role("button", name="Search").click()


async def setup_sites(scenes: Scenes, visit: Visit) -> None:
    """The table of offices, some matched by their names."""
    await at(scenes, visit, "sites?by=office")
    await visit.page.get_by_role("button", name="Match by name").click()
    await visit.page.get_by_text("assigned by their names").wait_for()


async def setup_contacts(scenes: Scenes, visit: Visit) -> None:
    """What a contact is made of."""
    await at(scenes, visit, "contacts")


async def setup_schedule(scenes: Scenes, visit: Visit) -> None:
    """Limits, a daily schedule, enrichments."""
    daily = Schedule(ScheduleKind.DAILY, at="01:00", time_zone="Europe/Oslo")
    await at(scenes, visit, "schedule", Configuration(schedule=daily))


async def setup_check(scenes: Scenes, visit: Visit) -> None:
    """Everything at a glance."""
    await at(scenes, visit, "check")


async def setup_preview(scenes: Scenes, visit: Visit) -> None:
    """What would happen, and the button that lets it."""
    await previewed(scenes, await connected(scenes, visit))
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042/setup/preview")


async def setup_done(scenes: Scenes, visit: Visit) -> None:
    """What came of it."""
    await put_into_force(scenes, await connected(scenes, visit))
    await visit.page.goto(f"{scenes.url}/portal/customers/N%2F1042/setup/done")


async def put_into_force(scenes: Scenes, customer: Customer) -> None:
    """Finish a setup as it was begun."""
    await previewed(scenes, customer)
    scenes.world.clock.advance(timedelta(minutes=1))
    await scenes.app.setups.finish(customer, 1, 1)
    await scenes.work_off()
    scenes.world.clock.advance(timedelta(minutes=1))


async def previewed(scenes: Scenes, customer: Customer) -> None:
    """A preview of the draft that was begun with."""
    await scenes.app.setups.preview(customer, 1)
    await scenes.work_off()


ALL: list[Callable[[Scenes, Visit], Awaitable[None]]] = [
    setup_not_connected,
    setup_validating,
    setup_connected,
    setup_preset,
    setup_people_refused,
    setup_groups,
    setup_sites,
    setup_contacts,
    setup_schedule,
    setup_check,
    setup_preview,
    setup_done,
]
