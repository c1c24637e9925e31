"""Stores that tell of what is written to them.

The notice is part of the value, so that there is one if, and only if, the change was written; and the message
that has it published is sent before, so that no notice stays where nobody looks.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.core.account_destination import AccountDestination
from shared.core.announcing import announced_connection, announced_destination
from shared.core.connection import Connection
from shared.core.events import EventType
from shared.core.messages import PublishMessage, Source
from shared.core.run import Run
from shared.core.run_facts import has_ended
from shared.core.standing import Glance
from shared.logs import log
from shared.ports import (
    AccountDestinationStore,
    Clock,
    ConnectionStore,
    Page,
    Queue,
    RunStore,
    ScheduledConnection,
    Stored,
)
from shared.services.run_log import RunLog

SOON = timedelta(seconds=1)
"""By then the write that a message was sent for is mostly done."""


@dataclass(frozen=True, slots=True)
class TellingConnections:
    """Implements ConnectionStore. What `replace` returns has the notices in it."""

    inner: ConnectionStore
    queue: Queue
    clock: Clock

    async def add(self, connection: Connection) -> Stored[Connection]:
        """See ConnectionStore."""
        return await self.inner.add(connection)

    async def get(self, account_id: str, connection_id: str) -> Stored[Connection] | None:
        """See ConnectionStore."""
        return await self.inner.get(account_id, connection_id)

    async def replace(self, stored: Stored[Connection], value: Connection) -> Stored[Connection]:
        """See ConnectionStore."""
        value = announced_connection(stored.value, value, self.clock.now())
        if value.noticed != stored.value.noticed:
            message = PublishMessage(value.account_id, Source.CONNECTION, value.id, value.noticed)
            await self.queue.send(message, SOON)
        written = await self.inner.replace(stored, value)
        _tell_of_action_required(stored.value, value)
        return written

    async def of_account(self, account_id: str) -> AsyncIterator[Connection]:
        """See ConnectionStore."""
        async for connection in self.inner.of_account(account_id):
            yield connection

    async def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        """See ConnectionStore."""
        async for page in self.inner.active(after):
            yield page

    async def glances(self) -> AsyncIterator[Sequence[Glance]]:
        """See ConnectionStore."""
        async for page in self.inner.glances():
            yield page


@dataclass(frozen=True, slots=True)
class TellingRuns:
    """Implements RunStore."""

    inner: RunStore
    queue: Queue
    run_log: RunLog

    async def add(self, run: Run) -> bool:
        """See RunStore."""
        added = await self.inner.add(run)
        if added:
            self.run_log.tell(None, run)
        return added

    async def get(self, run_id: str) -> Run | None:
        """See RunStore."""
        return await self.inner.get(run_id)

    async def save(self, run: Run) -> None:
        """See RunStore."""
        await self.inner.save(run)

    async def swap(self, before: Run, after: Run) -> bool:
        """See RunStore."""
        if len(after.notices) > len(before.notices):
            message = PublishMessage(after.account_id, Source.RUN, after.id, len(after.notices))
            await self.queue.send(message, SOON)
        ends = has_ended(before, after)
        destination = await self.run_log.destination(after) if ends else None
        done = await self.inner.swap(before, after)
        if ends and not done:
            done = await self.inner.get(after.id) == after  # written, but the answer was lost
        if done:
            self.run_log.tell(before, after, destination)
        return done

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[Run]:
        """See RunStore."""
        return await self.inner.list(connection_id, limit, after)


@dataclass(frozen=True, slots=True)
class TellingDestinations:
    """Implements AccountDestinationStore. What `put` returns has the notices in it."""

    inner: AccountDestinationStore
    queue: Queue
    clock: Clock

    async def get(self, account_id: str) -> Stored[AccountDestination] | None:
        """See AccountDestinationStore."""
        return await self.inner.get(account_id)

    async def put(
        self, account_id: str, before: Stored[AccountDestination] | None, value: AccountDestination
    ) -> Stored[AccountDestination]:
        """See AccountDestinationStore."""
        was = None if before is None else before.value
        value = announced_destination(was, value, self.clock.now())
        if value.noticed != (0 if was is None else was.noticed):
            await self.queue.send(PublishMessage(account_id, Source.DESTINATION, "", value.noticed), SOON)
        return await self.inner.put(account_id, before, value)


def _tell_of_action_required(before: Connection, after: Connection) -> None:
    for notice in after.outbox:
        if notice.number > before.noticed and notice.type is EventType.CONNECTION_ACTION_REQUIRED:
            log(
                "connection.action_required",
                level=logging.WARNING,
                account=after.account_id,
                customer=after.customer_id,
                connection=after.id,
                code=notice.data["code"],
            )
