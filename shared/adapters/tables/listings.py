"""Looks at a PSA's contacts: one partition for each, a row for the head and rows for the parts."""

from collections.abc import Sequence

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.links import RemoteContact
from shared.ports import ListingHead, Stored

_HEAD = "head"


class TableListings:
    """Implements ListingStore. A part is `part-{version}-{number}-{block}`, of as many blocks as it needs."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "listings")

    async def head(self, name: str) -> Stored[ListingHead] | None:
        """See ListingStore."""
        entity = await self._table.get(key(name), _HEAD)
        if entity is None:
            return None
        return Stored(documents.read(entity, ListingHead), entity.metadata["etag"])  # type: ignore[attr-defined]

    async def move(
        self, name: str, before: Stored[ListingHead] | None, head: ListingHead
    ) -> Stored[ListingHead]:
        """See ListingStore."""
        entity: Entity = {"PartitionKey": key(name), "RowKey": _HEAD, **documents.write(head)}
        if before is None:
            return Stored(head, await self._table.insert(entity))
        return Stored(head, await self._table.replace(entity, before.etag))

    async def add_part(self, name: str, version: str, number: int, contacts: Sequence[RemoteContact]) -> None:
        """See ListingStore."""
        blocks = list(documents.blocks(contacts))
        for block_number, block in enumerate(blocks):
            # The count of blocks tells a part that was written in full.
            row = f"{_part(version, number)}-{block_number:03d}"
            entity: Entity = {"PartitionKey": key(name), "RowKey": row, "blocks": len(blocks)}
            await self._table.upsert(entity | documents.pack(block))

    async def contacts(self, name: str, head: ListingHead) -> list[RemoteContact] | None:
        """See ListingStore."""
        query = "PartitionKey eq @name and RowKey ge @first and RowKey lt @last"
        first, last = f"part-{head.version}-", f"part-{head.version}-~"
        found: list[RemoteContact] = []
        blocks: dict[int, int] = {}
        missing: dict[int, int] = {}
        async for entity in self._table.entities(query, {"name": key(name), "first": first, "last": last}):
            number, block_number = map(int, str(entity["RowKey"]).split("-")[2:])
            if number >= head.parts:
                continue  # of somebody who was cut short before the head was moved
            if block_number == 0:
                blocks[number] = missing[number] = int(entity["blocks"])
            if block_number >= blocks.get(number, 0):
                continue  # of a longer part that was written over
            missing[number] -= 1
            found += msgspec.msgpack.decode(documents.unpack(entity), type=list[RemoteContact])
        complete = len(missing) == head.parts and not any(missing.values())
        return found if complete else None

    async def prune(self, name: str, keep: str) -> None:
        """See ListingStore."""
        query = "PartitionKey eq @name and RowKey ge @first and RowKey lt @last"
        rows = [
            (str(entity["PartitionKey"]), str(entity["RowKey"]))
            async for entity in self._table.entities(
                query,
                {"name": key(name), "first": "part-", "last": "part-~"},
                select=("PartitionKey", "RowKey"),
            )
            if not str(entity["RowKey"]).startswith(f"part-{keep}-")
        ]
        await self._table.delete_all(rows)


def _part(version: str, number: int) -> str:
    return f"part-{version}-{number:06d}"
