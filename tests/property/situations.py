"""More runs to be killed: people who leave, held runs and what becomes of them, previews, single users."""

from dataclasses import replace
from datetime import date, timedelta

from shared.app import App
from shared.core.configuration import (
    Configuration,
    Enrichment,
    GroupMode,
    Groups,
    LeaverPolicy,
    Preset,
    Scope,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
)
from shared.core.models import RemovalReason
from shared.core.presets import PRESETS
from shared.core.reviews import Decision, ReviewAction
from shared.core.run import RunKind, RunState
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from tests.fakes import ACCOUNT, World
from tests.property.scenarios import (
    CONNECTION,
    CUSTOMER,
    UNGUARDED,
    Scenario,
    after_a_first_run,
    fields,
    first_import,
    on_demand,
    synced,
    the_tenant,
)

PEOPLE = ("ada", "bob", "cyd", "dan", "eve", "fay", "guy", "hal", "ida", "jon")
GROUP = "00000000-0000-4000-8000-000000000001"
NESTED = "00000000-0000-4000-8000-000000000002"
LEAVING = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED)
GUARDED = Configuration(leavers=LeaverPolicy.DEACTIVATE)
BY_OFFICE = Configuration(
    guard=UNGUARDED,
    leavers=LeaverPolicy.DEACTIVATE,
    sites=Sites(
        (
            SiteRule(SiteAttribute.OFFICE, ("Berlin",), "site-b"),
            SiteRule(SiteAttribute.OFFICE, ("",), "site-u"),
            SiteRule(SiteAttribute.DEPARTMENT, ("Sales",), "site-s"),
        )
    ),
)
ENRICHED = Configuration(
    enrichments=tuple(Enrichment),
    guard=UNGUARDED,
    scope=Scope(shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE),
)
BY_GROUP = Configuration(
    guard=UNGUARDED,
    leavers=LeaverPolicy.DEACTIVATE,
    scope=Scope(groups=Groups(GroupMode.SELECTED, (GROUP,))),
)


async def _ten_people(world: World) -> None:
    for person in PEOPLE:
        the_tenant(world).hire(person)
    await synced(world)


async def _leave_and_return(world: World) -> None:
    tenant = the_tenant(world)
    tenant.hire("ret")
    tenant.hire("vip")
    await after_a_first_run(world)
    tenant.remove("ret")
    (vip,) = [c for c in world.contacts.contacts(CONNECTION) if c.object_id == "vip"]
    world.contacts.set_by_hand(CONNECTION, vip.id, keep_active=True, pins=frozenset({"job_title"}))
    await synced(world)
    tenant.restore("ret")
    tenant.remove("vip")
    tenant.remove("eve")
    tenant.remove("cyd", RemovalReason.HARD_DELETED)
    tenant.change("dan", user_type="Guest")
    tenant.change("bob", enabled=False)
    tenant.hire("new", mail="eve@contoso.example")


async def _absent_once(world: World) -> None:
    await after_a_first_run(world)
    await synced(world)
    the_tenant(world).remove("eve")
    the_tenant(world).forget_links()


async def _absent_twice(world: World) -> None:
    await _absent_once(world)
    await synced(world)


async def _empty(world: World) -> None:
    await after_a_first_run(world)
    for person in list(the_tenant(world).users):
        the_tenant(world).remove(person)


async def _too_many_leave(world: World) -> None:
    await _ten_people(world)
    for person in PEOPLE[:7]:
        the_tenant(world).change(person, enabled=False)
    the_tenant(world).hire("new")


async def _held_and_worse(world: World) -> None:
    await _too_many_leave(world)
    assert (await synced(world)).state is RunState.HELD
    the_tenant(world).change(PEOPLE[7], enabled=False)


async def _held_and_better(world: World) -> None:
    await _too_many_leave(world)
    assert (await synced(world)).state is RunState.HELD
    for person in PEOPLE[:7]:
        the_tenant(world).change(person, enabled=True, job_title="Back")


