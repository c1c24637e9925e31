"""The built-in destination: contacts in Table Storage, for a PSA that keeps none of its own."""

import asyncio
import itertools
import sys
import uuid
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from typing import Any

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables.accounts import row_pages
from shared.adapters.tables.table import TRANSACTION, Operation, Table, key
from shared.core.changes import Change
from shared.core.connection import Connection
from shared.core.errors import ConcurrentUpdate
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, fields_as_mapping
from shared.ports import Clock, Page, StoredContact

_SOURCE = "entra"
_AT_ONCE = 4  # transactions under way at the same time
_NAMESPACE = uuid.UUID("6f7c3f0e-6f6b-5f0e-9d6e-0c8f5e2f4a11")


def contact_id(connection_id: str, object_id: str, number: int = 0) -> str:
    """The id of the contact that is made for a directory object: however often it is made, there is one.

    `number`: 0, or more where the contacts of this object before were given to other objects.
    """
    name = f"{connection_id} {object_id}"
    return str(uuid.uuid5(_NAMESPACE, f"{name} {number}" if number else name))


class BuiltinDestination:
    """Implements Destination for one customer: one partition, one entity per contact.

    The contact carries its link, the object id, so that contact and link are written in one stroke.
    """

    batch_size = _AT_ONCE * TRANSACTION

    def __init__(self, table: Table, connection_id: str, clock: Clock) -> None:
        """`connection_id`: names the partition."""
        self._table, self._connection_id, self._clock = table, connection_id, clock

    async def contacts(self) -> AsyncIterator[list[Contact]]:
        """See Destination."""
        query = "PartitionKey eq @customer"
        select = ("RowKey", "object_id", *CONTACT_FIELDS)
        pages = self._table.pages(query, {"customer": key(self._connection_id)}, select=select)
        async for entities, _ in pages:
            yield [_contact(entity) for entity in entities]

    async def apply(self, changes: Sequence[Change], run_id: str) -> None:
        """See Destination."""
        try:
            async with asyncio.TaskGroup() as group:
                for start in range(0, len(changes), TRANSACTION):
                    group.create_task(self._write(changes[start : start + TRANSACTION], run_id))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in

    async def _write(self, changes: Sequence[Change], run_id: str) -> None:
        rows = [change.contact_id or contact_id(self._connection_id, change.object_id) for change in changes]
        if len(set(rows)) == len(rows):
            operations = [self._operation(*pair, run_id) for pair in zip(changes, rows, strict=True)]
            try:
                await self._table.transaction(operations)
                return
            except ConcurrentUpdate:
                pass
        # Somebody carried out some of it already, or gave a contact with such an id to another object.
        taken = {change.contact_id for change in changes}
        await self._table.transaction([await self._again(change, taken, run_id) for change in changes])

    async def _again(self, change: Change, taken: Container[str | None], run_id: str) -> Operation:
        """The operation for a change that may be done already; done again it comes to the same."""
        if change.contact_id is not None:
            return self._operation(change, change.contact_id, run_id)
        for number in itertools.count():
            row = contact_id(self._connection_id, change.object_id, number)
            found = None if row in taken else await self._table.get(key(self._connection_id), key(row))
            if found is not None and found.get("object_id") == change.object_id:
                return self._operation(change, row, run_id, exists=True)
            if found is None and row not in taken:
                return self._operation(change, row, run_id)
        raise AssertionError("the ids have no end")

    def _operation(self, change: Change, row: str, run_id: str, *, exists: bool = False) -> Operation:
        now = self._clock.now()
        entity: dict[str, Any] = {
            "PartitionKey": key(self._connection_id),
            "RowKey": key(row),
            **fields_as_mapping(change.fields or ContactFields()),
            "object_id": change.object_id,
            "source": _SOURCE,
            "updated_at": now,
            "updated_by_run": run_id,
        }
        if exists or change.contact_id is not None:
            return ("upsert", entity, {"mode": "merge"})
        return ("create", entity | {"created_at": now})


class BuiltinDestinations:
    """Implements Destinations and ContactStore."""

    def __init__(self, service: TableServiceClient, clock: Clock) -> None:
        """`service`: Table Storage."""
        self._table, self._clock = Table(service, "contacts"), clock

    def open(self, connection: Connection) -> BuiltinDestination:
        """See Destinations."""
        return BuiltinDestination(self._table, connection.id, self._clock)

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        """See ContactStore."""
        entities, last = await row_pages(self._table, key(connection_id), limit, after)
        return Page(tuple(_stored(entity) for entity in entities), last)


def _contact(entity: Mapping[str, Any]) -> Contact:
    # Interned, as the mirror's texts are: a run holds everybody at once, in the directory and as a contact.
    fields = ContactFields(**{name: sys.intern(entity.get(name) or "") for name in CONTACT_FIELDS})
    return Contact(entity["RowKey"], fields, entity.get("object_id"))


def _stored(entity: Mapping[str, Any]) -> StoredContact:
    updated_at = entity["updated_at"]
    return StoredContact(
        _contact(entity), entity.get("source", _SOURCE), entity.get("created_at", updated_at), updated_at
    )
