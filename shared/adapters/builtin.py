"""The built-in destination: contacts in Table Storage, for a PSA that keeps none of its own."""

import asyncio
import itertools
import sys
import uuid
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables.accounts import row_pages
from shared.adapters.tables.table import TRANSACTION, Entity, Operation, Table, key
from shared.core.account_destination import DestinationKind
from shared.core.changes import Change, ChangeKind, Rejection
from shared.core.connection import Connection
from shared.core.errors import ConcurrentUpdate
from shared.core.models import ALL_FIELDS, CONTACT_FIELDS, Contact, ContactFields, fields_as_mapping
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.core.text import normalized_email
from shared.ports import Clock, Page, Stored, StoredContact

_SOURCE = "entra"
_AT_ONCE = 4  # transactions under way at the same time
_NAMESPACE = uuid.UUID("6f7c3f0e-6f6b-5f0e-9d6e-0c8f5e2f4a11")
_EMAIL_NAMESPACE = uuid.uuid5(_NAMESPACE, "email")
_COLUMNS = (
    "RowKey",
    "object_id",
    "tenant_id",
    "active",
    "deactivated_by_sync",
    "pins",
    "keep_active",
    *CONTACT_FIELDS,
)


def contact_id(connection_id: str, object_id: str, number: int = 0) -> str:
    """The id of the contact that is made for a directory object: however often it is made, there is one.

    `number`: 0, or more where the contacts of this object before were given to other objects.
    """
    return _id(_NAMESPACE, connection_id, object_id, number)


def contact_id_by_email(connection_id: str, email: str, number: int = 0) -> str:
    """The id of the contact that is made for an address and belongs to no directory object.

    `number`: 0, or more where the contacts of this address before were given other addresses.
    """
    return _id(_EMAIL_NAMESPACE, connection_id, normalized_email(email), number)


class BuiltinDestination:
    """Implements Destination for one customer: one partition, one entity per contact.

    The contact carries its link, the object id and its tenant, so that contact and link are written in one
    stroke; a link into another tenant counts for nothing. What people decided about a contact, its pins and
    that it stays active, no run writes.
    """

    batch_size = _AT_ONCE * TRANSACTION
    gaps: tuple[Gap, ...] = ()

    def __init__(self, table: Table, connection: Connection, clock: Clock) -> None:
        """`connection`: its id names the partition, its tenant is where links lead."""
        self._table, self._connection_id, self._clock = table, connection.id, clock
        self._tenant_id = connection.tenant_id

    async def fields(self) -> frozenset[str]:
        """See Destination: all of them."""
        return ALL_FIELDS

    async def publish(self, report: TenantReport) -> None:
        """See Destination: the report is kept as it is, by whoever made it."""

    async def contacts(self, since: datetime) -> AsyncIterator[list[Contact]]:
        """See Destination: as it is now."""
        query = "PartitionKey eq @customer"
        pages = self._table.pages(query, {"customer": key(self._connection_id)}, select=_COLUMNS)
        async for entities, _ in pages:
            yield [_contact(entity, self._tenant_id) for entity in entities]

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        """See Destination: it takes everything."""
        try:
            async with asyncio.TaskGroup() as group:
                for start in range(0, len(changes), TRANSACTION):
                    group.create_task(self._write(changes[start : start + TRANSACTION], run_id))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in
        return ()

    async def _write(self, changes: Sequence[Change], run_id: str) -> None:
        rows = [change.contact_id or self._new_id(change) for change in changes]
        if len(set(rows)) == len(rows):
            operations = [self._operation(*pair, run_id) for pair in zip(changes, rows, strict=True)]
            try:
                await self._table.transaction(operations)
                return
            except ConcurrentUpdate:
                pass
        # Somebody carried out some of it already, or such a contact became somebody else's.
        taken = {change.contact_id for change in changes}
        await self._table.transaction([await self._again(change, taken, run_id) for change in changes])

    async def _again(self, change: Change, taken: Container[str | None], run_id: str) -> Operation:
        """The operation for a change that may be done already; done again it comes to the same."""
        if change.contact_id is not None:
            return self._operation(change, change.contact_id, run_id)
        for number in itertools.count():
            row = self._new_id(change, number)
            found = None if row in taken else await self._table.get(key(self._connection_id), key(row))
            if found is not None and _made_by(change, _contact(found, self._tenant_id)):
                return self._operation(change, row, run_id, exists=True)
            if found is None and row not in taken:
                return self._operation(change, row, run_id)
        raise AssertionError("the ids have no end")

    def _new_id(self, change: Change, number: int = 0) -> str:
        if change.linked:
            return contact_id(self._connection_id, change.object_id, number)
        return contact_id_by_email(self._connection_id, _fields(change).email, number)

    def _operation(self, change: Change, row: str, run_id: str, *, exists: bool = False) -> Operation:
        now = self._clock.now()
        entity: Entity = {
            "PartitionKey": key(self._connection_id),
            "RowKey": key(row),
            **_written(change, self._tenant_id),
            "updated_at": now,
            "updated_by_run": run_id,
        }
        if exists or change.contact_id is not None:
            return ("upsert", entity, {"mode": "merge"})
        # Blanks of a new contact need no property, and each costs time whenever contacts are read.
        stated = {name: value for name, value in entity.items() if value != ""}
        return ("create", stated | {"created_at": now})


