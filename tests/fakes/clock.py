"""Time that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


class FakeClock:
    """A settable clock; the monotonic one goes with it and never back."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        if by < timedelta(0):
            raise ValueError("time does not go back")
        self._now += by
        self._monotonic += by.total_seconds()

    def move_to(self, moment: datetime) -> None:
        """Let time pass until `moment`; a moment that is over is no reason to go back."""
        self.advance(max(moment - self._now, timedelta(0)))
