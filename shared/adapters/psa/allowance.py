"""Calls to a PSA, taken from an allowance that all workers share, in blocks."""

import asyncio
from datetime import timedelta

from shared.adapters.psa.problems import rationed
from shared.ports import Budgets, Clock
from shared.telemetry import metrics

_MINUTE = timedelta(minutes=1)
_LIFETIME = timedelta(seconds=5)
_BLOCKS = 6  # of a minute's calls: larger ones leave more of them unused
_WINDOW = _MINUTE + _LIFETIME
"""A call may be made a little after it was granted; counted for that much longer, no minute holds more calls
than the limit."""


class Allowance:
    """Calls of one run to one PSA, at most `per_minute` of everybody's together.

    It never waits: where no call is granted it says when to come back.
    """

    def __init__(
        self, budgets: Budgets, clock: Clock, psa: str, name: str, *, per_minute: int, by: str
    ) -> None:
        """`psa`: its name, for people; `name`: of the allowance; `by`: who asks, so that nobody starves."""
        self._budgets, self._clock, self._psa, self._name = budgets, clock, psa, name
        self._per_minute, self._by = per_minute, by
        self._turn = asyncio.Lock()
        self._expected, self._left, self._until = 0, 0, clock.monotonic()

    async def expect(self, calls: int) -> None:
        """Take a block for so many calls that are about to be made. Raises NotSent."""
        async with self._turn:
            self._expected = calls
            if calls and not self._usable(min(calls, self._largest)):
                await self._reserve()

    async def take(self) -> None:
        """Take one call. Raises NotSent."""
        async with self._turn:  # or several that are made at once would ask for a block each
            if not self._usable(1):
                await self._reserve()
            self._left -= 1
            self._expected -= 1

    async def pause(self, wait: timedelta) -> None:
        """The PSA asked to wait: nobody calls before that."""
        metrics.psa_waits(self._psa.lower(), wait.total_seconds())
        self._left = 0
        await self._budgets.pause(self._name, self._clock.now() + wait)

    @property
    def _largest(self) -> int:
        return max(1, self._per_minute // _BLOCKS)

    def _usable(self, calls: int) -> bool:
        return self._left >= calls and self._clock.monotonic() < self._until

    async def _reserve(self) -> None:
        amount, asked_at = min(max(self._expected, 1), self._largest), self._clock.monotonic()
        wait = await self._budgets.reserve(
            self._name,
            amount,
            limit=self._per_minute,
            window=_WINDOW,
            by=self._by,
            worth=min(max(self._expected, 1), self._per_minute),
        )
        if wait:
            metrics.psa_waits(self._psa.lower(), wait.total_seconds())
            raise rationed(self._psa, wait)
        self._left, self._until = amount, asked_at + _LIFETIME.total_seconds()
