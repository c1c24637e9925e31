"""What is kept of contacts in a PSA, in memory."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from shared.core.account_destination import AccountDestination
from shared.core.errors import ConcurrentUpdate
from shared.core.links import Link, LinkBook, PendingCreate, Protection, RemoteContact
from shared.ports import CustomFields, ListingHead, Page, Stored

T = TypeVar("T")

_MOST = 50


class _Rows(Generic[T]):
    """Values that were encoded, so that nobody keeps hold of one, each with an ETag."""

    def __init__(self, kind: type[T]) -> None:
        self._kind, self._rows = kind, dict[str, tuple[bytes, str]]()
        self._etags = itertools.count(1)

    def get(self, name: str) -> Stored[T] | None:
        found = self._rows.get(name)
        return None if found is None else Stored(msgspec.msgpack.decode(found[0], type=self._kind), found[1])

    def put(self, name: str, before: Stored[T] | None, value: T) -> Stored[T]:
        found = self._rows.get(name)
        if (None if found is None else found[1]) != (None if before is None else before.etag):
            raise ConcurrentUpdate
        return self.replace(name, value)

    def replace(self, name: str, value: T) -> Stored[T]:
        etag = f'W/"{next(self._etags)}"'
        self._rows[name] = (msgspec.msgpack.encode(value), etag)
        return Stored(value, etag)

    def delete(self, name: str) -> None:
        self._rows.pop(name, None)

    def all(self) -> dict[str, T]:
        return {
            name: msgspec.msgpack.decode(body, type=self._kind)
            for name, (body, _) in sorted(self._rows.items())
        }


class FakeLinkStore:
    """Implements LinkStore."""

    def __init__(self) -> None:
        self._links: dict[str, _Rows[Link]] = defaultdict(lambda: _Rows(Link))
        self._protections: dict[str, _Rows[Protection]] = defaultdict(lambda: _Rows(Protection))
        self._pending: dict[str, list[PendingCreate | None]] = defaultdict(list)

    async def load(self, book: str) -> LinkBook:
        pending = [create for create in self._pending[book] if create is not None]
        return LinkBook(self._links[book].all(), self._protections[book].all(), pending)

    async def begin(self, book: str, pending: Sequence[PendingCreate]) -> None:
        _check(pending)
        self._pending[book] = list(pending)

    async def settle(self, book: str, links: Sequence[Link], pending: int) -> None:
        _check(links)
        for link in links:
            self._links[book].replace(link.contact_id, link)
        self._pending[book][:pending] = [None] * pending

    async def forget(self, book: str, contact_ids: Sequence[str]) -> None:
        for contact_id in contact_ids:
            self._links[book].delete(contact_id)

    async def links(self, book: str, limit: int, after: str | None = None) -> Page[Link]:
        rest = [link for name, link in self._links[book].all().items() if after is None or name > after]
        part = tuple(rest[:limit])
        return Page(part, part[-1].contact_id if len(rest) > limit else None)

    async def link(self, book: str, contact_id: str) -> Link | None:
        found = self._links[book].get(contact_id)
        return None if found is None else found.value

    async def protections(self, book: str) -> Mapping[str, Protection]:
        return self._protections[book].all()

    async def protection(self, book: str, contact_id: str) -> Stored[Protection] | None:
        return self._protections[book].get(contact_id)

    async def protect(
        self, book: str, before: Stored[Protection] | None, protection: Protection
    ) -> Stored[Protection]:
        return self._protections[book].put(protection.contact_id, before, protection)


class FakeListingStore:
    """Implements ListingStore."""

    def __init__(self) -> None:
        self._heads = _Rows(ListingHead)
        self._parts: dict[str, dict[tuple[str, int], bytes]] = defaultdict(dict)

    async def head(self, name: str) -> Stored[ListingHead] | None:
        return self._heads.get(name)

    async def move(
        self, name: str, before: Stored[ListingHead] | None, head: ListingHead
    ) -> Stored[ListingHead]:
        return self._heads.put(name, before, head)

    async def add_part(self, name: str, version: str, number: int, contacts: Sequence[RemoteContact]) -> None:
        self._parts[name][version, number] = msgspec.msgpack.encode(contacts)

    async def contacts(self, name: str, head: ListingHead) -> list[RemoteContact] | None:
        found: list[RemoteContact] = []
        for number in range(head.parts):
            part = self._parts[name].get((head.version, number))
            if part is None:
                return None
            found += msgspec.msgpack.decode(part, type=list[RemoteContact])
        return found

    async def prune(self, name: str, keep: str) -> None:
        self._parts[name] = {key: part for key, part in self._parts[name].items() if key[0] == keep}

    def versions(self, name: str) -> set[str]:
        """The versions of which parts are kept."""
        return {version for version, _ in self._parts[name]}


class FakeCustomFields:
    """Implements CustomFieldStore."""

    def __init__(self) -> None:
        self._rows = _Rows(CustomFields)

    async def get(self, psa_account: str) -> CustomFields:
        found = self._rows.get(psa_account)
        return CustomFields() if found is None else found.value

    async def save(self, psa_account: str, fields: CustomFields) -> None:
        self._rows.replace(psa_account, fields)


class FakeAccountDestinations:
    """Implements AccountDestinationStore."""

    def __init__(self) -> None:
        self._rows = _Rows(AccountDestination)

    async def get(self, account_id: str) -> Stored[AccountDestination] | None:
        return self._rows.get(account_id)

    async def put(
        self, account_id: str, before: Stored[AccountDestination] | None, value: AccountDestination
    ) -> Stored[AccountDestination]:
        return self._rows.put(account_id, before, value)


class FakeTenants:
    """Implements Tenants: `domains` says whose each is; `asked` what was asked."""

    def __init__(self) -> None:
        self.domains: dict[str, str] = {}
        self.asked: list[str] = []

    async def of_domain(self, domain: str) -> str | None:
        self.asked.append(domain)
        return self.domains.get(domain)


def _check(rows: Sequence[object]) -> None:
    if len(rows) > _MOST:
        raise ValueError(f"{len(rows)} rows are more than {_MOST}")
