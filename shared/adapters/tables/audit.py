"""The audit log: rows are inserted, and there is nothing here that changes or deletes one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table
from shared.core.audit import AuditEntry

_PARTITION = "audit"
_LATEST = 10**13 - 1  # milliseconds; rows count down from here, so that the newest come first


class TableAudit:
    """Implements AuditLog: one partition, rows by when an act was begun."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "audit")

    async def append(self, entry: AuditEntry) -> None:
        """See AuditLog."""
        part = "begun" if entry.outcome is None else "ended"
        place: Entity = {
            "PartitionKey": _PARTITION,
            "RowKey": f"{_countdown(entry.begun_at)}-{entry.act}-{part}",
        }
        columns = {"verb": entry.verb, "operator_id": entry.by.id, "at": entry.at, "outcome": entry.outcome}
        await self._table.insert(place | documents.write(entry, **columns))

    async def entries(self, since: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """See AuditLog."""
        last = "~" if since is None else f"{_countdown(since)}-~"
        query = "PartitionKey eq @audit and RowKey le @last"
        async for entity in self._table.entities(query, {"audit": _PARTITION, "last": last}):
            yield documents.read(entity, AuditEntry)


def _countdown(at: datetime) -> str:
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return f"{_LATEST - milliseconds:013d}"
