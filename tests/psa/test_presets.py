"""What Atera's and Syncro's own integrations do, row by row, told by what a technician sees in each PSA."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.account_destination import DestinationKind
from shared.core.configuration import (
    EmailSource,
    GroupMode,
    Groups,
    Matching,
    Preset,
    SiteAttribute,
    SiteRule,
    Sites,
)
from shared.core.models import RemovalReason, UserType
from shared.core.run import RunState, Trigger
from tests.psa.places import Place, place, preset_of
from tests.psa.test_syncing import UNGUARDED

SALES = {
    "job_title": "Sales lead",
    "mobile_phone": "+44 7700 900123",
    "business_phone": "+44 20 7946 0000",
    "street": "1 High Street\r\nFloor 2",
    "city": "London",
    "state": "Greater London",
    "postal_code": "EC1A 1AA",
    "department": "Sales",
    "office_location": "London",
}


@pytest.fixture
async def atera() -> AsyncIterator[Place]:
    async with place(DestinationKind.ATERA, configuration=None) as there:
        yield there


@pytest.fixture
async def syncro() -> AsyncIterator[Place]:
    async with place(DestinationKind.SYNCRO, configuration=None) as there:
        yield there


@pytest.fixture(params=[DestinationKind.ATERA, DestinationKind.SYNCRO], ids=str)
async def preset(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Either, with the preset that a new connection goes by there."""
    async with place(request.param, configuration=None) as there:
        yield there


async def unguarded(there: Place) -> None:
    """Let a test with three people lose one of them."""
    await there.configure(replace((await there.connection()).configuration, guard=UNGUARDED))


async def test_a_new_connection_goes_by_what_its_psa_does_itself(preset: Place) -> None:
    """Until somebody chooses otherwise."""
    connection = await preset.connection()
    assert connection.configuration == preset_of(preset.psa.kind)
    assert connection.configuration.preset is Preset(preset.psa.kind.value)


async def test_atera_the_address_is_the_user_principal_name(atera: Place) -> None:
    """Or `mail`, by option."""
    atera.tenant.hire("ada", user_principal_name="ada@contoso.example", mail="a.lovelace@contoso.example")
    await atera.synced()
    assert set(atera.by_email()) == {"ada@contoso.example"}
    by_mail = replace(preset_of(DestinationKind.ATERA), email_source=EmailSource.MAIL, guard=UNGUARDED)
    await atera.configure(by_mail)
    await atera.synced()
    assert set(atera.by_email()) == {"ada@contoso.example", "a.lovelace@contoso.example"}


async def test_syncro_the_address_is_mail_else_the_user_principal_name(syncro: Place) -> None:
    """For members without a mailbox too."""
    syncro.tenant.hire("ada", user_principal_name="ada@contoso.example", mail="a.lovelace@contoso.example")
    syncro.tenant.hire("bob", user_principal_name="bob@contoso.example", mail=None)
    await syncro.synced()
    assert set(syncro.by_email()) == {"a.lovelace@contoso.example", "bob@contoso.example"}


async def test_contacts_are_matched_by_address_alone(preset: Place) -> None:
    """Whoever has the address is the person, and a renamed person with the same address is the same one."""
    preset.tenant.hire("ada")
    hand = preset.psa.add(preset.customer.id, "ada@contoso.example", "Somebody Else")
    run = await preset.synced()
    assert (run.counts.created, run.counts.updated + run.counts.linked) == (0, 1)
    assert preset.by_email()["ada@contoso.example"].id == hand
    assert (await preset.connection()).configuration.matching is Matching.EMAIL


async def test_atera_the_fields_are_names_job_title_and_phones(atera: Place) -> None:
    """And nothing else, whatever the directory says."""
    atera.tenant.hire("ada", **SALES)
    await atera.synced()
    (contact,) = atera.atera.contacts.values()
    assert (contact.first_name, contact.last_name) == ("Person", "ada")
    assert (contact.job_title, contact.phone, contact.mobile_phone) == (
        SALES["job_title"],
        SALES["business_phone"],
        SALES["mobile_phone"],
    )
    assert contact.department_id is None


async def test_syncro_the_fields_are_name_address_phones_and_title(syncro: Place) -> None:
    """One name, two lines of address."""
    syncro.tenant.hire("ada", **SALES)
    await syncro.synced()
    (contact,) = syncro.syncro.contacts.values()
    assert (contact.name, contact.properties["title"]) == ("Person ada", SALES["job_title"])
    assert (contact.address1, contact.address2) == ("1 High Street", "Floor 2")
    assert (contact.city, contact.state, contact.zip) == (SALES["city"], SALES["state"], SALES["postal_code"])
    assert (contact.phone, contact.mobile) == (SALES["business_phone"], SALES["mobile_phone"])


