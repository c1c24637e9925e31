"""Allowances that all workers share: how many calls to somebody else's API, and who waits until when."""

from datetime import datetime, timedelta

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.budget import Budget
from shared.core.errors import ConcurrentUpdate, RetryLater
from shared.ports import Clock

_ROW = "budget"
_ATTEMPTS = 5
_PAUSE_ATTEMPTS = 50  # whoever was told to wait must get that written down
_CROWDED = timedelta(seconds=1)
_NO_WAIT = timedelta(0)


class TableBudgets:
    """Implements Budgets: one row per name, changed by whoever read it last.

    One name has one limit and one window.
    """

    def __init__(self, service: TableServiceClient, clock: Clock) -> None:
        """`service`: Table Storage; `clock`: says which grants are over."""
        self._table, self._clock = Table(service, "budgets"), clock

    async def reserve(
        self, name: str, amount: int, *, limit: int, window: timedelta, by: str = "", worth: int = 0
    ) -> timedelta:
        """See Budgets. Raises ValueError where `amount` could never be granted."""
        wait = _NO_WAIT
        for _ in range(_ATTEMPTS):
            budget, etag = await self._read(name)
            now = self._clock.now()
            reserved, wait = budget.reserved(amount, limit, window, now, by=by, worth=worth)
            if reserved == budget:  # refused, and nothing new to remember about that
                return wait
            try:
                await self._write(name, reserved, etag)
            except ConcurrentUpdate:
                continue
            return wait
        # Whoever was refused all the same comes back as told, remembered or not.
        return wait or min(_CROWDED, window)

    async def pause(self, name: str, until: datetime) -> None:
        """See Budgets."""
        for _ in range(_PAUSE_ATTEMPTS):
            budget, etag = await self._read(name)
            paused = budget.paused(until)
            if paused == budget:
                return
            try:
                await self._write(name, paused, etag)
            except ConcurrentUpdate:
                continue
            return
        raise RetryLater("budget_crowded", "Too many workers share one budget.", _CROWDED)

    async def paused_until(self, name: str) -> datetime | None:
        """See Budgets."""
        budget, _ = await self._read(name)
        return budget.paused_until if budget.pause_left(self._clock.now()) > _NO_WAIT else None

    async def _read(self, name: str) -> tuple[Budget, str | None]:
        entity = await self._table.get(key(name), _ROW)
        if entity is None:
            return Budget(), None
        return documents.read(entity, Budget), entity.metadata["etag"]  # type: ignore[attr-defined]

    async def _write(self, name: str, budget: Budget, etag: str | None) -> None:
        columns = {"paused_until": budget.paused_until}
        entity: Entity = {"PartitionKey": key(name), "RowKey": _ROW, **documents.write(budget, **columns)}
        await (self._table.insert(entity) if etag is None else self._table.replace(entity, etag))
