"""Customers and their connections, as the API and the portal ask for them."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.customer import Customer, Site
from shared.core.errors import NotFound, VersionConflict
from shared.core.run import new_connection_id
from shared.ports import Clock, ConnectionStore, CustomerStore, Page, Stored
from shared.services.scheduling import Scheduling
from shared.services.updates import stored_connection, update


@dataclass(frozen=True, slots=True)
class Customers:
    """Everything is asked for within one account; what belongs to another does not exist."""

    customers: CustomerStore
    connections: ConnectionStore
    clock: Clock
    scheduling: Scheduling

    async def put(
        self, account_id: str, customer_id: str, name: str, sites: tuple[Site, ...]
    ) -> tuple[Customer, bool]:
        """Create or change a customer by the PSA's own id; and whether it is new."""
        found = await self.customers.get(account_id, customer_id)
        customer = Customer(
            id=customer_id,
            account_id=account_id,
            name=name,
            connection_id=found.connection_id if found else new_connection_id(),
            created_at=found.created_at if found else self.clock.now(),
            sites=sites,
            domains=found.domains if found else (),
            proposed=found.proposed if found else None,
        )
        await self.customers.put(customer)
        return customer, found is None

    async def get(self, account_id: str, customer_id: str) -> Customer:
        """Raises NotFound."""
        customer = await self.customers.get(account_id, customer_id)
        if customer is None:
            raise NotFound("customer")
        return customer

    async def list(self, account_id: str, limit: int, after: str | None) -> Page[Customer]:
        """A page of customers, ordered by id."""
        return await self.customers.list(account_id, limit, after)

    async def connection(self, customer: Customer) -> Stored[Connection]:
        """Raises NotFound when connecting was never begun."""
        return await stored_connection(self.connections, customer)

    async def find_connection(self, customer: Customer) -> Stored[Connection] | None:
        """The customer's connection, or None when connecting was never begun."""
        return await self.connections.get(customer.account_id, customer.connection_id)

    def next_sync(self, connection: Connection) -> datetime | None:
        """When the next automatic sync begins; None where there will be none."""
        return self.scheduling.next_sync(connection)

    def overdue_since(self, connection: Connection) -> datetime | None:
        """When the sync was due that has not come about; None while none is late."""
        return self.scheduling.overdue_since(connection)

    async def configure(self, customer: Customer, configuration: Configuration, version: int) -> Connection:
        """Replace the configuration; another schedule counts at once.

        Raises VersionConflict unless `version` is the one in force.
        """

        def configured(connection: Connection) -> Connection:
            if connection.configuration_version != version:
                raise VersionConflict
            return msgspec.structs.replace(
                connection, configuration=configuration, configuration_version=version + 1
            )

        stored = await self.connection(customer)
        planned = configured(stored.value)
        if planned.configuration.schedule != stored.value.configuration.schedule:
            await self.scheduling.plan_ahead(planned)
        return (await update(self.connections, stored, configured)).value
