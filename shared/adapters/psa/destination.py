"""The contacts of one customer in a PSA, with the links that the PSA has no place for.

A contact that is to be made is written down first, as nothing tells a PSA that a request was sent twice:
whoever comes after an answer that nobody saw looks for the contact before asking again. Everything else may
be done twice. What a write came to is kept with the link, so that a run of many messages need not look again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from shared.adapters.psa.api import ContactsApi
from shared.adapters.psa.book import Book
from shared.adapters.psa.listing import Listings
from shared.adapters.psa.problems import Unknown
from shared.adapters.psa.writing import Writing
from shared.core.changes import Change, ChangeKind, Rejection
from shared.core.connection import Connection
from shared.core.errors import RetryLater
from shared.core.links import SETTLED, Link, PendingCreate, made_by
from shared.core.models import BLANK, Contact
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.ports import Clock, LinkStore

_BATCH = 50  # links and creates under way go into one transaction
_PAGE = 1000
_SIGN_OF_LIFE = 5.0  # seconds
_LONG_AGO = timedelta(hours=1)


class PsaDestination:
    """Implements Destination."""

    def __init__(
        self,
        api: ContactsApi,
        connection: Connection,
        book: str,
        *,
        links: LinkStore,
        listings: Listings,
        clock: Clock,
        looking: bool = False,
    ) -> None:
        """`book`: names what is kept of this connection in this PSA account; `looking`: write nothing."""
        self._api, self._connection, self._name = api, connection, book
        self._links, self._listings, self._clock = links, listings, clock
        self._looking = looking
        self._held: frozenset[str] = frozenset()
        self._book: Book | None = None
        self._wrote = False

    @property
    def batch_size(self) -> int:
        """See Destination: first one, where that one tells which fields there are; fewer where each takes
        many calls, so that whoever leads the run can give a sign of life between the batches."""
        if self._api.unproven and not self._wrote:
            return 1
        return max(1, _BATCH // max(1, self._api.cost(BLANK, self._held)))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """See Destination."""
        return self._api.gaps

    async def fields(self) -> frozenset[str]:
        """See Destination."""
        self._held = await self._api.fields()
        return self._held

    async def publish(self, report: TenantReport) -> None:
        """See Destination."""
        await self._api.publish(report)

    async def contacts(self, since: datetime) -> AsyncIterator[list[Contact]]:
        """See Destination."""
        opening = asyncio.ensure_future(self._opened(since))
        try:
            while not opening.done():
                await asyncio.wait({opening}, timeout=_SIGN_OF_LIFE)
                if not opening.done():
                    yield []  # a look may take minutes, and whoever leads the run keeps it with every page
            self._book = opening.result()
        finally:
            opening.cancel()
        found = list(self._book.contacts.values())
        for start in range(0, len(found), _PAGE):
            yield found[start : start + _PAGE]

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        """See Destination."""
        for change in changes:
            _check(change)
        if self._book is None:
            self._book = await self._opened(self._clock.now() - _LONG_AGO)
        writing = Writing(
            self._api, self._connection, self._name, self._book, links=self._links, clock=self._clock
        )
        self._wrote = True
        return await writing.carry_out(changes, run_id)

    async def _opened(self, since: datetime) -> Book:
        """What is there, as far as it can be told; what is under way is looked for first."""
        await self._api.fields()
        kept = await self._links.load(self._name)
        if kept.pending and not self._looking:
            since = max(since, self._settled(kept.pending))
        listing = await self._listings.read(self._api, since)
        remote = {
            contact.id: contact
            for contact in (self._api.mine(found) for found in listing.contacts)
            if contact is not None
        }
        book = Book(kept, remote, listing.began_at, self._connection.tenant_id, self._api.unseen)
        if kept.pending:
            await self._settle(book, kept.pending)
        stale = book.stale()
        if stale and not self._looking:
            await self._links.forget(self._name, stale)
        return book

    def _settled(self, pending: Sequence[PendingCreate]) -> datetime:
        """When no request of these can be under way any more. Raises RetryLater while one can."""
        settled = max(create.at for create in pending) + SETTLED
        wait = settled - self._clock.now()
        if wait > timedelta(0):
            raise RetryLater(
                "destination_settling", f"{self._api.psa} may still be at what was asked of it.", wait
            )
        return settled

    async def _settle(self, book: Book, pending: Sequence[PendingCreate]) -> None:
        """Find out what came of creates whose answers nobody saw, and give them to their people."""
        now = self._clock.now()
        links: list[Link] = []
        owed: list[str] = []
        taken = set(book.owned())
        for create in pending:
            found = made_by(create, book.remote.values(), taken)
            if found is not None:
                taken.add(found.id)
                links += book.made(create, found, now, self._connection.tenant_id)
            holder = book.of_object(create.object_id)
            replaced = found is not None or (holder is not None and holder.id != create.replaces)
            if replaced and create.deactivates and create.replaces is not None:
                owed.append(create.replaces)
        if not self._looking:
            await self._write_down(book, links, owed, len(pending))
        for link in links:
            book.keep(link)

    async def _write_down(self, book: Book, links: Sequence[Link], owed: Sequence[str], pending: int) -> None:
        for contact_id in owed:
            before = book.remote.get(contact_id)
            if before is not None:
                with suppress(Unknown):  # somebody deleted it, which puts it away too
                    await self._api.update(before, before.fields, frozenset(), active=False)
        for start in range(0, len(links), _BATCH):
            await self._links.settle(self._name, links[start : start + _BATCH], 0)
        await self._links.settle(self._name, (), pending)


def _check(change: Change) -> None:
    """Raises ValueError where a change does not say what to write where."""
    makes = change.kind is ChangeKind.CREATE
    if not change.writes or (change.contact_id is None) is not makes:
        raise ValueError(f"this {change.kind} change cannot be carried out")
    if change.fields is None and change.kind is not ChangeKind.DEACTIVATE:
        raise ValueError(f"this {change.kind} change has no fields")
