"""Messages for the times at which a connection's syncs are due, and what happens between two fan-outs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.connection import Connection, ConnectionState
from shared.core.messages import SyncMessage
from shared.core.run import slot_run_id
from shared.core.schedule import due_times, next_due, outstanding, slot_after, slot_at
from shared.core.standing import overdue_since
from shared.logs import log
from shared.ports import Clock, Queue, ScheduledConnection

LONGEST_DELAY = timedelta(days=7)
"""A storage queue hides a message for no longer."""
_MAY_SYNC = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.VALIDATING})


def due_messages(
    connection: ScheduledConnection,
    spread: timedelta,
    window: tuple[datetime, datetime],
    now: datetime,
    opened_at: datetime,
) -> Iterator[tuple[SyncMessage, timedelta]]:
    """A message and its delay for each of the connection's due times within the window, which is half-open.

    The run's id follows from the connection and the due time: whoever sends the message again names the
    same run. What was due before the window was opened (`opened_at`) takes its place among the runs there.
    """
    after, until = window[0], min(window[1], now + LONGEST_DELAY)
    for due in outstanding(due_times(connection.schedule, connection.id, spread, after, until), now):
        run_id = slot_run_id(connection.id, due, max(due, opened_at))
        message = SyncMessage(connection.account_id, connection.id, run_id, due)
        yield message, max(due - now, timedelta(0))


@dataclass(frozen=True, slots=True)
class Scheduling:
    """The automatic syncs of one connection. `timer`: when fan-outs happen, as NCRONTAB."""

    queue: Queue
    clock: Clock
    timer: str
    spread: timedelta

    async def plan_ahead(self, connection: Connection) -> int:
        """Send the messages that the next fan-out would come too late for; returns how many.

        To be called for the connection as it is about to be, before that is written down: a message that
        finds nothing changed does no harm, one that nobody sent would be missing.
        """
        if connection.state not in _MAY_SYNC or connection.being_set_up:
            return 0
        now = self.clock.now()
        until = slot_after(self.timer, slot_at(self.timer, now))
        scheduled = ScheduledConnection(
            connection.account_id, connection.id, connection.configuration.schedule
        )
        messages = list(due_messages(scheduled, self.spread, (now, until), now, now))
        for message, delay in messages:
            await self.queue.send(message, delay)
        log("schedule.planned_ahead", connection=connection.id, messages=len(messages))
        return len(messages)

    def next_sync(self, connection: Connection) -> datetime | None:
        """When the next automatic sync begins (UTC); None where there will be none."""
        if connection.state is not ConnectionState.ACTIVE or connection.being_set_up:
            return None
        return next_due(connection.configuration.schedule, connection.id, self.spread, self.clock.now())

    def overdue_since(self, connection: Connection) -> datetime | None:
        """When the sync was due that has not come about; None while none is late."""
        return overdue_since(connection, self.spread, self.clock.now())
