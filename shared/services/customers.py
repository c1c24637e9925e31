"""Customers, their runs and their contacts, as the API and the portal ask for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer, Site
from shared.core.errors import Actor, Conflict, NotFound, VersionConflict
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunKind, Trigger, connection_of, new_connection_id, new_run_id
from shared.logs import log
from shared.ports import Clock, ConnectionStore, CustomerStore, Page, Queue, RunStore, Stored
from shared.services.scheduling import Scheduling
from shared.services.updates import update

_STALE = timedelta(minutes=15)
"""A run nobody has touched for so long may have lost its message; asking for it sends another."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Everything is asked for within one account; what belongs to another does not exist."""

    customers: CustomerStore
    connections: ConnectionStore
    runs: RunStore
    queue: Queue
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
        stored = await self.find_connection(customer)
        if stored is None:
            raise NotFound("connection")
        return stored

    async def find_connection(self, customer: Customer) -> Stored[Connection] | None:
        """The customer's connection, or None when connecting was never begun."""
        return await self.connections.get(customer.account_id, customer.connection_id)

    def next_sync(self, connection: Connection) -> datetime | None:
        """When the next automatic sync begins; None where there will be none."""
        return self.scheduling.next_sync(connection)

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

    async def start_run(self, customer: Customer, kind: RunKind, trigger: Trigger) -> tuple[Run, bool]:
        """A run on demand, or the one that is under way; and whether it is new. Raises Conflict."""
        stored = await self.connection(customer)
        if stored.value.state is not ConnectionState.ACTIVE:
            raise not_active(stored.value, self.clock.now())
        under_way = await self._under_way(stored.value)
        if under_way is not None:
            return under_way, False
        now = self.clock.now()
        run = Run(
            id=new_run_id(stored.value.id, now),
            account_id=customer.account_id,
            customer_id=customer.id,
            connection_id=customer.connection_id,
            kind=kind,
            trigger=trigger,
            created_at=now,
            updated_at=now,
        )
        await self.runs.add(run)
        await update(self.connections, stored, lambda c: msgspec.structs.replace(c, current_run=run.id))
        await self.queue.send(SyncMessage(customer.account_id, customer.connection_id, run.id))
        log("run.queued", run=run.id, trigger=trigger)
        return run, True

    async def run(self, account_id: str, run_id: str) -> Run:
        """Raises NotFound."""
        run = await self.runs.get(run_id) if connection_of(run_id) else None
        if run is None or run.account_id != account_id:
            raise NotFound("run")
        return run

    async def runs_of(self, customer: Customer, limit: int, after: str | None) -> Page[Run]:
        """A page of the customer's runs, newest first."""
        return await self.runs.list(customer.connection_id, limit, after)

    async def _under_way(self, connection: Connection) -> Run | None:
        if connection.current_run is None:
            return None
        run = await self.runs.get(connection.current_run)
        if run is None or run.state.ended:
            return None
        if run.updated_at + _STALE < self.clock.now() and not connection.leased(self.clock.now()):
            await self.queue.send(SyncMessage(run.account_id, run.connection_id, run.id, run.slot))
        return run


def not_active(connection: Connection, now: datetime) -> Conflict:
    """The refusal of a run while the connection cannot be synced."""
    remedy = "Connect the customer's Microsoft 365 first, or read the connection to see who must act."
    if connection.state is ConnectionState.PAUSED:
        remedy = "Resume the connection first. What happened meanwhile is then caught up with."
    return Conflict(
        "connection_not_active",
        f"The connection is {connection.state_at(now).value}, so nothing can be synced.",
        remedy,
        Actor.TECHNICIAN,
    )
