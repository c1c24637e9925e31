"""The feed of events in memory."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from shared.core.events import Event
from shared.ports import Clock, EventFilter, FeedPart


class FakeEventStore:
    """One feed per account. `feed` is for a look from outside."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: dict[str, list[tuple[date, bytes]]] = {}
        self._last: dict[str, int] = {}

    def feed(self, account_id: str) -> list[Event]:
        """Every event of the account in order."""
        return [msgspec.json.decode(body, type=Event) for _, body in self._events.get(account_id, [])]

    async def append(self, account_id: str, events: Sequence[Event]) -> list[Event]:
        placed = {event.key: event for event in self.feed(account_id)}
        for event in events:
            if event.key not in placed:
                number = self._last.get(account_id, 0) + 1
                numbered = msgspec.structs.replace(event, sequence=number)
                self._last[account_id], placed[event.key] = number, numbered
                row = (self._clock.now().date(), msgspec.json.encode(numbered))
                self._events.setdefault(account_id, []).append(row)
        return [placed[event.key] for event in events]

    async def list(self, account_id: str, limit: int, after: int, wanted: EventFilter) -> FeedPart:
        found: list[Event] = []
        position = after
        for event in self.feed(account_id):
            if event.sequence <= after:
                continue
            if len(found) == limit:
                return FeedPart(tuple(found), position, more=True)
            position = event.sequence
            if wanted.takes(event):
                found.append(event)
        return FeedPart(tuple(found), position, more=False)

    async def purge(self, before: datetime) -> int:
        purged = 0
        for account_id, rows in self._events.items():
            kept = [(day, body) for day, body in rows if day >= before.date()]
            purged += len(rows) - len(kept)
            self._events[account_id] = kept
        return purged
