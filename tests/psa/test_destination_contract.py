"""Atera and Syncro keep the contract that every destination is held to, on their simulators over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from sandbox.simulators.faults import FaultPlan
from shared.adapters.psa.accounts import Psas
from shared.adapters.psa.routing import AccountRoutes
from shared.adapters.system_clock import SystemClock
from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.configuration import Configuration, Enrichment
from shared.core.connection import Connection
from shared.ports import Clock, Destination
from shared.settings import Settings
from tests.contract.contracts.destination import DestinationContract
from tests.contract.contracts.values import active, in_tenant, unique
from tests.fakes import FakeClock, FakeContactStore, FakeSecrets
from tests.fakes.budgets import FakeBudgets
from tests.fakes.psa import FakeAccountDestinations, FakeCustomFields, FakeLinkStore, FakeListingStore
from tests.psa.places import AteraPsa, Psa, http_client, psa_served

ENRICHED = Configuration(enrichments=(Enrichment.ACTIVITY, Enrichment.LICENCES, Enrichment.MFA))


@dataclass
class Account:
    """An account with a PSA, and one customer there."""

    routes: AccountRoutes
    connection: Connection

    def open(self, tenant_id: str) -> Destination:
        return self.routes.open(in_tenant(self.connection, tenant_id))


async def opened(
    kind: DestinationKind,
    subdomain: str | None,
    key: str,
    customer_id: str,
    given: Settings,
    http: httpx.AsyncClient,
    clock: Clock,
) -> Account:
    """An account of ours whose contacts live there, with nothing kept of any yet."""
    psas = Psas(
        given,
        http,
        budgets=FakeBudgets(clock),
        listings=FakeListingStore(),
        custom_fields=FakeCustomFields(),
        clock=clock,
    )
    accounts, secrets = FakeAccountDestinations(), FakeSecrets()
    await secrets.set("key", key)
    connection = msgspec.structs.replace(active(unique()), customer_id=customer_id, configuration=ENRICHED)
    identity = await psas.open(kind, key, subdomain, connection.account_id).check()
    destination = AccountDestination(
        kind=kind, subdomain=subdomain, psa_account=identity.account, secret_name="key"
    )
    await accounts.put(connection.account_id, None, destination)
    builtin = FakeContactStore(FakeClock())
    routes = AccountRoutes(
        builtin,
        builtin,
        psas,
        accounts=accounts,
        links=FakeLinkStore(),
        secrets=secrets,
        clock=clock,
    )
    return Account(routes, connection)


class PsaContract(DestinationContract):
    """What is the same for every PSA."""

    kind: DestinationKind

    @pytest.fixture
    async def account(self) -> AsyncIterator[Account]:
        calls: list[str] = []
        faults = FaultPlan()
        clock = SystemClock()
        async with psa_served(self.kind, lambda: datetime.now(UTC), faults) as (psa, given):
            psa.allow_duplicates()
            async with http_client(calls) as http:
                self.furnish(psa)
                yield await opened(
                    psa.kind, psa.subdomain, psa.new_key(), psa.add_customer("Contoso"), given, http, clock
                )

    def furnish(self, psa: Psa) -> None:
        """Make what the contract speaks of."""

    @pytest.fixture
    async def destination(self, account: Account) -> Destination:
        opened = account.open("tenant")
        await opened.fields()
        return opened

    @pytest.fixture
    async def elsewhere(self, account: Account) -> Destination:
        opened = account.open("other tenant")
        await opened.fields()
        return opened


class TestSyncro(PsaContract):
    """Contacts in Syncro."""

    kind = DestinationKind.SYNCRO


class TestAtera(PsaContract):
    """Contacts in Atera, which has departments, and never changes an address."""

    kind = DestinationKind.ATERA
    moves_addresses = False

    def furnish(self, psa: Psa) -> None:
        assert isinstance(psa, AteraPsa)
        self.a_site = f"department:{psa.account.add_department('Sales')}"
        for name in ("azure_license", "azure_mfa_status", "azure_mfa_methods", "azure_last_activity"):
            psa.account.add_custom_field(name)
