"""All customers of an account side by side, at the cost of a few queries however many there are."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.licence_report import LicenceReport, Reported, licence_report
from shared.core.prices import Prices
from shared.core.report import TenantReport
from shared.core.security_report import SecurityReport, security_report
from shared.ports import ConnectionStore, CustomerStore, PriceStore, ReportStore

MOST_CUSTOMERS = 5000
"""So many customers of an account are looked at; a thousand cost a query of each table."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Overview:
    """Questions about an account as a whole."""

    customers: CustomerStore
    connections: ConnectionStore
    reports: ReportStore
    prices: PriceStore

    async def licences(self, account_id: str) -> tuple[LicenceReport, Prices]:
        """Licences at every customer that is connected, and the prices they were counted with."""
        prices = await self.prices.get(account_id)
        reported, cut = await self._reported(account_id)
        return msgspec.structs.replace(licence_report(reported, prices), cut=cut), prices

    async def security(self, account_id: str) -> SecurityReport:
        """Second factors and secure scores of every customer that is connected."""
        reported, cut = await self._reported(account_id)
        return msgspec.structs.replace(security_report(reported), cut=cut)

    async def connected(self, account_id: str) -> dict[str, Connection]:
        """Every connection of the account, by its id."""
        return {found.id: found async for found in self.connections.of_account(account_id)}

    async def every_customer(self, account_id: str) -> AsyncIterator[Customer]:
        """The customers, ordered by id; `MOST_CUSTOMERS` of them at most."""
        after: str | None = None
        for _ in range(MOST_CUSTOMERS // _AT_ONCE):
            page = await self.customers.list(account_id, _AT_ONCE, after)
            for customer in page.items:
                yield customer
            after = page.after
            if after is None:
                return

    async def _reported(self, account_id: str) -> tuple[list[Reported], bool]:
        reports: dict[str, TenantReport] = {
            connection_id: report async for connection_id, report in self.reports.of_account(account_id)
        }
        connections = await self.connected(account_id)
        customers = [customer async for customer in self.every_customer(account_id)]
        reported = [
            Reported(customer.id, customer.name, reports.get(customer.connection_id))
            for customer in customers
            if _counts(connections.get(customer.connection_id))
        ]
        return reported, len(customers) >= MOST_CUSTOMERS


def _counts(connection: Connection | None) -> bool:
    """Whether the customer is connected, or was until somebody has to act: it still pays for its licences."""
    return connection is not None and connection.state in {
        ConnectionState.ACTIVE,
        ConnectionState.PAUSED,
        ConnectionState.VALIDATING,
        ConnectionState.ACTION_REQUIRED,
    }