class BuiltinDestinations:
    """Implements Destinations and ContactStore."""

    kind = DestinationKind.BUILTIN.value
    edits_fields = True

    def __init__(self, service: TableServiceClient, clock: Clock) -> None:
        """`service`: Table Storage."""
        self._table, self._clock = Table(service, "contacts"), clock

    def open(self, connection: Connection, *, looking: bool = False) -> BuiltinDestination:
        """See Destinations; looking writes nothing here in any case."""
        return BuiltinDestination(self._table, connection, self._clock)

    async def get(self, connection_id: str, contact_id: str) -> Stored[StoredContact] | None:
        """See ContactStore."""
        entity = await self._table.get(key(connection_id), key(contact_id))
        if entity is None:
            return None
        return Stored(_stored(entity), entity.metadata["etag"])  # type: ignore[attr-defined]

    async def replace(
        self, connection_id: str, stored: Stored[StoredContact], value: StoredContact
    ) -> Stored[StoredContact]:
        """See ContactStore."""
        contact = value.contact
        entity: Entity = {
            "PartitionKey": key(connection_id),
            "RowKey": key(stored.value.contact.id),
            **fields_as_mapping(contact.fields),
            "object_id": contact.object_id or "",  # merging takes nothing away
            "active": contact.active,
            "deactivated_by_sync": contact.deactivated_by_sync,
            "pins": msgspec.json.encode(sorted(contact.pins)).decode(),
            "keep_active": contact.keep_active,
            "source": value.source,
            "created_at": value.created_at,
            "updated_at": value.updated_at,
        }
        return Stored(value, await self._table.merge(entity, stored.etag))

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        """See ContactStore."""
        entities, last = await row_pages(self._table, key(connection_id), limit, after)
        return Page(tuple(_stored(entity) for entity in entities), last)


def _id(namespace: uuid.UUID, connection_id: str, what: str, number: int) -> str:
    name = f"{connection_id} {what}"
    return str(uuid.uuid5(namespace, f"{name} {number}" if number else name))


def _made_by(change: Change, contact: Contact) -> bool:
    """Whether the contact is still the one that the change makes."""
    if change.linked:
        return contact.object_id == change.object_id
    return normalized_email(contact.fields.email) == normalized_email(_fields(change).email)


def _written(change: Change, tenant_id: str | None) -> dict[str, Any]:
    """The columns that the change writes. Raises ValueError where it does not say what to write where."""
    if not change.writes or (change.contact_id is None) is not (change.kind is ChangeKind.CREATE):
        raise ValueError(f"this {change.kind} change cannot be carried out")
    if change.kind is ChangeKind.DEACTIVATE:
        return {"active": False, "deactivated_by_sync": True}
    written = {**fields_as_mapping(_fields(change)), "source": _SOURCE}
    if change.linked:
        written |= {"object_id": change.object_id, "tenant_id": tenant_id or ""}
    if change.kind is ChangeKind.REACTIVATE:
        return {**written, "active": True, "deactivated_by_sync": False}
    return written


def _fields(change: Change) -> ContactFields:
    if change.fields is None:  # blanks would be written
        raise ValueError(f"this {change.kind} change has no fields")
    return change.fields


def _contact(entity: Mapping[str, Any], tenant_id: str | None = None) -> Contact:
    """The contact; with `tenant_id`, linked only where the link leads into that tenant."""
    # A property that was never written may be missing or null, whichever the service likes.
    elsewhere = tenant_id is not None and (entity.get("tenant_id") or tenant_id) != tenant_id
    # Interned, as the mirror's texts are: a run holds everybody at once, in the directory and as a contact.
    return Contact(
        entity["RowKey"],
        ContactFields(**{name: sys.intern(entity.get(name) or "") for name in CONTACT_FIELDS}),
        None if elsewhere else entity.get("object_id") or None,
        active=entity.get("active") is not False,
        deactivated_by_sync=entity.get("deactivated_by_sync") is True,
        pins=_pins(entity.get("pins") or "[]"),
        keep_active=entity.get("keep_active") is True,
    )


@lru_cache(maxsize=1024)
def _pins(text: str) -> frozenset[str]:
    return msgspec.json.decode(text, type=frozenset[str])


def _stored(entity: Mapping[str, Any]) -> StoredContact:
    updated_at = entity["updated_at"]
    return StoredContact(
        _contact(entity), entity.get("source", _SOURCE), entity.get("created_at", updated_at), updated_at
    )
