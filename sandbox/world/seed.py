"""The seeded world: customers of every size, the operator of the service, and the service's application.

Every tenant's first Global Administrator signs in as `admin@` its default domain.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sandbox.world import customers, profiles
from sandbox.world.directory import Application
from sandbox.world.model import World
from sandbox.world.population import Population, Profile
from sandbox.world.seeded import seeded
from sandbox.world.tenant import Tenant

Scale = Literal["full", "small"]

SERVICE_CLIENT_ID = "99e556fe-6579-4fa1-9233-a0ad0e560e2d"
OPERATOR_TENANT_ID = "61f8b02d-b87e-4320-9493-14f87242a519"
REQUIRED_APP_ROLES = frozenset({"User.Read.All", "GroupMember.Read.All", "Organization.Read.All"})
# What a customer may add for enrichments; nobody is asked for it.
OPTIONAL_APP_ROLES = frozenset(
    {"AuditLog.Read.All", "MailboxSettings.Read", "Reports.Read.All", "SecurityEvents.Read.All"}
)
REQUIRED_SCOPES = frozenset({"openid", "profile", "offline_access", *REQUIRED_APP_ROLES})
CREATED = datetime(2019, 3, 4, 8, 0, tzinfo=UTC)


class Customer(NamedTuple):
    """A customer's tenant: a short key for commands and tests, its id, and what it is like.

    `domains` are without the initial `.onmicrosoft.com` one, which is made from the key. `users` is how many
    accounts of any sort there are at full and at small scale, before anybody is invited from another tenant.
    """

    key: str
    tenant_id: str
    display_name: str
    domains: tuple[str, ...]
    country_code: str
    users: dict[Scale, int]
    profile: Profile
    populate: Callable[[Population, int], None]


STORY_CUSTOMERS: tuple[Customer, ...] = (
    Customer(
        "contoso",
        "ad005090-868e-48a0-830a-264c27f18248",
        "Contoso",
        ("contoso.example",),
        "US",
        {"full": 26, "small": 26},
        profiles.CONTOSO,
        customers.populate_contoso,
    ),
    Customer(
        "harbour",
        "0811e65b-ea52-4270-87c8-c52f1b2c0151",
        "Harbour Lane Dental",
        ("harbourlane.example",),
        "GB",
        {"full": 3, "small": 3},
        profiles.HARBOUR,
        customers.populate_harbour,
    ),
    Customer(
        "alder",
        "a936199f-b94d-4fd4-9cd8-8660b05161c4",
        "Alder & Finch Architects",
        ("alderfinch.example",),
        "GB",
        {"full": 60, "small": 60},
        profiles.ALDER,
        customers.populate_alder,
    ),
    Customer(
        "northmoor",
        "87dcd4c2-22a8-4ca1-9c18-cd032ad17616",
        "Northmoor Logistics",
        ("northmoor.example",),
        "US",
        {"full": 1_200, "small": 120},
        profiles.NORTHMOOR,
        customers.populate_large,
    ),
    Customer(
        "meridian",
        "54bbfd7f-c23d-45fd-821f-edf2fbb3d1b9",
        "Meridian Grid Utilities",
        ("meridiangrid.example",),
        "US",
        {"full": 12_000, "small": 300},
        profiles.MERIDIAN,
        customers.populate_large,
    ),
    Customer(
        "kosmopolis",
        "7c22dfdd-f4bd-4140-9565-e716c496d36b",
        "Kosmopolis Übersetzungen 株式会社",
        ("kosmopolis.example", "uebersetzungen.kosmopolis.example"),
        "SE",
        {"full": 200, "small": 100},
        profiles.KOSMOPOLIS,
        customers.populate_kosmopolis,
    ),
    Customer(
        "quince",
        "2c9dbf24-6da9-42cd-a5f0-01ab6855ae5b",
        "Quince Orchard Veterinary",
        ("quinceorchard.example",),
        "GB",
        {"full": 15, "small": 15},
        profiles.QUINCE,
        customers.populate_quince,
    ),
)


def _small_office(key: str, tenant_id: str, display_name: str, users: int, profile: Profile) -> Customer:
    """A customer in one place and with one domain, which is named after its key."""
    size: dict[Scale, int] = {"full": users, "small": users}
    country, populate = profile.places[0].usage_location, customers.populate_small_office
    return Customer(key, tenant_id, display_name, (f"{key}.example",), country, size, profile, populate)


ATERA_CUSTOMERS = (
    _small_office(
        "bramble", "32833106-536e-45df-80b2-d002cc92d33d", "Bramble & Wick Solicitors", 28, profiles.BRAMBLE
    ),
    _small_office("osprey", "f08db22f-d293-456a-b170-fab23d90fbac", "Osprey Bay Marine", 24, profiles.OSPREY),
    _small_office(
        "thistle", "f3faa8e8-79ea-4723-8ad5-cfbc1d74bd1c", "Thistledown Nurseries", 22, profiles.THISTLE
    ),
)
SYNCRO_CUSTOMERS = (
    _small_office("cinder", "3ce1268c-9c80-42e3-bfec-3fee8ed2305d", "Cinderpath Cycles", 24, profiles.CINDER),
    _small_office(
        "kestrel", "a93f32a9-a172-4102-8e4e-dc90253d9e30", "Kestrel Ridge Ski School", 22, profiles.KESTREL
    ),
    _small_office(
        "marlow", "47aa2dba-d9e2-4c8d-809f-001680289e32", "Marlow Street Pharmacy", 20, profiles.MARLOW
    ),
)
CUSTOMERS = (*STORY_CUSTOMERS, *ATERA_CUSTOMERS, *SYNCRO_CUSTOMERS)
CUSTOMERS_BY_KEY: dict[str, Customer] = {customer.key: customer for customer in CUSTOMERS}


def build_world(seed: int = 2026, scale: Scale = "full") -> World:
    """Build the world; the same seed and scale give the same world in every process.

    At `small` scale the large tenants have a tenth of their users or less, for tests that do not need size.
    """
    world = World()
    for customer in CUSTOMERS:
        domains = [*customer.domains, f"{customer.key}.onmicrosoft.com"]
        tenant = Tenant(
            customer.tenant_id, customer.display_name, domains, CREATED, country_code=customer.country_code
        )
        population = Population(tenant, customer.profile, seeded(seed, customer.key))
        customer.populate(population, customer.users[scale])
        world.add_tenant(tenant)
    _invite_across_tenants(world)
    _add_operator(world, seed)
    return world


def customer_tenant(world: World, key: str) -> Tenant:
    """Return a customer's tenant by its short key; raises KeyError for a key that is none."""
    return world.tenants[CUSTOMERS_BY_KEY[key].tenant_id]


