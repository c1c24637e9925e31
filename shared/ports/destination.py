"""Where contacts live."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.core.changes import Change, Rejection
from shared.core.connection import Connection
from shared.core.models import Contact
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.ports.common import Page, Stored


class Destination(Protocol):
    """Where the contacts of one customer live.

    Besides RetryLater every method may raise DestinationRefused, where nobody can go on before somebody has
    acted in the PSA. What RetryLater interrupts is done again by whoever comes back.
    """

    async def fields(self) -> frozenset[str]:
        """The fields of a contact that have a place here; every other one stays blank."""
        ...

    @property
    def batch_size(self) -> int:
        """How many changes one `apply` takes at the most; known once `fields` has been asked."""
        ...

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What had no place here so far, and who can make one."""
        ...

    def contacts(self, since: datetime) -> AsyncIterator[list[Contact]]:
        """Every contact of the customer, page by page, as it was at `since` or later."""
        ...

    async def publish(self, report: TenantReport) -> None:
        """Keep what the report says of the customer, as far as there is a place for it."""
        ...

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        """Carry out changes that write; doing it again makes no second contact.

        Returns those that are not to be had, for a reason of their own; the others are done.

        A change with `linked` leaves the user's object id on the contact, and makes one contact per object;
        without it, the contact keeps the link it has, and one contact per address is made. Deactivating
        marks the contact as deactivated by a run, reactivating takes that away.
        """
        ...


class Destinations(Protocol):
    """Opens destinations."""

    def open(self, connection: Connection, *, looking: bool = False) -> Destination:
        """The destination of the connection's customer; nothing is asked yet.

        `looking`: nothing is written, neither there nor here, so that a run may be at work meanwhile.
        """
        ...


class StoredContact(msgspec.Struct, frozen=True):
    """A contact of the built-in destination; `source` says where its values come from."""

    contact: Contact
    source: str
    created_at: datetime
    updated_at: datetime


class ContactStores(Protocol):
    """Opens contact stores."""

    async def of(self, account_id: str) -> "ContactStore":
        """The contacts of an account, wherever they live."""
        ...


class ContactStore(Protocol):
    """The contacts of one destination as we know them, for people and the PSA's front end.

    `kind`: `builtin`, or which PSA. `edits_fields`: whether they can be edited here; those of a PSA are
    edited in the PSA, and only what people decided about them is ours.
    """

    kind: str
    edits_fields: bool

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
