"""Shared allowances in memory."""

from collections import defaultdict
from datetime import datetime, timedelta

from shared.core.budget import Budget
from shared.ports import Clock


class FakeBudgets:
    """Implements Budgets without a row to race for; `calls` counts every question."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[str, Budget] = defaultdict(Budget)
        self._asked: dict[str, tuple[datetime, timedelta]] = {}
        self.calls = 0

    async def reserve(
        self, name: str, amount: int, *, limit: int, window: timedelta, by: str = "", worth: int = 0
    ) -> timedelta:
        self.calls += 1
        now = self._clock.now()
        self._asked[name] = now, window
        self._budgets[name], wait = self._budgets[name].reserved(
            amount, limit, window, now, by=by, worth=worth
        )
        return wait

    async def pause(self, name: str, until: datetime) -> None:
        self.calls += 1
        self._budgets[name] = self._budgets[name].paused(until)

    async def paused_until(self, name: str) -> datetime | None:
        self.calls += 1
        budget = self._budgets[name]
        return budget.paused_until if budget.pause_left(self._clock.now()) else None

    def granted(self, name: str) -> int:
        """How much of `name` was granted within the last window that was asked for."""
        if name not in self._asked:
            return 0
        return self._budgets[name].held(*self._asked[name])
