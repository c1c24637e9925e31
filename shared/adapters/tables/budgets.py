"""Allowances that all workers share: how many calls to somebody else's API, and who waits until when."""

from datetime import UTC, datetime, timedelta

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.errors import ConcurrentUpdate, RetryLater
from shared.ports import Clock

_ROW = "budget"
_ATTEMPTS = 5
_PAUSE_ATTEMPTS = 50  # whoever was told to wait must get that written down
_CROWDED = timedelta(seconds=1)
_SLICES = 64  # of a window; what was granted within one of them is kept as one grant
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = timedelta(0)


class Granted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`amount` that was granted until `at`, in microseconds since 1970."""

    at: int
    amount: int


class Budget(msgspec.Struct, frozen=True):
    """What is kept of an allowance: who was granted what of late, and until when everybody pauses."""

    grants: tuple[Granted, ...] = ()
    paused_until: datetime | None = None

    def pause_left(self, now: datetime) -> timedelta:
        """For how long nobody is granted anything."""
        return _NOBODY if self.paused_until is None else max(self.paused_until - now, _NOBODY)

    def reserved(
        self, amount: int, limit: int, window: timedelta, now: datetime
    ) -> "tuple[Budget, timedelta]":
        """The budget after asking for `amount`, and how long to wait where it was not granted.

        Every grant counts for a whole window from its moment on, so no window, wherever it begins, holds
        more than `limit`. Grants that are close together count from the last of them on, which may make
        somebody wait for 1/64 of the window longer and keeps the budget small whatever the limit is.
        """
        moment, length = (now - _EPOCH) // _MICROSECOND, window // _MICROSECOND
        counted = [grant for grant in self.grants if grant.at + length > moment]
        excess = sum(grant.amount for grant in counted) + amount - limit
        wait = self.pause_left(now)
        if excess > 0:
            wait = max(wait, (_freed(counted, excess) + length - moment) * _MICROSECOND)
        if wait > _NOBODY:
            return self, wait
        # A worker whose clock is behind must not make its grant look older than the others'.
        moment = max([moment, *(grant.at for grant in counted)])
        size = -(-length // _SLICES)  # rounded up: never more slices than these
        if counted and counted[-1].at // size == moment // size:
            amount += counted.pop().amount
        return msgspec.structs.replace(self, grants=(*counted, Granted(moment, amount))), _NOBODY


class TableBudgets:
    """Implements Budgets: one row per name, changed by whoever read it last.

    One name has one limit and one window.
    """

    def __init__(self, service: TableServiceClient, clock: Clock) -> None:
        """`service`: Table Storage; `clock`: says which grants are over."""
        self._table, self._clock = Table(service, "budgets"), clock

    async def reserve(self, name: str, amount: int, *, limit: int, window: timedelta) -> timedelta:
        """See Budgets. Raises ValueError where `amount` could never be granted."""
        if not 0 < amount <= limit:
            raise ValueError(f"{amount} of a limit of {limit} cannot be reserved")
        for _ in range(_ATTEMPTS):
            budget, etag = await self._read(name)
            reserved, wait = budget.reserved(amount, limit, window, self._clock.now())
            if wait > _NOBODY:
                return wait
            try:
                await self._write(name, reserved, etag)
            except ConcurrentUpdate:
                continue
            return _NOBODY
        return _CROWDED

    async def pause(self, name: str, until: datetime) -> None:
        """See Budgets."""
        for _ in range(_PAUSE_ATTEMPTS):
            budget, etag = await self._read(name)
            if budget.paused_until is not None and budget.paused_until >= until:
                return
            try:
                await self._write(name, msgspec.structs.replace(budget, paused_until=until), etag)
            except ConcurrentUpdate:
                continue
            return
        raise RetryLater("budget_crowded", "Too many workers share one budget.", _CROWDED)

    async def paused_until(self, name: str) -> datetime | None:
        """See Budgets."""
        budget, _ = await self._read(name)
        return budget.paused_until if budget.pause_left(self._clock.now()) > _NOBODY else None

    async def _read(self, name: str) -> tuple[Budget, str | None]:
        entity = await self._table.get(key(name), _ROW)
        if entity is None:
            return Budget(), None
        return documents.read(entity, Budget), entity.metadata["etag"]  # type: ignore[attr-defined]

    async def _write(self, name: str, budget: Budget, etag: str | None) -> None:
        columns = {"paused_until": budget.paused_until}
        entity: Entity = {"PartitionKey": key(name), "RowKey": _ROW, **documents.write(budget, **columns)}
        await (self._table.insert(entity) if etag is None else self._table.replace(entity, etag))


def _freed(grants: list[Granted], amount: int) -> int:
    """The moment of the grant with which, counted from the oldest, `amount` is reached."""
    for grant in grants:
        amount -= grant.amount
        if amount <= 0:
            return grant.at
    raise ValueError("more is missing than was granted")  # the amount asked for is within the limit
