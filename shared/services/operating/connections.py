"""The connections of all accounts, as an operator looks for the one that needs somebody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.core.brake import Brake
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Account, Customer
from shared.core.errors import NotFound, TenantryError
from shared.core.fleet import late_ones
from shared.core.standing import glance
from shared.ports import AccountStore, BrakeStore, Clock, CustomerStore
from shared.ports.operation import Fleet
from shared.services.pausing import Pausing
from shared.services.scheduling import Scheduling

_AT_ONCE = 32  # customers that are read together


class Line(msgspec.Struct, frozen=True):
    """A connection and its customer, which is None where its row is gone. `overdue_since`: when the sync was
    due that is late, as the look at the fleet has it."""

    connection: Connection
    customer: Customer | None
    next_sync: datetime | None
    overdue_since: datetime | None


class Changed(msgspec.Struct, frozen=True):
    """What came of one connection of several: how it is now, or why nothing was changed."""

    connection_id: str
    connection: Connection | None = None
    error: TenantryError | None = None


@dataclass(frozen=True, slots=True)
class ConnectionDesk:
    """Looks across accounts; pauses connections one by one, or brakes whole accounts."""

    fleet: Fleet
    account_store: AccountStore
    customers: CustomerStore
    brakes: BrakeStore
    pausing: Pausing
    scheduling: Scheduling
    clock: Clock

    async def accounts(self) -> list[Account]:
        """Every account, ordered by id."""
        return [account async for account in self.fleet.accounts()]

    async def search(
        self,
        limit: int,
        account_id: str | None = None,
        state: ConnectionState | None = None,
        *,
        late: bool = False,
    ) -> tuple[list[Line], bool]:
        """At most `limit` connections, and whether there are more. `late`: only those whose sync is late."""
        found: list[Connection] = []
        more = False
        async for connection in self._connections(account_id, state, late=late):
            if more := len(found) == limit:
                break
            found.append(connection)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def line(connection: Connection) -> Line:
            async with slots:
                return await self._line(connection)

        return await asyncio.gather(*map(line, found)), more

    async def show(self, connection_id: str) -> Line:
        """Raises NotFound."""
        return await self._line(await self.find(connection_id))

    async def find(self, connection_id: str) -> Connection:
        """The connection, whoever's it is. Raises NotFound."""
        connection = await self.fleet.connection(connection_id)
        if connection is None:
            raise NotFound("connection")
        return connection

    async def customer(self, connection: Connection) -> Customer:
        """The connection's customer. Raises NotFound."""
        customer = await self.customers.get(connection.account_id, connection.customer_id)
        if customer is None:
            raise NotFound("customer")
        return customer

    async def pause(self, connection_ids: Sequence[str]) -> list[Changed]:
        """Pause each, as its own people could; one that cannot be paused keeps none of the others from it."""
        return [await self._change(found, resume=False) for found in connection_ids]

    async def resume(self, connection_ids: Sequence[str]) -> list[Changed]:
        """Resume each; see `pause`."""
        return [await self._change(found, resume=True) for found in connection_ids]

    async def brake(self, account_id: str | None) -> Brake:
        """Stop the syncs of the account, or of everybody. Raises NotFound."""
        await self._check(account_id)
        brake = Brake(self.clock.now(), account_id)
        await self.brakes.put(brake)
        return brake

    async def release(self, account_id: str | None) -> bool:
        """Let them go on; False where they were not stopped. Raises NotFound."""
        await self._check(account_id)
        return await self.brakes.release(account_id)

    async def braked(self) -> list[Brake]:
        """Every brake that is on, the one for everybody first."""
        return sorted(await self.brakes.all(), key=lambda brake: brake.account_id or "")

    async def _check(self, account_id: str | None) -> None:
        if account_id is not None and await self.account_store.get(account_id) is None:
            raise NotFound("account")

    async def _connections(
        self, account_id: str | None, state: ConnectionState | None, *, late: bool
    ) -> AsyncIterator[Connection]:
        async for connection in self.fleet.connections(account_id, state):
            if not late or self._overdue_since(connection) is not None:
                yield connection

    async def _line(self, connection: Connection) -> Line:
        return Line(
            connection,
            await self.customers.get(connection.account_id, connection.customer_id),
            self.scheduling.next_sync(connection),
            self._overdue_since(connection),
        )

    def _overdue_since(self, connection: Connection) -> datetime | None:
        # What wakes operators, and not what people are told an hour later: whoever was woken looks here.
        now = self.clock.now()
        return next(
            (now - one.overdue for one in late_ones([glance(connection)], self.scheduling.spread, now)), None
        )

    async def _change(self, connection_id: str, *, resume: bool) -> Changed:
        try:
            customer = await self.customer(await self.find(connection_id))
            change = self.pausing.resume if resume else self.pausing.pause
            return Changed(connection_id, await change(customer))
        except TenantryError as error:
            return Changed(connection_id, error=error)