def _add_operator(world: World, seed: int) -> None:
    domains = ["tenantry-ops.example", "tenantryops.onmicrosoft.com"]
    operator = Tenant(OPERATOR_TENANT_ID, "Tenantry Operations", domains, CREATED, country_code="GB")
    customers.populate_operator(Population(operator, profiles.OPERATOR, seeded(seed, "operator")))
    world.add_tenant(operator)
    world.add_application(
        Application(
            SERVICE_CLIENT_ID,
            "Tenantry",
            OPERATOR_TENANT_ID,
            required_app_roles=set(REQUIRED_APP_ROLES),
            required_scopes=set(REQUIRED_SCOPES),
        )
    )
    operator.grant_consent(SERVICE_CLIENT_ID)


def _invite_across_tenants(world: World) -> None:
    """Invite somebody of Contoso to Alder & Finch, and the other way round."""
    contoso, alder = (customer_tenant(world, key) for key in ("contoso", "alder"))
    for home, host in ((contoso, alder), (alder, contoso)):
        members = (user for user in home.users.values() if user.mail and user.enabled and not user.is_guest)
        person = next(members)
        guests = Population(host, profiles.OPERATOR, seeded(home.id, host.id))
        guests.guest(person.display_name, person.user_principal_name, home_tenant_id=home.id)
