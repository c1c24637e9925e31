"""Whether the operator has stopped syncs, as every worker asks before it writes."""

from shared.core.brake import Brake, SyncsStopped, stopped
from shared.ports import BrakeStore, Clock

LOOK_EVERY = 8.0
"""Seconds. A run at work asks every other second, so that ten after a brake was put on nobody goes on."""


class Brakes:
    """Remembers what it saw for some seconds: a worker that is busy looks once for many runs."""

    def __init__(self, store: BrakeStore, clock: Clock) -> None:
        """`clock`: its monotonic side says when to look again."""
        self._store, self._clock = store, clock
        self._seen: list[Brake] = []
        self._look_at = float("-inf")

    async def stopped(self, account_id: str) -> bool:
        """Whether the account's syncs are stopped."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._seen = await self._store.all()
            self._look_at = now + LOOK_EVERY
        return stopped(self._seen, account_id)

    async def check(self, account_id: str) -> None:
        """Raises SyncsStopped."""
        if await self.stopped(account_id):
            raise SyncsStopped
