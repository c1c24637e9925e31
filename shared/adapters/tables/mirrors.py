"""Directory mirrors: blocks of users, packed, a few hundred kilobytes to an entity."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Table, key
from shared.core.mirror import FORMAT, Snapshot
from shared.core.models import DirectoryUser, RemovalReason

T = TypeVar("T")

_USERS, _DEPARTED, _TOUCHED = "users", "departed", "touched"


class TableMirrors:
    """Implements MirrorStore: one partition per connection, rows `{name}-{part}-{number}`.

    A reference is `{format}:{name}:{blocks of users}:{blocks of the departed}:{of the touched, - for all}`:
    a mirror of which a block is missing, or that an older version wrote, does not load.
    """

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "mirrors")
        self._encoder = msgspec.msgpack.Encoder()

    async def save(self, connection_id: str, name: str, snapshot: Snapshot) -> str:
        """See MirrorStore."""
        users = await self._put(connection_id, name, _USERS, snapshot.users.values())
        departed = await self._put(connection_id, name, _DEPARTED, snapshot.departed.items())
        touched = "-"
        if snapshot.touched is not None:
            touched = str(await self._put(connection_id, name, _TOUCHED, sorted(snapshot.touched)))
        return f"{FORMAT}:{name}:{users}:{departed}:{touched}"

    async def load(self, connection_id: str, reference: str) -> Snapshot | None:
        """See MirrorStore."""
        format_number, _, rest = reference.partition(":")
        parts = rest.split(":")
        if format_number != str(FORMAT) or len(parts) != 4:
            return None
        name, users_blocks, departed_blocks, touched_blocks = parts
        expected = {_USERS: int(users_blocks), _DEPARTED: int(departed_blocks)}
        if touched_blocks != "-":
            expected[_TOUCHED] = int(touched_blocks)
        blocks: dict[str, list[bytes]] = {part: [] for part in expected}
        query = "PartitionKey eq @connection and RowKey ge @first and RowKey lt @last"
        parameters = {"connection": key(connection_id), "first": f"{name}-", "last": f"{name}-~"}
        async for entity in self._table.entities(query, parameters):
            part = str(entity["RowKey"]).split("-")[1]
            if part in blocks and len(blocks[part]) < expected[part]:
                blocks[part].append(documents.unpack(entity))
        if any(len(found) != expected[part] for part, found in blocks.items()):
            return None
        return await asyncio.to_thread(_snapshot, blocks)  # large tenants take a while

    async def prune(self, connection_id: str, keep: str | None) -> None:
        """See MirrorStore."""
        query = "PartitionKey eq @connection and RowKey lt @kept"
        kept = f"{keep.split(':')[1]}-" if keep else "~"
        rows = [
            (str(entity["PartitionKey"]), str(entity["RowKey"]))
            async for entity in self._table.entities(
                query, {"connection": key(connection_id), "kept": kept}, select=("PartitionKey", "RowKey")
            )
        ]
        await self._table.delete_all(rows)

    async def _put(self, connection_id: str, name: str, part: str, items: Iterable[Any]) -> int:
        number = 0
        for number, block in enumerate(self._blocks(items), start=1):
            entity = {"PartitionKey": key(connection_id), "RowKey": f"{name}-{part}-{number:06d}"}
            await self._table.upsert(entity | documents.pack(block))
        return number

    def _blocks(self, items: Iterable[Any]) -> Iterator[bytes]:
        """Lists of items, each small enough for an entity even when it cannot be compressed."""
        block: list[msgspec.Raw] = []
        size = 0
        for item in items:
            encoded = self._encoder.encode(item)
            if block and size + len(encoded) > documents.BLOB:
                yield self._encoder.encode(block)
                block, size = [], 0
            block.append(msgspec.Raw(encoded))
            size += len(encoded)
        if block:
            yield self._encoder.encode(block)


def _snapshot(blocks: Mapping[str, list[bytes]]) -> Snapshot:
    users = _decoded(blocks[_USERS], list[DirectoryUser])
    return Snapshot(
        users={user.id: user for user in map(_interned, users)},
        departed=dict(_decoded(blocks[_DEPARTED], list[tuple[str, RemovalReason]])),
        touched=frozenset(_decoded(blocks[_TOUCHED], list[str])) if _TOUCHED in blocks else None,
        changed=True,
    )


def _interned(user: DirectoryUser) -> DirectoryUser:
    """The same user, with each text in memory once: users share most with each other and with contacts."""
    return DirectoryUser(*map(_once, msgspec.structs.astuple(user)))


def _once(value: Any) -> Any:
    return sys.intern(value) if isinstance(value, str) else value


def _decoded(blocks: Iterable[bytes], kind: type[list[T]]) -> Iterator[T]:
    decoder = msgspec.msgpack.Decoder(kind)
    for block in blocks:
        yield from decoder.decode(block)
