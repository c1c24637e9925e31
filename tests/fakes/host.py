"""What delivers the messages of the queues in memory."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared import entry_points
from shared.app import App
from shared.core.errors import AttemptFailed
from shared.core.messages import QueueMessage
from shared.telemetry.carrying import processing
from tests.fakes.process import ProcessKilled
from tests.fakes.queue import FakeQueue

VISIBILITY = timedelta(minutes=10)
"""After this a message that nobody finished is delivered again."""
DELIVERIES = 5
"""So many deliveries, then a message goes to the poison queue."""


class QueueHost:
    """The platform's part: messages are delivered to `app`, again where it fails, and in the end given up."""

    app: App
    queue: FakeQueue
    notices: FakeQueue
    outgoing: FakeQueue
    poison: list[QueueMessage]

    async def deliver(
        self,
        message: QueueMessage,
        app: App | None = None,
        *,
        queue: str = "",
        body: bytes = b"",
        again: bool = False,
    ) -> bool:
        """Hand one message to an app once; False when it has to be delivered again, which it then is.

        `queue` and `body`: where it comes from and as what, for its trace.
        """
        app = app or self.app
        try:
            with processing(queue or self.queue.name, body, message):
                await entry_points.carry_out(app, message, again=again)
        except (AttemptFailed, ProcessKilled):
            return False
        return True

    async def drain(
        self,
        start: Callable[[], App] | None = None,
        *,
        deliveries: int = 1000,
        until: Any = None,
    ) -> int:
        """Deliver message after message until none is left; returns how many deliveries that took.

        `start` gives the app for each delivery. A message that was not finished comes back after
        `VISIBILITY`, and after `DELIVERIES` of them goes to the poison queue.
        """
        return await self._drain(self.queue, start, deliveries, until)

    async def publish(self, start: Callable[[], App] | None = None, *, until: Any = None) -> None:
        """The same with the messages that put what happened into the feed, which `drain` leaves alone."""
        await self._drain(self.notices, start, 1000, until)

    async def send_out(self, start: Callable[[], App] | None = None, *, until: Any = None) -> None:
        """The same with the messages that send events to webhook endpoints."""
        await self._drain(self.outgoing, start, 1000, until)

    async def _drain(
        self, queue: FakeQueue, start: Callable[[], App] | None, deliveries: int, until: Any
    ) -> int:
        tries: dict[bytes, int] = {}
        for count in range(deliveries):
            taken = queue.take_waiting(until=until)
            if taken is None:
                return count
            message = taken.message
            app = start() if start else None
            identity = repr(message).encode()
            again = identity in tries
            if await self.deliver(message, app, queue=queue.name, body=taken.body, again=again):
                continue
            tries[identity] = tries.get(identity, 0) + 1
            if tries[identity] < DELIVERIES:
                queue.put_back(taken, VISIBILITY)
                continue
            self.poison.append(message)
            await entry_points.abandon(self.app, message)
        raise AssertionError(f"the queue is not empty after {deliveries} deliveries")
