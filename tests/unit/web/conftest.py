"""A site, a program that calls its API, and a connected customer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.customer import Customer
from tests.fakes import TENANT
from tests.unit.web.psas import PSAS, Psas, serve_psas
from tests.unit.web.setting_up import PLACES, Wizard
from tests.unit.web.site import Site


@dataclass
class Caller:
    """An account, and a program with its key."""

    account_id: str
    http: httpx.AsyncClient


@pytest.fixture
def site() -> Site:
    """A site on an empty world."""
    return Site()


@pytest.fixture
async def caller(site: Site) -> AsyncIterator[Caller]:
    """A program with an API key."""
    account_id, http = await site.caller()
    async with http:
        yield Caller(account_id, http)


@pytest.fixture
async def manager(site: Site, caller: Caller) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the portal open for the account."""
    async with site.manager(caller.account_id) as browser:
        yield browser


@pytest.fixture
async def customer(site: Site, caller: Caller) -> Customer:
    """Customer c-1, connected to a tenant with three people."""
    return await site.connected(caller.account_id, "ann", "bob", "cem")


@pytest.fixture
async def visitor(site: Site, customer: Customer) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the portal open for the connected customer."""
    async with site.visitor(customer) as browser:
        yield browser


@pytest.fixture
async def psas() -> AsyncIterator[Psas]:
    """A site with PSAs, in place of `site`."""
    async with serve_psas() as served:
        yield served


@pytest.fixture(params=PSAS, ids=str)
def kind(request: pytest.FixtureRequest) -> DestinationKind:
    """Each kind of PSA in turn."""
    found: DestinationKind = request.param
    return found


@pytest.fixture
async def owner(psas: Psas) -> AsyncIterator[Caller]:
    """A program with an API key, of an account that may have a PSA."""
    account_id, http = await psas.site.caller("Northmoor")
    async with http:
        yield Caller(account_id, http)


@pytest.fixture
async def boss(psas: Psas, owner: Caller) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the portal open for that account."""
    async with psas.site.manager(owner.account_id) as browser:
        yield browser


@pytest.fixture
async def wizard(site: Site, caller: Caller) -> AsyncIterator[Wizard]:
    """A customer in its first setup; the syncs of the schedule are hours away."""
    site.world.clock.advance(timedelta(hours=3))
    customers = site.world.app.customers
    customer, _ = await customers.put(caller.account_id, "c-1", "Customer c-1", PLACES)
    tenant = site.world.tenant(TENANT, "ann", "bob", "cem")
    for person, office in (("ann", "Oslo"), ("bob", "OSLO office"), ("cem", "")):
        tenant.change(person, office_location=office)
    await site.world.connect(tenant, customer, set_up=True)
    async with site.visitor(customer) as browser:
        yield Wizard(site, customer, browser)
