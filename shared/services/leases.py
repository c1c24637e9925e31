"""At most one writer per connection: a lease with a fencing number, kept in the connection itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from shared.core.connection import Connection, ConnectionState
from shared.core.errors import ConcurrentUpdate, LeaseLost, Stop
from shared.ports import Clock, ConnectionStore, Stored
from shared.telemetry.spans import spanned

_LOOK_EVERY = 2.0  # seconds; so soon a run notices that its customer was disconnected


class Busy(Stop):
    """Another worker holds the connection; `remaining` is how long its lease still lasts."""

    code = "busy"

    def __init__(self, remaining: timedelta) -> None:
        """`remaining`: at least a second."""
        super().__init__("the connection is leased")
        self.remaining = max(remaining, timedelta(seconds=1))


class Lease:
    """The right to sync one connection, until it is released or lost.

    Every write of the connection during a run goes through here: it is conditional on the ETag, and a
    worker whose fence is no longer the connection's stops with LeaseLost.
    """

    def __init__(
        self,
        store: ConnectionStore,
        clock: Clock,
        lifetime: timedelta,
        held: Stored[Connection],
        before: str | None = None,
        *,
        check: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`held`: the connection as it was leased, see `acquire`; `before`: what was under way until then;
        `check`: raises where the run must not go on."""
        self._store, self._clock, self._lifetime, self._held = store, clock, lifetime, held
        self._run_id, self._before = held.value.lease_owner, before
        self._fence, self._check = held.value.fence, check
        self._keep_for = min(lifetime.total_seconds() / 3, _LOOK_EVERY)
        self._renew_at = clock.monotonic() + self._keep_for
        self._counted_until = clock.monotonic()

    def lap(self) -> float:
        """Seconds of work since this was asked last, or since the lease was acquired."""
        before, self._counted_until = self._counted_until, self._clock.monotonic()
        return self._counted_until - before

    @property
    def connection(self) -> Connection:
        """The connection as this worker last saw or wrote it."""
        return self._held.value

    def without_run(self, connection: Connection) -> Connection:
        """The connection once this run is over: another that was asked for before or since is under way."""
        if connection.current_run != self._run_id:
            return connection
        return msgspec.structs.replace(connection, current_run=self._before)

    async def keep(self) -> None:
        """Renew the lease, and so see whether it still counts, every other second.

        Raises LeaseLost, and what `check` raises.
        """
        if self._clock.monotonic() >= self._renew_at:
            if self._check is not None:
                await self._check()
            until = self._clock.now() + self._lifetime
            await self.update(lambda connection: msgspec.structs.replace(connection, lease_until=until))
            self._renew_at = self._clock.monotonic() + self._keep_for

    async def update(self, change: Callable[[Connection], Connection]) -> None:
        """Write `change(connection)`, on top of what others wrote meanwhile. Raises LeaseLost."""
        while True:
            try:
                self._held = await self._store.replace(self._held, change(self._held.value))
                return
            except ConcurrentUpdate:
                await self._look_again()

    async def release(
        self, change: Callable[[Connection], Connection] = lambda connection: connection
    ) -> None:
        """Write `change(connection)` and let go."""
        await self.update(
            lambda connection: msgspec.structs.replace(change(connection), lease_owner=None, lease_until=None)
        )

    async def abandon(self) -> None:
        """Let go of what is still this worker's after LeaseLost, so that the next run need not wait."""
        connection = self._held.value
        owner = connection.lease_owner
        while owner is not None:
            found = await self._store.get(connection.account_id, connection.id)
            if found is None or (found.value.fence, found.value.lease_owner) != (self._fence, owner):
                return
            freed = msgspec.structs.replace(found.value, lease_owner=None, lease_until=None)
            try:
                self._held = await self._store.replace(found, freed)
                return
            except ConcurrentUpdate:
                continue

    async def _look_again(self) -> None:
        connection = self._held.value
        found = await self._store.get(connection.account_id, connection.id)
        if (
            found is None
            or found.value.fence != self._fence
            or found.value.lease_owner != connection.lease_owner
            or found.value.state is not ConnectionState.ACTIVE
        ):
            raise LeaseLost
        self._held = found


@spanned("run.lease")
async def acquire(
    store: ConnectionStore,
    clock: Clock,
    lifetime: timedelta,
    held: Stored[Connection],
    run_id: str,
    *,
    check: Callable[[], Awaitable[None]] | None = None,
) -> Lease:
    """Lease the connection for a run. Raises Busy while somebody else has it. `check`: see Lease."""
    now = clock.now()
    connection = held.value
    if connection.leased(now) and connection.lease_until is not None:
        raise Busy(connection.lease_until - now)
    leased = msgspec.structs.replace(
        connection,
        lease_owner=run_id,
        lease_until=now + lifetime,
        fence=connection.fence + 1,
        current_run=run_id,
    )
    before = None if connection.current_run == run_id else connection.current_run
    try:
        return Lease(store, clock, lifetime, await store.replace(held, leased), before, check=check)
    except ConcurrentUpdate:
        raise Busy(timedelta(seconds=1)) from None
