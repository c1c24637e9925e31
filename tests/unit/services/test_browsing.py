"""What a technician chooses from: offices, departments, domains, licences and groups, with user counts."""

import msgspec
import pytest

from shared.core.configuration import (
    Configuration,
    EmailSource,
    Exclusion,
    GroupMode,
    Groups,
    PatternField,
    Scope,
    SharedMailboxes,
)
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ActionRequired, Conflict
from shared.core.models import UserType
from shared.services.browsing import Attribute
from tests.fakes import FakeDirectory, World

BUSINESS, FREE = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "f30db892-07e9-47e9-837c-80727f46fd3d"
GROUP = "00000000-0000-4000-8000-000000000001"


class Place:
    """A tenant with people in several places, as the first read finds it or as a sync has read it."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    async def connection(self) -> Connection:
        return await self.world.connection(self.customer)

    async def values(self, attribute: Attribute) -> list[tuple[str, str, int]]:
        found = await self.world.app.browsing.values(await self.connection(), attribute)
        return [(one.value, one.label, one.users) for one in found]


@pytest.fixture(params=["first", "synced"])
async def place(request: pytest.FixtureRequest) -> Place:
    world = World()
    customer, tenant = await world.connected()
    tenant.hire("ada", office_location="Berlin", department="Sales", licences=(BUSINESS, FREE))
    tenant.hire("bob", office_location="berlin", department=" Sales ", licences=(BUSINESS,))
    tenant.hire("cyd", office_location="Berlin", mail="cyd@fabrikam.example")
    tenant.hire("dan", office_location="Paris", department="IT")
    tenant.hire("eve", office_location="", mail=None, user_principal_name="eve@CONTOSO.example")
    tenant.hire("gus", office_location="Rome", user_type="Guest", mail="gus@elsewhere.example")
    tenant.hire("off", office_location="Oslo", enabled=False)
    tenant.hire("box", office_location="Basement", given_name=None, surname=None)
    if request.param == "synced":
        await world.sync(customer)
    return Place(world, customer, tenant)


async def test_values_come_with_their_users(place: Place) -> None:
    """Most first; spellings that differ in case are one value, and nothing is called "Undefined"."""
    assert await place.values(Attribute.OFFICES) == [
        ("Berlin", "Berlin", 3),
        ("", "Undefined", 1),
        ("Paris", "Paris", 1),
    ]
    assert await place.values(Attribute.DEPARTMENTS) == [
        ("", "Undefined", 2),
        ("Sales", "Sales", 2),
        ("IT", "IT", 1),
    ]


async def test_domains_are_those_of_the_addresses_that_contacts_get(place: Place) -> None:
    """Lower case; by another source of addresses they are others."""
    assert await place.values(Attribute.DOMAINS) == [
        ("contoso.example", "contoso.example", 4),
        ("fabrikam.example", "fabrikam.example", 1),
    ]
    by_name = Configuration(email_source=EmailSource.USER_PRINCIPAL_NAME)
    await place.world.configure(place.customer, by_name)
    assert await place.values(Attribute.DOMAINS) == [("contoso.example", "contoso.example", 5)]


async def test_licences_go_by_their_names(place: Place) -> None:
    """The value is the SKU id, which a scope names; the label is what people know it by."""
    (first, second) = await place.values(Attribute.LICENCES)
    assert (first[0], first[2]) == (BUSINESS, 2)
    assert (second[0], second[2]) == (FREE, 1)
    assert "Microsoft" in first[1]


async def test_who_is_counted_goes_by_the_kinds_of_users(place: Place) -> None:
    """Guests, people who are disabled and shared mailboxes count where the configuration lets them in."""
    everybody = Scope(
        user_types=tuple(UserType), enabled_only=False, shared_mailboxes=SharedMailboxes.INCLUDE
    )
    await place.world.configure(place.customer, Configuration(scope=everybody))
    offices = {value: users for value, _, users in await place.values(Attribute.OFFICES)}
    assert offices == {"Berlin": 3, "": 1, "Paris": 1, "Rome": 1, "Oslo": 1, "Basement": 1}


async def test_what_is_chosen_already_hides_nothing(place: Place) -> None:
    """A technician who widens a selection has to see what there is besides it."""
    narrow = Scope(
        departments=("IT",),
        offices=("Paris",),
        domains=("fabrikam.example",),
        licensed_only=True,
        skus=(FREE,),
        groups=Groups(GroupMode.SELECTED, (GROUP,)),
        exclusions=(Exclusion(PatternField.OFFICE, "berlin"),),
    )
    await place.world.configure(place.customer, Configuration(scope=narrow))
    assert [users for _, _, users in await place.values(Attribute.OFFICES)] == [3, 1, 1]


async def test_after_a_sync_graph_is_not_asked(place: Place) -> None:
    """The directory is on file; before the first sync it is read, page by page."""
    requests = place.tenant.requests
    for attribute in Attribute:
        await place.values(attribute)
    synced = (await place.connection()).mirror is not None
    assert place.tenant.requests - requests == (0 if synced else len(Attribute))


async def test_a_mirror_that_is_gone_is_read_again(place: Place) -> None:
    """Rather than an empty list there is a request more."""
    place.world.mirrors.mirrors.clear()
    assert len(await place.values(Attribute.OFFICES)) == 3


async def test_groups_are_found_by_the_beginnings_of_words(place: Place) -> None:
    """By name, also where Graph tells them in pages and in another order."""
    for name in ("Sales Berlin", "berlin team", "Management", "All of Berlin"):
        place.tenant.add_group(name)
    place.tenant.manners.page_size = 1
    connection = await place.connection()
    found = await place.world.app.browsing.groups(connection, "berl")
    assert [group.name for group in found] == ["All of Berlin", "berlin team", "Sales Berlin"]
    assert {group.id for group in found} <= place.tenant.groups.keys()
    assert len(await place.world.app.browsing.groups(connection, "")) == 4
    assert await place.world.app.browsing.groups(connection, "erlin") == []


@pytest.mark.parametrize("state", list(ConnectionState))
async def test_only_a_connected_tenant_is_browsed(place: Place, state: ConnectionState) -> None:
    """In every other state nothing is shown and Graph is left alone, also of what is on file."""
    connection = msgspec.structs.replace(await place.connection(), state=state)
    browsing, requests = place.world.app.browsing, place.tenant.requests
    if state in {ConnectionState.ACTIVE, ConnectionState.PAUSED}:
        assert await browsing.values(connection, Attribute.OFFICES)
        assert await browsing.groups(connection, "") == []
        return
    with pytest.raises(Conflict, match="connection_not_active"):
        await browsing.values(connection, Attribute.OFFICES)
    with pytest.raises(Conflict, match="connection_not_active"):
        await browsing.groups(connection, "")
    assert place.tenant.requests == requests


async def test_what_reading_raises_is_raised(place: Place) -> None:
    """A withdrawn consent is told to whoever looks; the connection is left to the next run."""
    place.tenant.consented = False
    connection = await place.connection()
    with pytest.raises(ActionRequired):
        await place.world.app.browsing.groups(connection, "")
    assert await place.connection() == connection
