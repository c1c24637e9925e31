"""The built-in destination in memory."""

import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from shared.core.changes import Change, ChangeKind
from shared.core.connection import Connection
from shared.core.models import Contact, ContactFields
from shared.ports import Page, StoredContact
from tests.fakes.clock import FakeClock

DIRECTORY, BY_HAND = "entra", "manual"


class FakeContactStore:
    """Every contact of every connection; opens destinations on itself."""

    def __init__(self, clock: FakeClock, *, batch_size: int = 100, page_size: int = 1000) -> None:
        self.clock = clock
        self.batch_size = batch_size
        self.page_size = page_size
        self._contacts: dict[str, dict[str, bytes]] = {}
        self.applied: list[Change] = []
        self.on_write: Callable[[int], None] = lambda number: None
        """Called with the number of every contact before it is written; it may raise."""
        self._by_hand = itertools.count(1)

    def open(self, connection: Connection) -> "FakeDestination":
        return FakeDestination(self, connection.id)

    def stored(self, connection_id: str) -> list[StoredContact]:
        """The contacts of one connection by id, for a look from outside."""
        contacts = sorted(self._contacts.get(connection_id, {}).items())
        return [msgspec.json.decode(body, type=StoredContact) for _, body in contacts]

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
        stored = self.find(connection_id, contact_id)
        if stored is None:
            raise KeyError(contact_id)
        edited = msgspec.structs.replace(
            stored.contact, fields=msgspec.structs.replace(stored.contact.fields, **fields)
        )
        self.put(connection_id, msgspec.structs.replace(stored, contact=edited, updated_at=self.clock.now()))

    def find(self, connection_id: str, contact_id: str) -> StoredContact | None:
        body = self._contacts.get(connection_id, {}).get(contact_id)
        return None if body is None else msgspec.json.decode(body, type=StoredContact)

    def put(self, connection_id: str, stored: StoredContact) -> None:
        mine = self._contacts.setdefault(connection_id, {})
        mine[stored.contact.id] = msgspec.json.encode(stored)

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        mine = self.stored(connection_id)
        rest = [contact for contact in mine if after is None or contact.contact.id > after]
        part = tuple(rest[:limit])
        return Page(part, part[-1].contact.id if len(rest) > limit else None)


class FakeDestination:
    """The contacts of one customer.

    A new contact's id follows from the connection and the object it is created for, so that creating it
    again finds it. Where that contact was meanwhile linked to another object, the next id of the same
    series is taken: nobody's contact is overwritten.
    """

    def __init__(self, store: FakeContactStore, connection_id: str) -> None:
        self._store, self._connection_id = store, connection_id
        self.batch_size = store.batch_size

    async def contacts(self) -> AsyncIterator[list[Contact]]:
        contacts = self._store.contacts(self._connection_id)
        for start in range(0, len(contacts), self._store.page_size):
            yield contacts[start : start + self._store.page_size]

    async def apply(self, changes: Sequence[Change], run_id: str) -> None:
        if len(changes) > self.batch_size:
            raise ValueError(f"{len(changes)} changes are more than a batch of {self.batch_size}")
        if not run_id:
            raise ValueError("a write must name its run")
        for change in changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if not change.writes or change.fields is None:
            raise ValueError(f"a {change.kind} change writes nothing")
        self._store.on_write(len(self._store.applied) + 1)
        self._store.applied.append(change)
        create = change.kind is ChangeKind.CREATE
        contact_id = self._new_id(change.object_id) if create else change.contact_id
        if contact_id is None:
            raise ValueError(f"a {change.kind} change must name its contact")
        now = self._store.clock.now()
        before = self._store.find(self._connection_id, contact_id)
        contact = Contact(contact_id, change.fields, change.object_id)
        created_at = before.created_at if before else now
        self._store.put(self._connection_id, StoredContact(contact, DIRECTORY, created_at, now))

    def _new_id(self, object_id: str) -> str:
        for number in itertools.count():
            candidate = contact_id(self._connection_id, object_id, number)
            found = self._store.find(self._connection_id, candidate)
            if found is None or found.contact.object_id == object_id:
                return candidate
        raise AssertionError("unreachable")


def contact_id(connection_id: str, object_id: str, number: int = 0) -> str:
    """A UUIDv5 of the connection, the object, and where need be a number."""
    name = "\n".join([connection_id, object_id, *([str(number)] if number else [])])
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))
