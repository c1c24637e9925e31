"""The feed of events of each account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.core.events import Event, EventType


class EventFilter(msgspec.Struct, frozen=True):
    """Which events somebody asks for; empty means all of them."""

    types: tuple[EventType, ...] = ()
    customer_id: str | None = None

    def takes(self, event: Event) -> bool:
        """Whether the event is asked for."""
        mine = self.customer_id is None or event.customer_id == self.customer_id
        return mine and (not self.types or event.type in self.types)


class FeedPart(msgspec.Struct, frozen=True):
    """A part of a feed; `position`: the place of the last event that was looked at; `more`: whether there is
    anything after it."""

    events: tuple[Event, ...]
    position: int
    more: bool


class EventStore(Protocol):
    """One feed per account: numbered without gaps, in the order in which events came, and never changed.

    Only a customer that is erased takes its own events along; their places stay empty.
    """

    async def append(self, account_id: str, events: Sequence[Event]) -> list[Event]:
        """Give each event the next place, but one whose `key` has one already; returns all with their places.

        All at once or none of them, at most 20. Raises RetryLater where too many others append.
        """
        ...

    async def list(self, account_id: str, limit: int, after: int, wanted: EventFilter) -> FeedPart:
        """At most `limit` events after the place, oldest first."""
        ...

    async def purge(self, before: datetime) -> int:
        """Delete events that took their places before that day, and return how many."""
        ...
