"""The built-in destination in memory."""

import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import msgspec

from shared.core.changes import Change, ChangeKind, Rejection, RejectionReason
from shared.core.connection import Connection
from shared.core.errors import ConcurrentUpdate
from shared.core.models import ALL_FIELDS, Contact, ContactFields
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.core.text import normalized_email
from shared.ports import Page, Stored, StoredContact
from tests.fakes.clock import FakeClock

DIRECTORY, BY_HAND = "entra", "manual"


class FakeContactStore:
    """Every contact of every connection; opens destinations on itself."""

    kind = "builtin"
    edits_fields = True

    def __init__(self, clock: FakeClock, *, batch_size: int = 100, page_size: int = 1000) -> None:
        self.clock = clock
        self.batch_size = batch_size
        self.page_size = page_size
        self._contacts: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.tenants: dict[tuple[str, str], str | None] = {}
        """The tenant that a link leads into, by connection and contact."""
        self._etags = itertools.count(1)
        self.applied: list[Change] = []
        self.on_write: Callable[[int], None] = lambda number: None
        """Called with the number of every contact before it is written; it may raise."""
        self.rejects: Callable[[Change], RejectionReason | None] = lambda change: None
        """Why a change is not taken; None for one that is."""
        self.held = ALL_FIELDS
        self.reports: list[TenantReport] = []
        self._by_hand = itertools.count(1)

    def open(self, connection: Connection, *, looking: bool = False) -> "FakeDestination":
        return FakeDestination(self, connection)

    def stored(self, connection_id: str) -> list[StoredContact]:
        """The contacts of one connection by id, for a look from outside."""
        contacts = sorted(self._contacts.get(connection_id, {}).items())
        return [msgspec.json.decode(body, type=StoredContact) for _, (_, body) in contacts]

    def contacts(self, connection_id: str) -> list[Contact]:
        """The same without dates and source."""
        return [stored.contact for stored in self.stored(connection_id)]

    def add_by_hand(
        self, connection_id: str, fields: ContactFields, contact_id: str | None = None
    ) -> Contact:
        """A technician adds a contact in the PSA."""
        contact = Contact(contact_id or f"hand-{next(self._by_hand):04d}", fields)
        now = self.clock.now()
        self.put(connection_id, StoredContact(contact, BY_HAND, now, now))
        return contact

    def edit_by_hand(self, connection_id: str, contact_id: str, **fields: str) -> None:
        """A technician changes fields of a contact in the PSA."""
        contact = self._known(connection_id, contact_id).contact
        self.set_by_hand(connection_id, contact_id, fields=msgspec.structs.replace(contact.fields, **fields))

    def set_by_hand(self, connection_id: str, contact_id: str, **properties: object) -> None:
        """A technician changes anything else: `active`, `pins`, `keep_active`, `object_id`."""
        stored = self._known(connection_id, contact_id)
        edited = msgspec.structs.replace(stored.contact, **properties)
        self.put(connection_id, msgspec.structs.replace(stored, contact=edited, updated_at=self.clock.now()))

    def find(self, connection_id: str, contact_id: str) -> StoredContact | None:
        found = self._contacts.get(connection_id, {}).get(contact_id)
        return None if found is None else msgspec.json.decode(found[1], type=StoredContact)

    def put(self, connection_id: str, stored: StoredContact) -> str:
        etag = f'W/"{next(self._etags)}"'
        mine = self._contacts.setdefault(connection_id, {})
        mine[stored.contact.id] = (etag, msgspec.json.encode(stored))
        return etag

    def _known(self, connection_id: str, contact_id: str) -> StoredContact:
        stored = self.find(connection_id, contact_id)
        if stored is None:
            raise KeyError(contact_id)
        return stored

    async def get(self, connection_id: str, contact_id: str) -> Stored[StoredContact] | None:
        found = self._contacts.get(connection_id, {}).get(contact_id)
        return None if found is None else Stored(msgspec.json.decode(found[1], type=StoredContact), found[0])

    async def replace(
        self, connection_id: str, stored: Stored[StoredContact], value: StoredContact
    ) -> Stored[StoredContact]:
        found = self._contacts.get(connection_id, {}).get(stored.value.contact.id)
        if found is None or found[0] != stored.etag:
            raise ConcurrentUpdate
        return Stored(value, self.put(connection_id, value))

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        mine = self.stored(connection_id)
        rest = [contact for contact in mine if after is None or contact.contact.id > after]
        part = tuple(rest[:limit])
        return Page(part, part[-1].contact.id if len(rest) > limit else None)


