"""The contract of destinations against real accounts, where there are keys for them in the environment.

    TENANTRY_LIVE_ATERA_KEY, TENANTRY_LIVE_ATERA_CUSTOMER
    TENANTRY_LIVE_SYNCRO_KEY, TENANTRY_LIVE_SYNCRO_SUBDOMAIN, TENANTRY_LIVE_SYNCRO_CUSTOMER

The customer, by its id in the PSA, must be one without contacts that is there for nothing else: whatever a
test makes is deleted after it. `ATERA_URL` and `SYNCRO_URL` lead elsewhere if they are set.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import httpx
import pytest

from shared.adapters.psa.atera_requests import headers_of
from shared.adapters.system_clock import SystemClock
from shared.core.account_destination import DestinationKind
from shared.ports import Destination
from shared.settings import Settings
from tests.contract.contracts.destination import DestinationContract
from tests.fakes import settings
from tests.psa.places import http_client
from tests.psa.test_destination_contract import Account, opened

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


def needed(*names: str) -> dict[str, str]:
    """These variables, or a skip that names those that are missing."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.skip(f"needs a real account: set {', '.join(missing)}")
    return {name: os.environ[name] for name in names}


def given() -> Settings:
    urls = {"atera_url": os.environ.get("ATERA_URL"), "syncro_url": os.environ.get("SYNCRO_URL")}
    return settings(**{name: url for name, url in urls.items() if url})


class LiveContract(DestinationContract):
    """What is the same for every PSA; `a_site` is none, as nothing but contacts is made."""

    a_site = ""

    @pytest.fixture
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        async with http_client([]) as client:
            yield client

    @pytest.fixture
    def account(self, http: httpx.AsyncClient) -> Account:
        raise NotImplementedError("an account with one customer that has no contacts")

    @pytest.fixture
    async def destination(self, account: Account) -> Destination:
        found = account.open("tenant")
        await found.fields()
        return found

    @pytest.fixture
    async def elsewhere(self, account: Account) -> Destination:
        found = account.open("other tenant")
        await found.fields()
        return found

    async def test_every_contact_is_listed_once(self, destination: Destination) -> None:
        """Not of a thousand contacts."""
        pytest.skip("would take more than a thousand calls of a real account")


async def cleaned(
    account: Account, http: httpx.AsyncClient, url: str, headers: Mapping[str, str]
) -> AsyncIterator[Account]:
    """The account, whose customer is empty before the test and after it."""
    destination = account.open("tenant")
    await destination.fields()

    async def ids() -> list[str]:
        return [one.id async for page in destination.contacts(datetime.now(UTC)) for one in page]

    if await ids():
        pytest.fail("the customer has contacts; name one that is there for nothing but this")
    yield account
    for contact_id in await ids():
        await http.delete(f"{url}/contacts/{contact_id}", headers=dict(headers))


class TestLiveSyncro(LiveContract):
    """A Syncro account."""

    @pytest.fixture
    async def account(self, http: httpx.AsyncClient) -> AsyncIterator[Account]:
        found = needed(
            "TENANTRY_LIVE_SYNCRO_KEY", "TENANTRY_LIVE_SYNCRO_SUBDOMAIN", "TENANTRY_LIVE_SYNCRO_CUSTOMER"
        )
        key, subdomain, customer = found.values()
        where = given()
        account = await opened(DestinationKind.SYNCRO, subdomain, key, customer, where, http, SystemClock())
        url = f"{where.syncro_url.format(subdomain=subdomain)}/api/v1"
        async for cleared in cleaned(account, http, url, {"Authorization": f"Bearer {key}"}):
            yield cleared


class TestLiveAtera(LiveContract):
    """An Atera account."""

    moves_addresses = False

    @pytest.fixture
    async def account(self, http: httpx.AsyncClient) -> AsyncIterator[Account]:
        key, customer = needed("TENANTRY_LIVE_ATERA_KEY", "TENANTRY_LIVE_ATERA_CUSTOMER").values()
        where = given()
        account = await opened(DestinationKind.ATERA, None, key, customer, where, http, SystemClock())
        async for cleared in cleaned(account, http, f"{where.atera_url}/api/v3", headers_of(key)):
            yield cleared
