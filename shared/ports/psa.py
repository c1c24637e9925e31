"""What is kept of contacts that live in a PSA, and of the last look at them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.links import Link, LinkBook, PendingCreate, Protection, RemoteContact
from shared.ports.common import Page, Stored


class LinkStore(Protocol):
    """Links, protections and creates under way, of one book at a time: one connection in one PSA account."""

    async def load(self, book: str) -> LinkBook:
        """All that is kept in the book."""
        ...

    async def begin(self, book: str, pending: Sequence[PendingCreate]) -> None:
        """Write down what is about to be made, at most 50 contacts, in one stroke; it takes the place of
        what was written down before."""
        ...

    async def settle(self, book: str, links: Sequence[Link], pending: int) -> None:
        """Create or replace the links, at most 50, and forget the first `pending` of what was under way, in
        one stroke."""
        ...

    async def forget(self, book: str, contact_ids: Sequence[str]) -> None:
        """Delete links; what is not there is fine."""
        ...

    async def links(self, book: str, limit: int, after: str | None = None) -> Page[Link]:
        """A page of links, ordered by the contact's id."""
        ...

    async def link(self, book: str, contact_id: str) -> Link | None:
        """One link, or None."""
        ...

    async def protections(self, book: str) -> Mapping[str, Protection]:
        """Everything that people decided about contacts, by the contact's id."""
        ...

    async def protection(self, book: str, contact_id: str) -> Stored[Protection] | None:
        """What people decided about a contact, or None."""
        ...

    async def protect(
        self, book: str, before: Stored[Protection] | None, protection: Protection
    ) -> Stored[Protection]:
        """Write it. Raises ConcurrentUpdate when `before` is no longer what is there."""
        ...


class PsaIdentity(msgspec.Struct, frozen=True):
    """An account in a PSA: `account` names it among all, `name` is what people call it."""

    account: str
    name: str


class FoundCustomer(msgspec.Struct, frozen=True):
    """A customer in the PSA; `domains`: of its email addresses, as far as known; `sites`: id and name."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    sites: tuple[tuple[str, str], ...] = ()


class PsaAccount(Protocol):
    """One account in one PSA. Every method may raise RetryLater and DestinationRefused."""

    async def check(self) -> PsaIdentity:
        """Whose account it is; raises DestinationRefused where the key is not good for a sync."""
        ...

    def customers(self) -> AsyncIterator[list[FoundCustomer]]:
        """Every customer, page by page."""
        ...

    async def address_domains(self) -> Mapping[str, tuple[str, ...]]:
        """Customer's id → domains of its contacts' addresses, the commonest first, where the customers
        themselves do not tell."""
        ...


class PsaAccounts(Protocol):
    """Opens accounts in PSAs."""

    def open(
        self,
        kind: DestinationKind,
        key: str,
        subdomain: str | None,
        account_id: str,
        *,
        in_person: bool = False,
    ) -> PsaAccount:
        """An account, by its API key; nothing is sent yet. Raises DestinationRefused where the subdomain can
        be none.

        `account_id`: ours; `in_person`: somebody is waiting for the few calls that will be made, so they do
        not queue behind those of syncs.
        """
        ...

    async def forget(self, destination: AccountDestination, account_id: str) -> None:
        """Look anew at what people may have set up in the account meanwhile: its custom fields."""
        ...


class AccountDestinationStore(Protocol):
    """Where each account's contacts live."""

    async def get(self, account_id: str) -> Stored[AccountDestination] | None:
        """The destination, or None where nobody chose one."""
        ...

    async def put(
        self, account_id: str, before: Stored[AccountDestination] | None, value: AccountDestination
    ) -> Stored[AccountDestination]:
        """Write it. Raises ConcurrentUpdate when `before` is no longer what is there."""
        ...


class Tenants(Protocol):
    """Microsoft's tenants, as anybody can ask about them."""

    async def of_domain(self, domain: str) -> str | None:
        """The id of the tenant that the domain belongs to, or None."""
        ...


class CustomFields(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which of the custom fields we fill an account was found to have, or not to have, and when."""

    present: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    looked_at: datetime | None = None


class CustomFieldStore(Protocol):
    """What was found out about the custom fields of a PSA account."""

    async def get(self, psa_account: str) -> CustomFields:
        """What is known."""
        ...

    async def save(self, psa_account: str, fields: CustomFields) -> None:
        """Replace it."""
        ...


class ListingHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far somebody is with looking at all contacts of an account or a customer.

    `version` names its parts; `next_page` is the page to go on with, `total` how many contacts the PSA said
    there are, `parts` how many parts are kept. `found`: how many contacts a complete look saw, each once.
    Until `busy_until` somebody is at it. `shortage`: by how many contacts a look before this one fell short
    of the total. Times are UTC.
    """

    version: str
    began_at: datetime
    next_page: int = 1
    total: int = 0
    parts: int = 0
    complete: bool = False
    found: int = 0
    busy_until: datetime | None = None
    shortage: int = 0


class ListingStore(Protocol):
    """Looks at a PSA's contacts that several runs share, or that one run goes on with."""

    async def head(self, name: str) -> Stored[ListingHead] | None:
        """How far the look is, or None where nobody looked yet."""
        ...

    async def move(
        self, name: str, before: Stored[ListingHead] | None, head: ListingHead
    ) -> Stored[ListingHead]:
        """Write the head. Raises ConcurrentUpdate when `before` is no longer what is there."""
        ...

    async def add_part(self, name: str, version: str, number: int, contacts: Sequence[RemoteContact]) -> None:
        """Keep some of the contacts; a part is written over by one of the same number."""
        ...

    async def contacts(self, name: str, head: ListingHead) -> list[RemoteContact] | None:
        """The contacts of every part, or None where one of them is missing."""
        ...

    async def prune(self, name: str, keep: str) -> None:
        """Delete the parts of every other version."""
        ...
