"""The issues of an account or of one customer, from its connections and review queues as they are now."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.issues import Issue, issues
from shared.ports import AccountDestinationStore, Clock, ConnectionStore, ReviewStore

_AT_ONCE = 16  # review queues that are read together


@dataclass(frozen=True, slots=True)
class Issues:
    """Nothing is kept: what is asked for is derived."""

    connections: ConnectionStore
    account_destinations: AccountDestinationStore
    reviews: ReviewStore
    clock: Clock

    async def of_account(self, account_id: str) -> list[Issue]:
        """What somebody has to act on, over all of the account's customers."""
        connections = [found async for found in self.connections.of_account(account_id)]
        return await self._issues(account_id, connections)

    async def of_customer(self, customer: Customer) -> list[Issue]:
        """What somebody has to act on for this customer, what it shares with others included."""
        stored = await self.connections.get(customer.account_id, customer.connection_id)
        return await self._issues(customer.account_id, [] if stored is None else [stored.value])

    async def _issues(self, account_id: str, connections: Sequence[Connection]) -> list[Issue]:
        destination = await self.account_destinations.get(account_id)
        queues = [connection.id for connection in connections if connection.reviews]
        slots = asyncio.Semaphore(_AT_ONCE)

        async def unclear(connection_id: str) -> bool:
            async with slots:
                queue = await self.reviews.all(connection_id)
            return any(review.decision is None for review in queue.values())

        waiting = await asyncio.gather(*map(unclear, queues))
        return issues(
            None if destination is None else destination.value,
            connections,
            {connection_id for connection_id, waits in zip(queues, waiting, strict=True) if waits},
            self.clock.now(),
        )