async def test_atera_what_is_blank_in_the_directory_overwrites(atera: Place) -> None:
    """The directory has the last word even where it says nothing."""
    atera.tenant.hire("ada", **SALES)
    await atera.synced()
    atera.tenant.change("ada", job_title=None, business_phone=None)
    await atera.synced()
    (contact,) = atera.atera.contacts.values()
    assert (contact.job_title or "", contact.phone or "") == ("", "")
    assert contact.mobile_phone == SALES["mobile_phone"]


async def test_syncro_what_is_blank_in_the_directory_keeps(syncro: Place) -> None:
    """What a technician typed, or the directory said before, stays."""
    syncro.tenant.hire("ada", **SALES)
    await syncro.synced()
    syncro.tenant.change("ada", job_title=None, business_phone=None, city=None)
    run = await syncro.synced()
    assert run.applied == 0
    (contact,) = syncro.syncro.contacts.values()
    assert (contact.properties["title"], contact.phone) == (SALES["job_title"], SALES["business_phone"])


async def test_a_field_that_was_changed_in_the_psa_is_overwritten(preset: Place) -> None:
    """At the next sync, every time."""
    preset.tenant.hire("ada", **SALES)
    await preset.synced()
    for _ in range(2):
        preset.psa.edit(preset.by_email()["ada@contoso.example"].id, title="Typed")
        await preset.synced()
        assert preset.by_email()["ada@contoso.example"].title == SALES["job_title"]


async def test_an_address_that_was_changed_in_the_psa_leads_to_a_new_contact(preset: Place) -> None:
    """At the next sync; the one with the changed address is left alone from then on."""
    preset.tenant.hire("ada", **SALES)
    await preset.synced()
    mine = preset.by_email()["ada@contoso.example"]
    preset.psa.edit(mine.id, email="typed@contoso.example")
    run = await preset.synced()
    assert run.counts.created == 1
    assert preset.by_email()["typed@contoso.example"].id == mine.id
    preset.psa.edit(mine.id, title="Left alone")
    assert (await preset.synced()).applied == 0
    assert preset.by_email()["typed@contoso.example"].title == "Left alone"


async def test_who_is_in_the_psa_and_not_in_the_directory_is_untouched(preset: Place) -> None:
    """Neither those that never were, nor those who left."""
    preset.tenant.hire("ada", **SALES)
    preset.tenant.hire("bob")
    preset.psa.add(preset.customer.id, "sales@supplier.example", "The Supplier")
    await preset.synced()
    await unguarded(preset)
    before = preset.by_email()
    preset.tenant.remove("bob", RemovalReason.HARD_DELETED)
    assert (await preset.synced()).applied == 0
    assert preset.by_email() == before


async def test_everybody_is_in_scope(preset: Place) -> None:
    """Members, guests, disabled accounts and shared mailboxes."""
    preset.tenant.hire("ada")
    preset.tenant.hire("guest", user_type="Guest", mail="guest@elsewhere.example")
    preset.tenant.hire("blocked", enabled=False)
    preset.tenant.hire("info", given_name=None, surname=None, enabled=False)
    preset.tenant.purposes["info"] = "shared"
    await preset.synced()
    assert set(preset.by_email()) == {
        "ada@contoso.example",
        "guest@elsewhere.example",
        "blocked@contoso.example",
        "info@contoso.example",
    }


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((UserType.MEMBER,), {"ada@contoso.example"}),
        ((UserType.GUEST,), {"guest@elsewhere.example"}),
        ((UserType.GUEST, UserType.MEMBER), {"ada@contoso.example", "guest@elsewhere.example"}),
    ],
)
async def test_atera_members_guests_or_both(
    atera: Place, types: tuple[UserType, ...], expected: set[str]
) -> None:
    """As chosen in the wizard."""
    atera.tenant.hire("ada")
    atera.tenant.hire("guest", user_type="Guest", mail="guest@elsewhere.example")
    configuration = preset_of(DestinationKind.ATERA)
    await atera.configure(replace(configuration, scope=replace(configuration.scope, user_types=types)))
    await atera.synced()
    assert set(atera.by_email()) == expected


