"""Runs, newest first, and what each of them did."""

import base64
import binascii
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.accounts import listed
from shared.adapters.tables.table import Entity, Table, key
from shared.core.changes import Change
from shared.core.errors import ConcurrentUpdate
from shared.core.run import Run, connection_of
from shared.ports import Page

_REMEMBERED = 64  # runs; a process works on a few at a time


class TableRuns:
    """Implements RunStore: one partition per connection; run ids sort newest first."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "runs")
        self._latest: OrderedDict[str, tuple[Run, str]] = OrderedDict()

    async def add(self, run: Run) -> bool:
        """See RunStore."""
        try:
            self._remember(run, await self._table.insert(_entity(run)))
        except ConcurrentUpdate:
            return False
        return True

    async def get(self, run_id: str) -> Run | None:
        """See RunStore."""
        connection_id = connection_of(run_id)
        entity = None if connection_id is None else await self._table.get(connection_id, run_id)
        return None if entity is None else documents.read(entity, Run)

    async def save(self, run: Run) -> None:
        """See RunStore."""
        await self._table.upsert(_entity(run))

    async def swap(self, before: Run, after: Run) -> bool:
        """See RunStore."""
        known, etag = self._latest.pop(before.id, (None, ""))
        if known != before:
            entity = await self._table.get(before.connection_id, before.id)
            if entity is None or documents.read(entity, Run) != before:
                return False
            etag = entity.metadata["etag"]  # type: ignore[attr-defined]
        try:
            self._remember(after, await self._table.replace(_entity(after), etag))
        except ConcurrentUpdate:
            return False
        return True

    def _remember(self, run: Run, etag: str) -> None:
        """What this process wrote last it need not read to write over it; a stale ETag writes nothing."""
        self._latest[run.id] = (run, etag)
        while len(self._latest) > _REMEMBERED:
            self._latest.popitem(last=False)

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[Run]:
        """See RunStore."""
        return await listed(self._table, connection_id, Run, limit, after)


class TableChanges:
    """Implements ChangeLog: one partition per run, one entity per chunk."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "changes")
        self._decoder = msgspec.json.Decoder(list[Change])

    async def put(self, run_id: str, chunk: str, changes: Sequence[Change]) -> None:
        """See ChangeLog."""
        if not changes:
            await self._table.delete(key(run_id), chunk)
            return
        blob = documents.pack(msgspec.json.encode(changes))
        entity = {"PartitionKey": key(run_id), "RowKey": chunk, "changes": len(changes)}
        await self._table.upsert(entity | blob)

    async def chunks(self, run_id: str) -> AsyncIterator[tuple[str, list[Change]]]:
        """See ChangeLog."""
        async for entity in self._table.entities("PartitionKey eq @run", {"run": key(run_id)}):
            yield entity["RowKey"], self._decoder.decode(documents.unpack(entity))

    async def list(self, run_id: str, limit: int, after: str | None = None) -> Page[Change]:
        """See ChangeLog."""
        chunk, offset = _position(after)
        query = "PartitionKey eq @run and RowKey ge @chunk"
        found: list[Change] = []
        async for entity in self._table.entities(query, {"run": key(run_id), "chunk": chunk}):
            changes = self._decoder.decode(documents.unpack(entity))
            start = offset if entity["RowKey"] == chunk else 0
            room = limit - len(found)
            if room == 0 and start < len(changes):
                return Page(tuple(found), _after(entity["RowKey"], start))
            found += changes[start : start + room]
            if start + room < len(changes):
                return Page(tuple(found), _after(entity["RowKey"], start + room))
        return Page(tuple(found))


def _after(chunk: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{chunk}:{offset}".encode()).decode()


def _position(after: str | None) -> tuple[str, int]:
    """Where to go on; a token that is none of ours begins at the beginning."""
    try:
        chunk, offset = base64.urlsafe_b64decode(after or "").decode().rsplit(":", 1)
        return chunk, max(int(offset), 0)
    except (ValueError, binascii.Error):
        return "", 0


def _entity(run: Run) -> Entity:
    columns = {"customer_id": run.customer_id, "state": run.state.value, "trigger": run.trigger.value}
    return {"PartitionKey": run.connection_id, "RowKey": run.id, **documents.write(run, **columns)}
