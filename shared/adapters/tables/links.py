"""Links, protections and creates under way: one partition per book, a kind of row for each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import TRANSACTION, Entity, Operation, Table, key
from shared.core.links import Link, LinkBook, PendingCreate, Protection
from shared.ports import Page, Stored

T = TypeVar("T")

_LINK, _PENDING, _PROTECTION = "link", "pending", "protection"
_MOST = TRANSACTION // 2  # links, and as many creates that are under way, are one transaction


class TableLinks:
    """Implements LinkStore.

    Creates under way have numbered rows that are written over by the next ones, so that no transaction ever
    deletes anything: one that is sent twice comes to the same.
    """

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "links")

    async def load(self, book: str) -> LinkBook:
        """See LinkStore."""
        links: dict[str, Link] = {}
        protections: dict[str, Protection] = {}
        pending: list[PendingCreate] = []
        parameters = {"book": key(book)}
        async for entity in self._table.entities("PartitionKey eq @book", parameters):
            kind = str(entity["RowKey"]).partition("-")[0]
            if kind == _LINK:
                link = _read(entity, Link)
                links[link.contact_id] = link
            elif kind == _PROTECTION:
                protection = _read(entity, Protection)
                protections[protection.contact_id] = protection
            elif "blob" in entity:
                pending.append(_read(entity, PendingCreate))
        return LinkBook(links, protections, pending)

    async def begin(self, book: str, pending: Sequence[PendingCreate]) -> None:
        """See LinkStore."""
        _check(len(pending))
        rows = [_entity(book, _pending_row(number), create) for number, create in enumerate(pending)]
        rows += _blank(book, range(len(pending), _MOST))
        await self._table.transaction([("upsert", row, {"mode": "replace"}) for row in rows])

    async def settle(self, book: str, links: Sequence[Link], pending: int) -> None:
        """See LinkStore."""
        _check(len(links))
        _check(pending)
        rows = [_entity(book, _row(_LINK, link.contact_id), link) for link in links]
        rows += _blank(book, range(pending))
        operations: list[Operation] = [("upsert", row, {"mode": "replace"}) for row in rows]
        await self._table.transaction(operations)

    async def forget(self, book: str, contact_ids: Sequence[str]) -> None:
        """See LinkStore."""
        rows = [(key(book), _row(_LINK, contact_id)) for contact_id in contact_ids]
        await self._table.delete_all(rows)

    async def links(self, book: str, limit: int, after: str | None = None) -> Page[Link]:
        """See LinkStore."""
        query = "PartitionKey eq @book and RowKey gt @first and RowKey lt @last"
        first = f"{_LINK}-" if after is None else _row(_LINK, after)
        parameters = {"book": key(book), "first": first, "last": _behind(_LINK)}
        async for entities, _ in self._table.pages(query, parameters, page_size=limit + 1):
            found = [_read(entity, Link) for entity in entities]
            return Page(tuple(found[:limit]), found[limit - 1].contact_id if len(found) > limit else None)
        return Page(())

    async def link(self, book: str, contact_id: str) -> Link | None:
        """See LinkStore."""
        entity = await self._table.get(key(book), _row(_LINK, contact_id))
        return None if entity is None else _read(entity, Link)

    async def protections(self, book: str) -> Mapping[str, Protection]:
        """See LinkStore."""
        query = "PartitionKey eq @book and RowKey ge @first and RowKey lt @last"
        parameters = {"book": key(book), "first": f"{_PROTECTION}-", "last": _behind(_PROTECTION)}
        found = [_read(entity, Protection) async for entity in self._table.entities(query, parameters)]
        return {protection.contact_id: protection for protection in found}

    async def protection(self, book: str, contact_id: str) -> Stored[Protection] | None:
        """See LinkStore."""
        entity = await self._table.get(key(book), _row(_PROTECTION, contact_id))
        if entity is None:
            return None
        return Stored(_read(entity, Protection), entity.metadata["etag"])  # type: ignore[attr-defined]

    async def protect(
        self, book: str, before: Stored[Protection] | None, protection: Protection
    ) -> Stored[Protection]:
        """See LinkStore."""
        entity = _entity(book, _row(_PROTECTION, protection.contact_id), protection)
        if before is None:
            return Stored(protection, await self._table.insert(entity))
        return Stored(protection, await self._table.replace(entity, before.etag))


def _row(kind: str, contact_id: str) -> str:
    return f"{kind}-{key(contact_id)}"


def _behind(kind: str) -> str:
    """What comes after every row of the kind."""
    return f"{kind}."


def _pending_row(number: int) -> str:
    return f"{_PENDING}-{number:02d}"


def _blank(book: str, numbers: Iterable[int]) -> list[Entity]:
    """Rows of creates that are not under way any more."""
    return [{"PartitionKey": key(book), "RowKey": _pending_row(number)} for number in numbers]


def _entity(book: str, row: str, value: msgspec.Struct) -> Entity:
    packed = documents.pack(msgspec.msgpack.encode(value))
    return {"PartitionKey": key(book), "RowKey": row, **packed}


def _read(entity: Entity, kind: type[T]) -> T:
    return msgspec.msgpack.decode(documents.unpack(entity), type=kind)


def _check(number: int) -> None:
    if number > _MOST:
        raise ValueError(f"{number} rows are more than {_MOST}")
