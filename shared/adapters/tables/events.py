"""The feed of each account: one partition, a row for the head, and two rows for each event.

The head counts, `e…` is an event by its place, `k…` says that something was told already. All three change in
one transaction that is conditional on the head, so that places have no gaps and nothing is in the feed twice.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from azure.core import MatchConditions
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.days import Days
from shared.adapters.tables.table import Entity, Operation, Table, key
from shared.core.errors import ConcurrentUpdate, RetryLater
from shared.core.events import Event
from shared.ports import Clock, EventFilter, FeedPart

_HEAD = "head"
_ATTEMPTS = 20
_LOOKED_AT = 1000  # events of one look that asks for some of them only


class TableEvents:
    """Implements EventStore."""

    def __init__(self, service: TableServiceClient, clock: Clock) -> None:
        """`service`: Table Storage."""
        self._table, self._days, self._clock = Table(service, "events"), Days(service, "eventdays"), clock

    async def append(self, account_id: str, events: Sequence[Event]) -> list[Event]:
        """See EventStore."""
        partition, now = key(account_id), self._clock.now()
        await self._days.note(account_id, now)
        placed: dict[str, Event] = {}
        for _ in range(_ATTEMPTS):
            head = await self._table.get(partition, _HEAD)
            last = 0 if head is None else int(head["last"])
            fresh = [event for event in events if event.key not in placed]
            numbered = [
                msgspec.structs.replace(event, sequence=last + number)
                for number, event in enumerate(fresh, start=1)
            ]
            if not numbered:
                break
            try:
                await self._table.transaction(_operations(partition, head, numbered, now.date()))
            except ConcurrentUpdate:  # others appended, or some of these are there already
                placed |= await self._placed(partition, fresh)
                continue
            placed |= {event.key: event for event in numbered}
            break
        else:
            raise RetryLater.soon("busy", "The account's feed is being written to by many others at once.")
        return [placed[event.key] for event in events]

    async def list(self, account_id: str, limit: int, after: int, wanted: EventFilter) -> FeedPart:
        """See EventStore."""
        query = "PartitionKey eq @partition and RowKey gt @after and RowKey lt @end"
        parameters = {"partition": key(account_id), "after": _row(after), "end": "f"}
        found: list[Event] = []
        position, looked_at = after, 0
        size = limit + 1 if wanted == EventFilter() else _LOOKED_AT
        async for entities, _ in self._table.pages(query, parameters, page_size=size):
            for entity in entities:
                if len(found) == limit or looked_at == _LOOKED_AT:
                    return FeedPart(tuple(found), position, more=True)
                event = documents.read(entity, Event)
                position, looked_at = event.sequence, looked_at + 1
                if wanted.takes(event):
                    found.append(event)
        return FeedPart(tuple(found), position, more=False)

    async def purge(self, before: datetime) -> int:
        """See EventStore."""
        purged = 0
        async for day, account_id in self._days.before(before.date()):
            purged += await self._purge(key(account_id), day)
            await self._days.forget(day, account_id)
        return purged

    async def _purge(self, partition: str, until: date) -> int:
        query = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end"
        parameters = {"partition": partition, "first": "e", "end": "f"}
        purged, last = 0, until.isoformat()
        async for entities, _ in self._table.pages(query, parameters, select=("RowKey", "key_row", "day")):
            old = [entity for entity in entities if entity["day"] <= last]
            rows = [(partition, str(entity[name])) for entity in old for name in ("RowKey", "key_row")]
            await self._table.delete_all(rows)
            purged += len(old)
            if len(old) < len(entities):
                break
        return purged

    async def _placed(self, partition: str, events: Sequence[Event]) -> dict[str, Event]:
        """Those of the events that are in the feed."""
        placed: dict[str, Event] = {}
        for event in events:
            mark = await self._table.get(partition, _key_row(event))
            entity = None if mark is None else await self._table.get(partition, _row(int(mark["sequence"])))
            if entity is not None:
                placed[event.key] = documents.read(entity, Event)
        return placed


def _operations(partition: str, head: Entity | None, events: Sequence[Event], day: date) -> list[Operation]:
    next_head: Entity = {"PartitionKey": partition, "RowKey": _HEAD, "last": events[-1].sequence}
    operations: list[Operation] = [("create", next_head)]
    if head is not None:
        condition = {
            "mode": UpdateMode.REPLACE,
            "etag": head.metadata["etag"],  # type: ignore[attr-defined]
            "match_condition": MatchConditions.IfNotModified,
        }
        operations = [("update", next_head, condition)]
    for event in events:
        columns = {"type": event.type.value, "day": day.isoformat(), "key_row": _key_row(event)}
        row: Entity = {"PartitionKey": partition, "RowKey": _row(event.sequence)}
        mark: Entity = {"PartitionKey": partition, "RowKey": _key_row(event), "sequence": event.sequence}
        operations += [("create", row | documents.write(event, **columns)), ("create", mark)]
    return operations


def _row(sequence: int) -> str:
    return f"e{sequence:015d}"


def _key_row(event: Event) -> str:
    return f"k{hashlib.blake2b(event.key.encode(), digest_size=16).hexdigest()}"
