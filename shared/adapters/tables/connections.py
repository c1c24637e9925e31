"""Connections, with their configuration, lease and place in the directory."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.configuration import Schedule
from shared.core.connection import Connection, ConnectionState
from shared.core.standing import Glance, glance
from shared.ports import Page, ScheduledConnection, Stored

_GLANCE = (
    "account_id",
    "customer_id",
    "connection_id",
    "state",
    "schedule",
    "being_set_up",
    "held_run",
    "blocked",
    "synced_at",
    "waiting_since",
    "settled",
)


class TableConnections:
    """Implements ConnectionStore: one partition per account.

    `state` is a column, to be filtered by, and so is whatever is seen at a glance: the fan-out and the look
    at all connections read nothing else of a row.
    """

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "connections")

    async def add(self, connection: Connection) -> Stored[Connection]:
        """See ConnectionStore."""
        return Stored(connection, await self._table.insert(_entity(connection)))

    async def get(self, account_id: str, connection_id: str) -> Stored[Connection] | None:
        """See ConnectionStore."""
        entity = await self._table.get(key(account_id), key(connection_id))
        if entity is None:
            return None
        etag = entity.metadata["etag"]  # type: ignore[attr-defined]
        return Stored(documents.read(entity, Connection), etag)

    async def replace(self, stored: Stored[Connection], value: Connection) -> Stored[Connection]:
        """See ConnectionStore."""
        return Stored(value, await self._table.replace(_entity(value), stored.etag))

    async def of_account(self, account_id: str) -> AsyncIterator[Connection]:
        """See ConnectionStore."""
        query, parameters = "PartitionKey eq @account", {"account": key(account_id)}
        async for entity in self._table.entities(query, parameters):
            yield documents.read(entity, Connection)

    async def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        """See ConnectionStore."""
        pages = self._table.pages(
            "state eq @state",
            {"state": ConnectionState.ACTIVE.value},
            select=("account_id", "connection_id", "schedule", "being_set_up"),
            after=after,
        )
        async for entities, token in pages:
            # Asking for those that are not would leave out every row of before there was the column.
            syncing = (entity for entity in entities if not entity.get("being_set_up"))
            yield Page(tuple(map(_scheduled, syncing)), token)

    async def glances(self) -> AsyncIterator[Sequence[Glance]]:
        """See ConnectionStore. One call for a thousand rows."""
        async for entities, _ in self._table.pages("PartitionKey ge @first", {"first": ""}, select=_GLANCE):
            yield tuple(map(_glance, entities))


def _scheduled(entity: Entity) -> ScheduledConnection:
    return ScheduledConnection(
        entity["account_id"], entity["connection_id"], _schedule(entity.get("schedule") or "{}")
    )


def _glance(entity: Entity) -> Glance:
    return Glance(
        account_id=entity["account_id"],
        customer_id=entity.get("customer_id") or "",
        id=entity["connection_id"],
        state=ConnectionState(entity["state"]),
        schedule=_schedule(entity.get("schedule") or "{}"),
        being_set_up=bool(entity.get("being_set_up")),
        held=entity.get("held_run") is not None,
        blocked=bool(entity.get("blocked")),
        synced_at=_moment(entity.get("synced_at")),
        waiting_since=_moment(entity.get("waiting_since")),
        settled=entity.get("settled") is not False,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@lru_cache(maxsize=1024)
def _schedule(text: str) -> Schedule:
    return msgspec.json.decode(text, type=Schedule)


def _entity(connection: Connection) -> Entity:
    seen = glance(connection)
    return {
        "PartitionKey": key(connection.account_id),
        "RowKey": key(connection.id),
        **documents.write(
            connection,
            account_id=connection.account_id,
            connection_id=connection.id,
            customer_id=connection.customer_id,
            state=connection.state.value,
            schedule=msgspec.json.encode(connection.configuration.schedule).decode(),
            being_set_up=connection.being_set_up,
            held_run=connection.held_run,
            blocked=seen.blocked,
            synced_at=_text(seen.synced_at),
            waiting_since=_text(seen.waiting_since),
            settled=seen.settled,
            reason=connection.reason,
            tenant_id=connection.tenant_id,
        ),
    }
