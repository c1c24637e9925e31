"""Shared allowances in memory."""

from collections import defaultdict
from datetime import datetime, timedelta

from shared.ports import Clock


class FakeBudgets:
    """Implements Budgets with sliding windows; `calls` counts every question."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self._paused: dict[str, datetime] = {}
        self.calls = 0

    async def reserve(self, name: str, amount: int, *, limit: int, window: timedelta) -> timedelta:
        self.calls += 1
        if not 0 < amount <= limit:
            raise ValueError(f"{amount} of {limit} can never be granted")
        now = self._clock.now()
        if (until := self._until(name)) is not None:
            return until - now
        taken = self._taken[name] = [(at, much) for at, much in self._taken[name] if at > now - window]
        room = limit - sum(much for _, much in taken)
        if amount <= room:
            taken.append((now, amount))
            return timedelta(0)
        for at, much in taken:
            room += much
            if amount <= room:
                return at + window - now
        raise AssertionError("everything that was taken is given back in the end")

    async def pause(self, name: str, until: datetime) -> None:
        self.calls += 1
        self._paused[name] = max(until, self._paused.get(name, until))

    async def paused_until(self, name: str) -> datetime | None:
        self.calls += 1
        return self._until(name)

    def _until(self, name: str) -> datetime | None:
        until = self._paused.get(name)
        return until if until is not None and until > self._clock.now() else None

    def granted(self, name: str) -> int:
        """How much of `name` was granted within the last window that was asked for."""
        return sum(much for _, much in self._taken[name])
