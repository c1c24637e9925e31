"""Where contacts live."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.core.changes import Change
from shared.core.connection import Connection
from shared.core.models import Contact
from shared.ports.common import Page, Stored


class Destination(Protocol):
    """Where the contacts of one customer live."""

    batch_size: int
    """How many changes one `apply` takes at the most."""

    def contacts(self) -> AsyncIterator[list[Contact]]:
        """Every contact of the customer, page by page."""
        ...

    async def apply(self, changes: Sequence[Change], run_id: str) -> None:
        """Carry out changes that write; doing it again makes no second contact.

        A change with `linked` leaves the user's object id on the contact, and makes one contact per object;
        without it, the contact keeps the link it has, and one contact per address is made. Deactivating
        marks the contact as deactivated by a run, reactivating takes that away.
        """
        ...


class Destinations(Protocol):
    """Opens destinations."""

    def open(self, connection: Connection) -> Destination:
        """The destination of the connection's customer."""
        ...


class StoredContact(msgspec.Struct, frozen=True):
    """A contact of the built-in destination; `source` says where its values come from."""

    contact: Contact
    source: str
    created_at: datetime
    updated_at: datetime


class ContactStore(Protocol):
    """The contacts of the built-in destination, for people and the PSA's front end."""

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        """A page of a customer's contacts, ordered by id."""
        ...

    async def get(self, connection_id: str, contact_id: str) -> Stored[StoredContact] | None:
        """One contact, or None."""
        ...

    async def replace(
        self, connection_id: str, stored: Stored[StoredContact], value: StoredContact
    ) -> Stored[StoredContact]:
        """Write what a person changed. Raises ConcurrentUpdate when the contact is not as it was read."""
        ...
