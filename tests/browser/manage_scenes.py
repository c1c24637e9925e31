"""How the pages come about on which a customer and an account are managed."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal

from shared.core.connection import ConnectionState, Grant
from shared.core.models import ContactFields
from shared.core.prices import Prices
from shared.core.report import MfaUse, ProductUse, TenantReport
from shared.core.reviews import Decision, ReviewAction
from shared.core.run import RunKind, Trigger
from shared.core.supplement import Gap, SecureScore
from tests.browser import account_scenes
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


async def contacts(scenes: Scenes, visit: Visit) -> None:
    """The contacts of a customer."""
    customer = await scenes.connected()
    scenes.world.contacts.add_by_hand(customer.connection_id, ContactFields(name="By hand"))
    await visit.page.goto(await scenes.open_portal(customer))
    await visit.page.get_by_role("link", name="Contacts", exact=True).click()


async def licences(scenes: Scenes, visit: Visit) -> None:
    """Licences across customers, with prices, and the form unfolded."""
    await _reported(scenes)
    prices = {f"sku-{number}": Decimal("12.30") * number for number in range(1, 3)}
    await scenes.app.prices.save(scenes.account_id, Prices("EUR", prices))
    await visit.page.goto(await scenes.open_account())
    await visit.page.get_by_role("link", name="Licences").click()
    await visit.page.get_by_text("Change the prices").click()


async def licences_unpriced(scenes: Scenes, visit: Visit) -> None:
    """The same without prices, after somebody typed one that is none."""
    await _reported(scenes)
    await visit.page.goto(await scenes.open_account())
    await visit.page.get_by_role("link", name="Licences").click()
    await visit.page.get_by_text("Say what a seat costs").click()
    await visit.page.get_by_label("Business Premium").fill("a lot")
    await visit.page.get_by_role("button", name="Keep the prices").click()


async def security(scenes: Scenes, visit: Visit) -> None:
    """Security across customers, worst first."""
    await _reported(scenes)
    await visit.page.goto(await scenes.open_account())
    await visit.page.get_by_role("link", name="Security").click()


async def report(scenes: Scenes, visit: Visit) -> None:
    """The report on one customer."""
    await security(scenes, visit)
    await visit.page.get_by_role("link", name="Nordlicht").click()


async def issues(scenes: Scenes, visit: Visit) -> None:
    """What somebody has to act on, across customers."""
    await account_scenes.accounts_customers(scenes, visit)
    await visit.page.get_by_role("link", name="Issues").click()


async def setup_link(scenes: Scenes, visit: Visit) -> None:
    """A setup link, on the one page that shows it."""
    await visit.page.goto(await scenes.open_portal(await scenes.customer()))
    await visit.page.get_by_role("button", name="Make a setup link").click()


async def _reported(scenes: Scenes) -> None:
    """Customers with reports about them, of every kind of name."""
    first = await scenes.connected()
    names = [
        "Contoso",
        "القمر للتجارة",
        "Çağla Öztürk Donaudampfschifffahrtsgesellschaft mbH",
        "<b>O’Neill</b>",
    ]
    others = [
        (await scenes.app.customers.put(scenes.account_id, f"r-{number}", name, ()))[0]
        for number, name in enumerate(names)
    ]
    for number, customer in enumerate((first, *others)):
        if customer is not first:
            await scenes.app.onboarding.begin(customer, Grant.APPLICATION)
            await scenes.put(customer, state=ConnectionState.ACTIVE)
        uses = (
            ProductUse(
                "sku-1", "Microsoft 365 Business Premium", 50, 44, 30 + number, 41, 9 - number, free=False
            ),
            ProductUse("sku-2", "Exchange Online (Plan 1)", 20, 12, 3, 4, 16, free=False),
            ProductUse(
                "sku-3",
                "Microsoft Power Automate for makers: a plan with a long name",
                4,
                4,
                None,
                None,
                None,
                free=False,
            ),
            ProductUse("sku-4", "Microsoft Fabric (Free)", 10_000, 3, 1, 1, 9_999, free=True),
        )
        score = SecureScore(31.5 + 12 * number, 100.0, date(2026, 3, 1)) if number != 2 else None
        mfa = MfaUse(41, 11 + 6 * number) if number != 3 else None
        gap = Gap(
            "mfa", "enrichment_not_licensed", "No licence.", "Buy one.", "customer_admin", permanent=True
        )
        found = TenantReport(
            scenes.world.clock.now(), 41, 30, uses[: 4 - number % 2], score, () if mfa else (gap,), mfa
        )
        await scenes.app.reports.save(scenes.account_id, customer.connection_id, found)


async def invitation(scenes: Scenes, visit: Visit) -> None:
    """What whoever got a setup link by mail sees first."""
    customer = await scenes.customer()
    _, url = await scenes.app.setup_links.create(customer, timedelta(days=7))
    await visit.page.goto(url)


# One of each page, in the state that has most on it; empty ones are read by the unit tests.
ALL: list[Callable[[Scenes, Visit], Awaitable[None]]] = [
    late,
    history,
    people_found,
    one_person,
    decision_missing,
    contacts,
    licences,
    security,
    report,
    issues,
    setup_link,
    invitation,
]
