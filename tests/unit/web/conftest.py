"""A site, a program that calls its API, and a connected customer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from shared.core.customer import Customer
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
async def customer(site: Site, caller: Caller) -> Customer:
    """Customer c-1, connected to a tenant with three people."""
    return await site.connected(caller.account_id, "ann", "bob", "cem")


@pytest.fixture
async def visitor(site: Site, customer: Customer) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the portal open for the connected customer."""
    async with site.visitor(customer) as browser:
        yield browser
