"""Every slot of the timer: the queue messages for the syncs that are due before the next one."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.core.errors import ConcurrentUpdate
from shared.core.schedule import slot_after, slot_at
from shared.logs import log
from shared.ports import Clock, ConnectionStore, OpenSlot, Queue, ScheduledConnection, SlotStore
from shared.services.scheduling import due_messages

_LEASE = timedelta(minutes=2)
_CONCURRENCY = 32


@dataclass(frozen=True, slots=True)
class FanOut:
    """Streams the connections, so that memory does not grow with their number.

    A slot is claimed before its first message, and its progress is written down after every page: a timer
    that fires twice or late sends nothing twice, and one that dies is taken up where it stopped. Should it
    die inside a page, that page's messages go out again; they name the same runs, so nothing runs twice.
    """

    connections: ConnectionStore
    slots: SlotStore
    queue: Queue
    clock: Clock
    schedule: str
    spread: timedelta

    async def fire(self) -> int:
        """Fan out the slot that is due now; returns how many messages were sent."""
        return await self._fan_out(slot_at(self.schedule, self.clock.now()))

    async def resume(self) -> int:
        """Finish slots that were begun and left alone; returns how many messages were sent."""
        return sum([await self._fan_out(slot) for slot in await self.slots.unfinished(self.clock.now())])

    async def _fan_out(self, slot: datetime) -> int:
        open_slot = await self.slots.open(slot, self.clock.now(), _LEASE)
        if open_slot is None:
            log("fan_out.already_done", slot=slot.isoformat())
            return 0
        before = open_slot.sent
        try:
            async for page in self.connections.active(open_slot.after):
                sent = open_slot.sent + await self._send(page.items, open_slot)
                open_slot = await self._advance(
                    open_slot, after=page.after, sent=sent, done=page.after is None
                )
            if not open_slot.done:
                open_slot = await self._advance(open_slot, done=True)
        except ConcurrentUpdate:
            log("fan_out.taken_over", slot=slot.isoformat())
            return open_slot.sent - before
        log("fan_out.done", slot=slot.isoformat(), messages=open_slot.sent)
        return open_slot.sent - before

    async def _advance(self, open_slot: OpenSlot, **progress: object) -> OpenSlot:
        return await self.slots.advance(
            msgspec.structs.replace(open_slot, **progress), self.clock.now(), _LEASE
        )

    async def _send(self, connections: tuple[ScheduledConnection, ...], open_slot: OpenSlot) -> int:
        now, opened_at = self.clock.now(), open_slot.opened_at
        window = (open_slot.slot, slot_after(self.schedule, open_slot.slot))
        messages = [
            message
            for connection in connections
            for message in due_messages(connection, self.spread, window, now, opened_at)
        ]
        waiting = iter(messages)

        async def sender() -> None:
            for message, delay in waiting:
                await self.queue.send(message, delay)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_CONCURRENCY, len(messages))):
                    group.create_task(sender())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in
        return len(messages)
