"""The queue of work in memory: messages in the order in which they become visible."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.messages import QueueMessage, decode, encode
from shared.telemetry.carrying import sending
from tests.fakes.clock import FakeClock

LONGEST_DELAY = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """A message that is not delivered yet."""

    visible_at: datetime
    number: int
    body: bytes

    @property
    def message(self) -> QueueMessage:
        return decode(self.body)


class FakeQueue:
    """`sent` keeps every message ever sent with its delay; `waiting` those that are not taken yet."""

    def __init__(self, clock: FakeClock, name: str = "sync-requests") -> None:
        self.clock, self.name = clock, name
        self._numbers = 0
        self.sent: list[tuple[QueueMessage, timedelta]] = []
        self.waiting: list[Waiting] = []

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        if not timedelta(0) <= delay <= LONGEST_DELAY:
            raise ValueError(f"a storage queue takes no delay of {delay}")
        with sending(self.name, message, delay) as body:
            self.sent.append((message, delay))
            self._wait(body, delay)

    def put_back(self, message: QueueMessage | Waiting, delay: timedelta) -> None:
        """A message that was not finished becomes visible again, as it was sent."""
        self._wait(message.body if isinstance(message, Waiting) else encode(message), delay)

    def take(self, *, until: datetime | None = None) -> QueueMessage | None:
        """The next message that is visible by `until`, with the clock moved to where it is."""
        taken = self.take_waiting(until=until)
        return None if taken is None else taken.message

    def take_waiting(self, *, until: datetime | None = None) -> Waiting | None:
        """The same, as it was sent."""
        if not self.waiting:
            return None
        first = min(self.waiting, key=lambda waiting: (waiting.visible_at, waiting.number))
        if until is not None and first.visible_at > until:
            return None
        self.waiting.remove(first)
        self.clock.move_to(first.visible_at)
        return first

    def _wait(self, body: bytes, delay: timedelta) -> None:
        self._numbers += 1
        self.waiting.append(Waiting(self.clock.now() + delay, self._numbers, body))
