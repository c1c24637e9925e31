"""What all workers and all tenants share of Microsoft Graph: scarce allowances, and pauses it asks for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from shared.adapters.graph.answers import LONGEST_WAIT_HERE, throttled
from shared.ports import Budgets, Clock

_EVERYTHING = "graph"
_LOOK_EVERY = 60.0  # seconds between two looks at the shared pause, so that a quiet run costs no more calls
_PAUSE = 10.0  # seconds, where Graph does not say how long
_LONGEST_QUEUE = 60.0  # seconds of waiting for one allowance that others are faster to take


class Allowance(msgspec.Struct, frozen=True):
    """At most `limit` requests in any `window`, counted under `name`."""

    name: str
    limit: int
    window: timedelta


class SharedLimits:
    """One per process. It waits up to 10 s itself and raises RetryLater for what takes longer."""

    def __init__(
        self, budgets: Budgets, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """`sleep`: takes seconds."""
        self._budgets, self._clock, self._sleep = budgets, clock, sleep
        self._paused_until: datetime | None = None
        self._next_look = clock.monotonic()

    async def check(self) -> None:
        """Stay away for as long as anybody was told to; raises RetryLater."""
        if self._clock.monotonic() >= self._next_look:
            self._next_look = self._clock.monotonic() + _LOOK_EVERY
            self._note(await self._budgets.paused_until(_EVERYTHING))
        if self._paused_until is not None:
            await self._wait((self._paused_until - self._clock.now()).total_seconds())

    async def pause(self, seconds: float | None) -> None:
        """Tell everybody to stay away."""
        until = self._clock.now() + timedelta(seconds=_PAUSE if seconds is None else seconds)
        self._note(until)
        await self._budgets.pause(_EVERYTHING, until)

    async def reserve(self, *allowances: Allowance) -> None:
        """Take one request of each; raises RetryLater."""
        for allowance in allowances:
            waited = 0.0
            while wait := await self._ask(allowance):
                if waited + wait > _LONGEST_QUEUE:
                    raise throttled(wait)
                await self._wait(wait)
                waited += wait

    async def _ask(self, allowance: Allowance) -> float:
        wait = await self._budgets.reserve(allowance.name, 1, limit=allowance.limit, window=allowance.window)
        return wait.total_seconds()

    async def _wait(self, seconds: float) -> None:
        if seconds > LONGEST_WAIT_HERE:
            raise throttled(seconds)
        if seconds > 0:
            await self._sleep(seconds)

    def _note(self, until: datetime | None) -> None:
        if until is not None and (self._paused_until is None or until > self._paused_until):
            self._paused_until = until
