"""Every row that is kept of one customer, wherever it lies.

What is missing here would be left behind: a new table that keeps something of a customer is added to
`_places`, and a test compares the tables that exist with the ones that are looked into.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.erasure import Subject, added
from shared.core.links import book_name

_EVENTS, _DELIVERIES = "events", "deliveries"
_KEYS = ("PartitionKey", "RowKey")


class _Place(msgspec.Struct, frozen=True):
    """Rows of a table; `about`: only those whose value is about the customer."""

    table: str
    query: str
    parameters: Mapping[str, Any]
    about: bool = False


class _About(msgspec.Struct, frozen=True):
    """As much of an event, or of what is delivered, as tells whom it is about."""

    customer_id: str | None = None
    connection_id: str | None = None


class _Delivered(msgspec.Struct, frozen=True):
    body: str


class TableTraces:
    """Implements CustomerTraces."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._service = service

    async def count(self, subject: Subject) -> dict[str, int]:
        """See CustomerTraces."""
        counts: dict[str, int] = {}
        for place in _places(subject):
            counts = added(counts, place.table, 0)
            async for rows in self._rows(place, subject):
                counts = added(counts, place.table, len(rows))
        return counts

    async def erase(self, subject: Subject) -> AsyncIterator[tuple[str, int]]:
        """See CustomerTraces."""
        await self._forget_shared_look(subject)
        for place in _places(subject):
            async for rows in self._rows(place, subject):
                await self._delete(place.table, rows)
                yield place.table, len(rows)

    async def _rows(self, place: _Place, subject: Subject) -> AsyncIterator[list[Entity]]:
        table = Table(self._service, place.table)
        select = None if place.about else _KEYS
        async for entities, _ in table.pages(place.query, place.parameters, select=select):
            rows = [entity for entity in entities if not place.about or _is_about(place, entity, subject)]
            if rows:
                yield rows

    async def _delete(self, name: str, rows: list[Entity]) -> None:
        table = Table(self._service, name)
        partitions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for entity in rows:
            partition = str(entity["PartitionKey"])
            partitions[partition].append((partition, str(entity["RowKey"])))
            if name == _EVENTS:  # each has a second row, which says that it was told
                partitions[partition].append((partition, str(entity["key_row"])))
        for found in partitions.values():
            await table.delete_all(found)

    async def _forget_shared_look(self, subject: Subject) -> None:
        """The last look at all contacts of the PSA account; without its parts the next run looks again."""
        if not subject.psa_account:
            return
        place = _Place(
            "listings",
            "PartitionKey eq @look and RowKey ge @first and RowKey lt @last",
            {"look": key(subject.psa_account), "first": "part-", "last": "part-~"},
        )
        async for rows in self._rows(place, subject):
            await self._delete(place.table, rows)


def _places(subject: Subject) -> Iterator[_Place]:
    """Where rows of the customer lie. The connection goes before the events, as nobody tells of one that is
    not there; the customer's own row goes last, for it leads to everything else."""
    account, connection = key(subject.account_id), key(subject.connection_id)
    for table in ("contacts", "mirrors", "reviews", "runs"):
        yield _Place(table, "PartitionKey eq @connection", {"connection": connection})
    run = f"run_{subject.connection_id}"
    yield _Place("changes", "PartitionKey ge @first and PartitionKey lt @last", _between(run))
    yield _Place("reports", _ROW, {"account": account, "row": connection})
    yield _Place("reports", _ROW, {"account": connection, "row": "report"})  # as earlier versions kept it
    books = key(book_name(subject.connection_id, ""))
    yield _Place("links", "PartitionKey ge @first and PartitionKey lt @last", _between(books))
    look = key(f"{subject.psa_account} {subject.customer_id}")
    yield _Place("listings", "PartitionKey eq @look", {"look": look})
    yield _Place("connections", _ROW, {"account": account, "row": connection})
    feed = {"feed": account, "first": "e", "last": "f"}
    in_feed = "PartitionKey eq @feed and RowKey ge @first and RowKey lt @last"
    yield _Place(_EVENTS, in_feed, feed, about=True)
    yield _Place(_DELIVERIES, "PartitionKey eq @endpoint", {"endpoint": ""}, about=True)
    for endpoint in subject.endpoints:
        yield _Place(_DELIVERIES, "PartitionKey eq @endpoint", {"endpoint": key(endpoint)}, about=True)
    yield _Place("customers", _ROW, {"account": account, "row": key(subject.customer_id)})


_ROW = "PartitionKey eq @account and RowKey eq @row"


def _between(prefix: str) -> dict[str, str]:
    return {"first": prefix, "last": f"{prefix}~"}


def _is_about(place: _Place, entity: Entity, subject: Subject) -> bool:
    if place.table == _DELIVERIES:
        about = msgspec.json.decode(documents.read(entity, _Delivered).body, type=_About)
    else:
        about = documents.read(entity, _About)
    return about.customer_id == subject.customer_id or about.connection_id == subject.connection_id