class FakeDestination:
    """The contacts of one customer.

    A new contact's id follows from the connection and the object it is created for, or from its address
    where it is to have no link, so that creating it again finds it. Where that contact meanwhile became
    another object's, or has another address, the next id of the same series is taken: nobody's contact is
    overwritten.
    """

    def __init__(self, store: FakeContactStore, connection: Connection) -> None:
        self._store, self._connection_id, self._tenant_id = store, connection.id, connection.tenant_id
        self.batch_size = store.batch_size
        self.gaps: tuple[Gap, ...] = ()

    async def fields(self) -> frozenset[str]:
        return self._store.held

    async def publish(self, report: TenantReport) -> None:
        self._store.reports.append(report)

    async def contacts(self, since: datetime) -> AsyncIterator[list[Contact]]:
        contacts = [self._seen(contact) for contact in self._store.contacts(self._connection_id)]
        for start in range(0, len(contacts), self._store.page_size):
            yield contacts[start : start + self._store.page_size]

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        if len(changes) > self.batch_size:
            raise ValueError(f"{len(changes)} changes are more than a batch of {self.batch_size}")
        if not run_id:
            raise ValueError("a write must name its run")
        for change in changes:
            _check(change)
        rejected = {change: reason for change in changes if (reason := self._store.rejects(change))}
        for change in changes:
            if change not in rejected:
                self._apply(change)
        return [Rejection(change, reason) for change, reason in rejected.items()]

    def _apply(self, change: Change) -> None:
        self._store.on_write(len(self._store.applied) + 1)
        self._store.applied.append(change)
        contact_id = change.contact_id or self._new_id(change)
        now = self._store.clock.now()
        stored = self._store.find(self._connection_id, contact_id)
        before = stored or StoredContact(Contact(contact_id, ContactFields()), DIRECTORY, now, now)
        contact = msgspec.structs.replace(before.contact, **_written(change))
        source = before.source if change.kind is ChangeKind.DEACTIVATE else DIRECTORY
        after = msgspec.structs.replace(before, contact=contact, source=source, updated_at=now)
        self._store.put(self._connection_id, after)
        if change.linked and change.kind is not ChangeKind.DEACTIVATE:
            self._store.tenants[self._connection_id, contact_id] = self._tenant_id

    def _seen(self, contact: Contact) -> Contact:
        """The contact as this tenant's runs see it: a link into another tenant is none."""
        tenant_id = self._store.tenants.get((self._connection_id, contact.id), self._tenant_id)
        elsewhere = self._tenant_id is not None and tenant_id != self._tenant_id
        return msgspec.structs.replace(contact, object_id=None) if elsewhere else contact

    def _new_id(self, change: Change) -> str:
        for number in itertools.count():
            candidate = contact_id(self._connection_id, _made_for(change), number)
            found = self._store.find(self._connection_id, candidate)
            if found is None or _made_by(change, self._seen(found.contact)):
                return candidate
        raise AssertionError("unreachable")


def contact_id(connection_id: str, made_for: str, number: int = 0) -> str:
    """A UUIDv5 of the connection, whom the contact is made for, and where need be a number."""
    name = "\n".join([connection_id, made_for, *([str(number)] if number else [])])
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _check(change: Change) -> None:
    if not change.writes:
        raise ValueError(f"a {change.kind} change writes nothing")
    if (change.contact_id is None) is not (change.kind is ChangeKind.CREATE):
        raise ValueError(f"a {change.kind} change must name its contact, unless it makes it")
    if change.fields is None and change.kind is not ChangeKind.DEACTIVATE:
        raise ValueError(f"a {change.kind} change must have fields")


def _written(change: Change) -> dict[str, object]:
    """What the change writes of a contact."""
    if change.kind is ChangeKind.DEACTIVATE:
        return {"active": False, "deactivated_by_sync": True}
    written: dict[str, object] = {"fields": change.fields}
    if change.linked:
        written["object_id"] = change.object_id
    if change.kind is ChangeKind.REACTIVATE:
        written |= {"active": True, "deactivated_by_sync": False}
    return written


def _made_for(change: Change) -> str:
    return f"object {change.object_id}" if change.linked else f"email {_email(change.fields)}"


def _made_by(change: Change, contact: Contact) -> bool:
    """Whether the contact is still the one that the change makes."""
    if change.linked:
        return contact.object_id == change.object_id
    return _email(contact.fields) == _email(change.fields)


def _email(fields: ContactFields | None) -> str:
    return normalized_email(fields.email if fields else "")