async def _held(world: World) -> None:
    """The run that counts is held already."""
    await _too_many_leave(world)
    await world.runs.add(on_demand(RunKind.SYNC))
    await _deliver_on_demand(world)


async def _held_over_another(world: World) -> None:
    """The run that counts is held, and changes come after it."""
    await _held(world)
    the_tenant(world).change(PEOPLE[8], job_title="Later")


async def _held_and_configured(world: World) -> None:
    """Somebody changes the configuration while the run waits, so the plan is another one."""
    await _held(world)
    await world.configure(CUSTOMER, replace(GUARDED, fields=tuple(GUARDED.fields[:5])))


async def _deliver_on_demand(world: World) -> None:
    await world.queue.send(Scenario("", _held, run=on_demand(RunKind.SYNC)).message)
    await world.drain(until=world.clock.now() + timedelta(hours=1))


async def approve(app: App) -> None:
    run = await app.runs.get(ACCOUNT, on_demand(RunKind.SYNC).id)
    await app.runs.approve(run, run.digest or "")


async def reject(app: App) -> None:
    await app.runs.reject(await app.runs.get(ACCOUNT, on_demand(RunKind.SYNC).id))


async def cancel(app: App) -> None:
    await app.runs.cancel(await app.runs.get(ACCOUNT, on_demand(RunKind.SYNC).id))


async def _one_changes(world: World) -> None:
    await after_a_first_run(world)
    tenant = the_tenant(world)
    tenant.change("ada", job_title="Engineer")
    tenant.change("bob", job_title="Engineer")
    tenant.hire("new")
    tenant.remove("eve")
    tenant.change("dan", enabled=False)


async def _sites(world: World) -> None:
    tenant = the_tenant(world)
    for person, office in (("ada", "Berlin"), ("bob", "berlin"), ("cyd", None), ("dan", "Paris")):
        tenant.hire(person, office_location=office)
    tenant.hire("eve", office_location="Paris", department="Sales")
    await synced(world)
    tenant.change("ada", office_location=None, job_title="Engineer")
    tenant.change("bob", office_location="Rome")
    tenant.change("dan", office_location="BERLIN")


async def _by_email(world: World) -> None:
    await after_a_first_run(world)
    tenant = the_tenant(world)
    tenant.hire("new")
    tenant.change("ada", job_title="Engineer", user_principal_name="ada.new@contoso.example")
    tenant.change("dan", job_title="")
    (ada,) = [c for c in world.contacts.contacts(CONNECTION) if c.fields.email == "ada@contoso.example"]
    world.contacts.edit_by_hand(CONNECTION, ada.id, email="moved@contoso.example")


async def _reviews(world: World) -> None:
    tenant = the_tenant(world)
    for person in ("lin", "cre", "dis"):
        tenant.hire(person)
        for number in (1, 2):
            world.contacts.add_by_hand(CONNECTION, fields(f"{person}@contoso.example", f"{person} {number}"))
    await after_a_first_run(world)
    connection = await world.connection(CUSTOMER)
    hand = next(c for c in world.contacts.contacts(CONNECTION) if c.fields.name == "lin 1")
    for person, decision in (
        ("lin", Decision(ReviewAction.LINK, hand.id)),
        ("cre", Decision(ReviewAction.CREATE)),
        ("dis", Decision(ReviewAction.DISMISS)),
    ):
        await world.app.reviews.decide(connection, person, decision)
    tenant.change("tw2", mail="tw2@contoso.example")
    tenant.hire("du1", mail="ada@contoso.example")