async def test_atera_groups_none_all_or_selected(atera: Place) -> None:
    """Nested groups count; "all" is everybody who is in any group."""
    for name in ("ada", "bob", "cyd"):
        atera.tenant.hire(name)
    inner = atera.tenant.add_group("Inner", "ada", object_id="11111111-1111-4111-8111-111111111111")
    outer = atera.tenant.add_group("Outer", inner, object_id="22222222-2222-4222-8222-222222222222")
    atera.tenant.add_group("Other", "bob", object_id="33333333-3333-4333-8333-333333333333")
    configuration = replace(preset_of(DestinationKind.ATERA), guard=UNGUARDED)
    for groups, expected in [
        (Groups(GroupMode.SELECTED, (outer,)), {"ada"}),
        (Groups(GroupMode.ALL), {"ada", "bob"}),
        (Groups(), {"ada", "bob", "cyd"}),
    ]:
        scope = replace(configuration.scope, groups=groups)
        await atera.configure(replace(configuration, scope=scope))
        await atera.synced()
        assert {email.partition("@")[0] for email in atera.by_email()} == expected


@pytest.mark.parametrize("attribute", list(SiteAttribute))
async def test_atera_offices_or_departments_are_sites(atera: Place, attribute: SiteAttribute) -> None:
    """Whom no rule names is not imported; an empty value is Undefined, and can be matched too."""
    department = f"department:{atera.atera.add_department('London')}"
    field = "office_location" if attribute is SiteAttribute.OFFICE else "department"
    atera.tenant.hire("ada", **{field: "London"})
    atera.tenant.hire("bob", **{field: "Paris"})
    atera.tenant.hire("cyd", **{field: None})
    rules = Sites(rules=(SiteRule(attribute, ("London",), department),))
    configuration = replace(preset_of(DestinationKind.ATERA), sites=rules, guard=UNGUARDED)
    await atera.configure(configuration)
    await atera.synced()
    assert set(atera.by_email()) == {"ada@contoso.example"}
    (contact,) = atera.atera.contacts.values()
    assert contact.department_id == int(department.partition(":")[2])
    undefined = Sites(rules=(SiteRule(attribute, ("", "London"), department),))
    await atera.configure(replace(configuration, sites=undefined))
    await atera.synced()
    assert set(atera.by_email()) == {"ada@contoso.example", "cyd@contoso.example"}
    assert (await atera.synced()).applied == 0


async def test_atera_an_it_departments_sites_are_customers(atera: Place) -> None:
    """A person whose office is another site is that site's contact, and still the tenant's."""
    paris = atera.psa.add_customer("Paris office")
    atera.tenant.hire("ada", office_location="London")
    atera.tenant.hire("bob", office_location="Paris")
    own = f"customer:{atera.customer.id}"
    rules = Sites(
        rules=(
            SiteRule(SiteAttribute.OFFICE, ("London",), own),
            SiteRule(SiteAttribute.OFFICE, ("Paris",), f"customer:{paris}"),
        )
    )
    await atera.configure(replace(preset_of(DestinationKind.ATERA), sites=rules, guard=UNGUARDED))
    await atera.synced()
    assert {seen.email for seen in atera.psa.seen(paris)} == {"bob@contoso.example"}
    assert set(atera.by_email()) == {"ada@contoso.example"}
    assert (await atera.synced()).applied == 0
    atera.tenant.change("ada", office_location="Paris")
    run = await atera.synced()
    assert (run.counts.moved, run.counts.created) == (1, 0)
    assert len(atera.psa.seen(paris)) == 2


async def test_the_schedule_is_twelve_hours_or_one_at_night_in_california(preset: Place) -> None:
    """As each integration has it."""
    schedule = (await preset.connection()).configuration.schedule
    if preset.psa.kind is DestinationKind.ATERA:
        assert (schedule.hours, schedule.at) == (12, None)
    else:
        assert (schedule.at, schedule.time_zone) == ("01:00", "America/Los_Angeles")


async def test_a_scheduled_run_does_the_same(preset: Place) -> None:
    """By the message that the timer sends."""
    preset.tenant.hire("ada")
    await preset.world.app.fan_out.fire()
    until = preset.world.clock.now() + timedelta(hours=13)
    await preset.world.drain(until=until)
    runs = [run for run in preset.world.runs.all() if run.trigger is Trigger.SCHEDULE]
    assert {run.state for run in runs} <= {RunState.SUCCEEDED}
