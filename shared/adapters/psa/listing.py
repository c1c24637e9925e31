"""A look at every contact of an account or a customer, which others may share and anybody may go on with."""

import asyncio
import secrets
from datetime import datetime, timedelta

import msgspec

from shared.adapters.psa.api import ContactPage, ContactsApi
from shared.adapters.psa.problems import NotSent
from shared.core.errors import ConcurrentUpdate, RetryLater
from shared.core.links import RemoteContact
from shared.ports import Clock, ListingHead, ListingStore, Stored

_AT_ONCE = 4  # pages
_PART = 20  # pages that are kept together
_LEASE = timedelta(seconds=60)
_LOOK_AGAIN = timedelta(seconds=5)
_GOOD_FOR = timedelta(minutes=10)
"""A look that was begun and left alone is gone on with for so long; after that it would be of two times."""


class Listing(msgspec.Struct, frozen=True):
    """Every contact, as it was at `began_at` or later."""

    began_at: datetime
    contacts: list[RemoteContact]


class Listings:
    """Looks at contacts of one account."""

    def __init__(self, store: ListingStore, clock: Clock) -> None:
        """`store`: where looks are shared."""
        self._store, self._clock = store, clock

    async def read(self, api: ContactsApi, since: datetime) -> Listing:
        """A look that was begun at `since` or later. Raises RetryLater while somebody else is at it, and
        what the API raises; what was seen until then is kept."""
        stored = await self._store.head(api.listing)
        head = None if stored is None else stored.value
        if head is not None and head.complete and head.began_at >= since:
            contacts = _distinct(await self._store.contacts(api.listing, head) or [])
            # Somebody whom others took over from may have written over a part before finding out.
            if len(contacts) == head.found:
                return Listing(head.began_at, contacts)
        now = self._clock.now()
        if head is not None and head.busy_until is not None and head.busy_until > now:
            raise RetryLater("destination_read_under_way", f"{api.psa} is being read already.", _LOOK_AGAIN)
        return await self._look(api, stored, since)

    async def _look(self, api: ContactsApi, stored: Stored[ListingHead] | None, since: datetime) -> Listing:
        now = self._clock.now()
        head = None if stored is None else stored.value
        if head is None or head.complete or head.began_at < max(since, now - _GOOD_FOR):
            shortage = 0 if head is None else head.shortage
            head = ListingHead(version=secrets.token_hex(4), began_at=now, shortage=shortage)
        others = stored is not None
        try:
            stored = await self._store.move(api.listing, stored, _leased(head, now))
        except ConcurrentUpdate:
            raise RetryLater(
                "destination_read_under_way", f"{api.psa} is being read already.", _LOOK_AGAIN
            ) from None
        return await _Look(api, self._store, self._clock, stored, others=others).finish()


class _Look:
    """One worker's part in a look."""

    def __init__(
        self,
        api: ContactsApi,
        store: ListingStore,
        clock: Clock,
        stored: Stored[ListingHead],
        *,
        others: bool,
    ) -> None:
        """`others`: parts of an older look may be kept."""
        self._api, self._store, self._clock, self._stored = api, store, clock, stored
        self._head = stored.value
        self._others = others
        self._fresh: list[RemoteContact] = []

    async def finish(self) -> Listing:
        """Look at the pages that are left."""
        earlier: list[RemoteContact] = []
        if self._head.parts:
            earlier = await self._store.contacts(self._api.listing, self._head) or []
            if not earlier:
                self._begin_again()
        everybody, last = list(earlier), self._head.next_page
        try:
            while self._head.next_page <= last:
                pages = await self._pages(last)
                if any(page.total < self._head.total for page in pages):
                    # Somebody was deleted meanwhile: whoever was behind them moved up, past this look.
                    self._begin_again()
                    everybody, last = [], 1
                    continue
                last = pages[-1].pages
                for page in pages:
                    everybody += page.contacts
                    self._fresh += page.contacts
                await self._went_on(len(pages), pages[-1].total, last)
        except Exception:
            await self._leave()
            raise
        everybody = _distinct(everybody)
        shortage = self._head.total - len(everybody)
        if shortage > self._head.shortage:
            # Contacts that moved while they were read may be missing. If as many are the next time, it is the
            # PSA's way of counting.
            self._begin_again(shortage)
            await self._leave()
            raise RetryLater(
                "destination_read_incomplete",
                f"{self._api.psa} listed fewer contacts than it says it has.",
                _LOOK_AGAIN,
            )
        await self._complete(len(everybody))
        return Listing(self._head.began_at, everybody)

    async def _pages(self, last: int) -> list[ContactPage]:
        """The next pages; the first of a look alone, for it tells how many there are."""
        numbers = range(self._head.next_page, min(self._head.next_page + _AT_ONCE, last + 1))
        await self._api.allowance.expect(len(numbers))
        asked = [asyncio.ensure_future(self._api.page(number)) for number in numbers]
        done = await asyncio.gather(*asked, return_exceptions=True)
        pages: list[ContactPage] = []
        for answer in done:
            if isinstance(answer, BaseException):
                if pages:
                    break  # what came before it counts, and it is asked for again
                raise answer
            pages.append(answer)
        return pages

    async def _went_on(self, pages: int, total: int, last: int) -> None:
        self._head = msgspec.structs.replace(self._head, next_page=self._head.next_page + pages, total=total)
        if self._head.next_page <= last and len(self._fresh) >= _PART * self._api.page_size:
            await self._keep()
            await self._move(_leased(self._head, self._clock.now()))

    async def _keep(self) -> None:
        if self._fresh:
            await self._store.add_part(self._api.listing, self._head.version, self._head.parts, self._fresh)
            self._head = msgspec.structs.replace(self._head, parts=self._head.parts + 1)
            self._fresh = []

    async def _complete(self, found: int) -> None:
        await self._keep()
        await self._move(msgspec.structs.replace(self._head, complete=True, found=found, busy_until=None))
        if self._others:
            await self._store.prune(self._api.listing, self._head.version)

    async def _leave(self) -> None:
        """Let somebody else go on."""
        await self._keep()
        await self._move(msgspec.structs.replace(self._head, busy_until=None))

    def _begin_again(self, shortage: int | None = None) -> None:
        self._fresh = []
        self._head = ListingHead(
            version=secrets.token_hex(4),
            began_at=self._clock.now(),
            busy_until=self._head.busy_until,
            shortage=self._head.shortage if shortage is None else shortage,
        )

    async def _move(self, head: ListingHead) -> None:
        try:
            self._stored = await self._store.move(self._api.listing, self._stored, head)
        except ConcurrentUpdate:
            raise NotSent(
                "destination_read_under_way", f"{self._api.psa} is being read by somebody else.", _LOOK_AGAIN
            ) from None
        self._head = head


def _leased(head: ListingHead, now: datetime) -> ListingHead:
    return msgspec.structs.replace(head, busy_until=now + _LEASE)


def _distinct(contacts: list[RemoteContact]) -> list[RemoteContact]:
    """Everybody once, as they were seen last: whoever was added meanwhile moved others onto the next page."""
    return list({contact.id: contact for contact in contacts}.values())