async def _enriched(world: World) -> None:
    tenant = the_tenant(world)
    tenant.products = [SubscribedProduct("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "SPB", 25, 2)]
    tenant.hire("box", licences=("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",))
    tenant.purposes["box"] = "shared"
    tenant.registrations["ada"] = Registration(capable=True, methods=("fido2",))
    tenant.activity["ada"] = date(2026, 2, 28)
    tenant.secure_score = SecureScore(30.0, 60.0, date(2026, 3, 1))
    await after_a_first_run(world)
    tenant.registrations["ada"] = Registration(capable=False)
    tenant.purposes["ada"] = "user"
    tenant.change("bob", licences=("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",))
    tenant.revoke("Reports.Read.All")
    tenant.lose_premium()


async def _by_group(world: World) -> None:
    tenant = the_tenant(world)
    for person in ("ada", "bob", "cyd", "dan"):
        tenant.hire(person)
    tenant.add_group("Nested", "cyd", object_id=NESTED)
    tenant.add_group("Staff", "ada", "bob", NESTED, object_id=GROUP)
    await synced(world)
    tenant.groups[GROUP].members -= {"ada"}
    tenant.groups[NESTED].members |= {"dan"}


LONG_APPROVAL = Scenario(
    "approved over several time budgets",
    _held,
    tick=timedelta(seconds=1),
    batch_size=2,
    time_budget=timedelta(seconds=14),
    configuration=GUARDED,
    run=on_demand(RunKind.SYNC),
    act=approve,
)
APPROVED = Scenario(
    "approved", _held_over_another, configuration=GUARDED, run=on_demand(RunKind.SYNC), act=approve
)
REJECTED = replace(APPROVED, name="rejected", act=reject, ends=RunState.CANCELED)
CANCELED = replace(APPROVED, name="canceled while held", act=cancel, ends=RunState.CANCELED)
CANCELED_QUEUED = Scenario(
    "canceled while queued", _one_changes, run=on_demand(RunKind.SYNC), act=cancel, ends=RunState.CANCELED
)
HELD_BY_NUMBER = Scenario("too many leave", _too_many_leave, configuration=GUARDED, ends=RunState.HELD)
DECIDED = [
    APPROVED,
    LONG_APPROVAL,
    replace(
        APPROVED, name="approved too late for its plan", prepare=_held_and_configured, ends=RunState.HELD
    ),
    REJECTED,
    CANCELED,
    CANCELED_QUEUED,
]
HELD = [
    HELD_BY_NUMBER,
    replace(HELD_BY_NUMBER, name="nobody decides", patience=None, ends=RunState.CANCELED),
    Scenario("empty directory", _empty, ends=RunState.HELD),
    Scenario("held over a held one", _held_and_worse, configuration=GUARDED, ends=RunState.HELD),
    Scenario("carried out over a held one", _held_and_better, configuration=GUARDED),
]
ONE_USER = [
    Scenario(f"one user: {name}", _one_changes, configuration=LEAVING, run=on_demand(RunKind.USER, asked))
    for name, asked in [
        ("created", "new@contoso.example"),
        ("updated", "ada"),
        ("unchanged", "cyd"),
        ("left out", "gus"),
        ("in conflict", "tw1"),
        ("nobody", "nobody@contoso.example"),
        ("left", "eve@contoso.example"),
        ("disabled", "dan"),
    ]
]
PREVIEWS = [
    Scenario("preview", _leave_and_return, configuration=LEAVING, run=on_demand(RunKind.PREVIEW)),
    Scenario(
        "preview of a configuration",
        _one_changes,
        run=on_demand(RunKind.PREVIEW, configuration=PRESETS[Preset.ATERA]),
    ),
    Scenario("preview before the first run", first_import, run=on_demand(RunKind.PREVIEW)),
]
POLICIES = [
    Scenario("leavers deactivated, one returns", _leave_and_return, configuration=LEAVING),
    Scenario("absent for the first time", _absent_once, configuration=LEAVING),
    Scenario("absent for the second time", _absent_twice, configuration=LEAVING),
    Scenario("sites", _sites, configuration=BY_OFFICE),
    Scenario(
        "matched by email",
        _by_email,
        configuration=replace(PRESETS[Preset.ATERA], guard=UNGUARDED),
        batch_size=1,
    ),
    Scenario("reviews", _reviews),
    Scenario("enrichment with gaps", _enriched, configuration=ENRICHED),
    Scenario("groups", _by_group, configuration=BY_GROUP),
]
SITUATIONS = [*POLICIES, *HELD, *DECIDED, *ONE_USER, *PREVIEWS]
