"""Directory mirrors: blocks of users, packed, a few hundred kilobytes to an entity."""

import asyncio
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Table, key
from shared.core.mirror import FORMAT, Snapshot
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.supplement import Registration, Supplement

T = TypeVar("T")

_USERS, _DEPARTED, _TOUCHED, _MISSING = "users", "departed", "touched", "missing"
_MEMBERS, _PURPOSES, _REGISTRATIONS, _ACTIVITY = "members", "purposes", "registrations", "activity"
_REST = "rest"  # of the supplement: what does not grow with the number of users
_PARTS = (_USERS, _DEPARTED, _TOUCHED, _MISSING, _MEMBERS, _PURPOSES, _REGISTRATIONS, _ACTIVITY, _REST)
_NONE = "-"


class TableMirrors:
    """Implements MirrorStore: one partition per connection, rows `{name}-{part}-{number}`.

    A reference is `{format}:{name}:{full reads}:{blocks of each part}`, the numbers of blocks with a point
    between them and `-` for a part that is None: a mirror of which a block is missing, or that an older
    version wrote, does not load.
    """

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "mirrors")

    async def save(self, connection_id: str, name: str, snapshot: Snapshot) -> str:
        """See MirrorStore."""
        parts = _parts(snapshot)
        numbers = []
        for part in _PARTS:
            items = parts[part]
            blocks = _NONE if items is None else str(await self._put(connection_id, name, part, items))
            numbers.append(blocks)
        return f"{FORMAT}:{name}:{snapshot.full_reads}:{'.'.join(numbers)}"

    async def load(self, connection_id: str, reference: str) -> Snapshot | None:
        """See MirrorStore."""
        format_number, _, rest = reference.partition(":")
        if format_number != str(FORMAT):
            return None
        name, full_reads, numbers = rest.split(":")
        expected = {
            part: int(number)
            for part, number in zip(_PARTS, numbers.split("."), strict=True)
            if number != _NONE
        }
        blocks: dict[str, list[bytes]] = {part: [] for part in expected}
        query = "PartitionKey eq @connection and RowKey ge @first and RowKey lt @last"
        parameters = {"connection": key(connection_id), "first": f"{name}-", "last": f"{name}-~"}
        async for entity in self._table.entities(query, parameters):
            part = str(entity["RowKey"]).split("-")[1]
            if part in blocks and len(blocks[part]) < expected[part]:
                blocks[part].append(documents.joined(entity))
        if any(len(found) != expected[part] for part, found in blocks.items()):
            return None
        return await asyncio.to_thread(_snapshot, blocks, int(full_reads))  # large tenants take a while

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
        for number, block in enumerate(documents.blocks(items), start=1):
            entity = {"PartitionKey": key(connection_id), "RowKey": f"{name}-{part}-{number:06d}"}
            await self._table.upsert(entity | documents.pack(block))
        return number


def _parts(snapshot: Snapshot) -> dict[str, Iterable[Any] | None]:
    """The snapshot as lists, each of which may be long."""
    supplement = snapshot.supplement
    rest = msgspec.structs.replace(
        supplement, group_members=None, purposes=None, registrations=None, activity=None
    )
    return {
        _USERS: snapshot.users.values(),
        _DEPARTED: snapshot.departed.items(),
        _TOUCHED: _ordered(snapshot.touched),
        _MISSING: sorted(snapshot.missing),
        _MEMBERS: _ordered(supplement.group_members),
        _PURPOSES: _items(supplement.purposes),
        _REGISTRATIONS: _items(supplement.registrations),
        _ACTIVITY: _items(supplement.activity),
        _REST: [rest],
    }


def _ordered(texts: Collection[str] | None) -> list[str] | None:
    return None if texts is None else sorted(texts)


def _items(values: Mapping[str, T] | None) -> Iterable[tuple[str, T]] | None:
    return None if values is None else values.items()


def _snapshot(blocks: dict[str, list[bytes]], full_reads: int) -> Snapshot:
    return _Loading(blocks).snapshot(full_reads)


class _Loading:
    """Puts a snapshot together, with every text, tuple and date in memory once.

    People share most of theirs with each other and with their contacts, and a run holds everybody at once.
    """

    def __init__(self, blocks: dict[str, list[bytes]]) -> None:
        """`blocks`: packed, by part; each is given up as soon as it is read."""
        self._blocks = blocks
        self._seen: dict[Any, Any] = {}

    def snapshot(self, full_reads: int) -> Snapshot:
        (rest,) = self._read(_REST, list[Supplement])
        return Snapshot(
            users={user.id: user for user in map(self._user, self._read(_USERS, list[DirectoryUser]))},
            departed=dict(self._read(_DEPARTED, list[tuple[str, RemovalReason]])),
            touched=self._texts(_TOUCHED),
            changed=True,
            missing=self._texts(_MISSING) or frozenset(),
            full_reads=full_reads,
            supplement=msgspec.structs.replace(
                rest,
                group_members=self._texts(_MEMBERS),
                purposes=self._dictionary(_PURPOSES, list[tuple[str, str]]),
                registrations=self._dictionary(_REGISTRATIONS, list[tuple[str, Registration]]),
                activity=self._dictionary(_ACTIVITY, list[tuple[str, date | None]]),
            ),
        )

    def _user(self, user: DirectoryUser) -> DirectoryUser:
        return DirectoryUser(*map(self._once, msgspec.structs.astuple(user)))

    def _texts(self, part: str) -> frozenset[str] | None:
        if part not in self._blocks:
            return None
        return frozenset(map(sys.intern, self._read(part, list[str])))

    def _dictionary(self, part: str, kind: type[list[tuple[str, T]]]) -> dict[str, T] | None:
        if part not in self._blocks:
            return None
        return {sys.intern(name): self._once(value) for name, value in self._read(part, kind)}

    def _once(self, value: Any) -> Any:
        """The value, or one equal to it that was there before."""
        if isinstance(value, str):
            return sys.intern(value)
        if not isinstance(value, tuple | Registration | date):
            return value
        if value not in self._seen:
            if isinstance(value, tuple):
                value = tuple(map(self._once, value))
            elif isinstance(value, Registration):
                value = Registration(value.capable, self._once(value.methods))
            self._seen[value] = value
        return self._seen[value]

    def _read(self, part: str, kind: type[list[T]]) -> Iterator[T]:
        decoder = msgspec.msgpack.Decoder(kind)
        blocks = self._blocks[part]
        blocks.reverse()
        while blocks:
            yield from decoder.decode(documents.unpacked(blocks.pop()))
