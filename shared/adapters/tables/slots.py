"""Which slots of the schedule were fanned out, and how far."""

from datetime import datetime, timedelta

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables.table import Entity, Table
from shared.core.errors import ConcurrentUpdate
from shared.ports import OpenSlot

_PARTITION = "slot"


class TableSlots:
    """Implements SlotStore: one row per slot."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "slots")

    async def open(self, slot: datetime, now: datetime, lease: timedelta) -> OpenSlot | None:
        """See SlotStore."""
        fresh = OpenSlot(slot, opened_at=now, etag="")
        try:
            return msgspec.structs.replace(fresh, etag=await self._table.insert(_entity(fresh, now + lease)))
        except ConcurrentUpdate:
            entity = await self._table.get(_PARTITION, _row(slot))
        if entity is None or entity["done"] or entity["lease_until"] > now:
            return None
        etag = entity.metadata["etag"]  # type: ignore[attr-defined]
        left = OpenSlot(slot, entity["opened_at"], etag, entity.get("after"), entity["sent"])
        try:
            return await self.advance(left, now, lease)
        except ConcurrentUpdate:
            return None

    async def advance(self, slot: OpenSlot, now: datetime, lease: timedelta) -> OpenSlot:
        """See SlotStore."""
        etag = await self._table.replace(_entity(slot, now + lease), slot.etag)
        return msgspec.structs.replace(slot, etag=etag)

    async def unfinished(self, now: datetime) -> list[datetime]:
        """See SlotStore."""
        query = "PartitionKey eq @slot and done eq false and lease_until le @now"
        rows = self._table.entities(query, {"slot": _PARTITION, "now": now}, select=("RowKey",))
        return [datetime.fromisoformat(entity["RowKey"]) async for entity in rows]


def _entity(slot: OpenSlot, lease_until: datetime) -> Entity:
    entity: Entity = {
        "PartitionKey": _PARTITION,
        "RowKey": _row(slot.slot),
        "opened_at": slot.opened_at,
        "sent": slot.sent,
        "done": slot.done,
        "lease_until": lease_until,
    }
    return entity if slot.after is None else entity | {"after": slot.after}


def _row(slot: datetime) -> str:
    return slot.isoformat()
