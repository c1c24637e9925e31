"""How many calls somebody may make in any minute, as an API counts them that answers 429."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class CallLimit:
    """Counts the calls of the last minute, of each caller."""

    def __init__(self, now: Callable[[], datetime], per_minute: int | None) -> None:
        """`per_minute`: None for no limit; may be changed at any time."""
        self._now, self.per_minute = now, per_minute
        self._calls: dict[str, deque[datetime]] = {}

    def take(self, caller: str) -> float | None:
        """Count a call; returns None when it may be answered, else for how many seconds none is."""
        now = self._now()
        calls = self._calls.setdefault(caller, deque())
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if self.per_minute is not None and len(calls) >= self.per_minute:
            return (calls[0] + MINUTE - now).total_seconds()
        calls.append(now)
        return None
