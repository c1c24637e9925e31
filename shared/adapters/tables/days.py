"""Which days a partition was written to, so that what is old is found without looking through everything."""

from collections.abc import AsyncIterator
from datetime import date, datetime

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables.table import Table, key

_MOST_REMEMBERED = 10_000


class Days:
    """One partition per day, a row for each name that something was written under on that day."""

    def __init__(self, service: TableServiceClient, name: str) -> None:
        """`name`: of the table."""
        self._table = Table(service, name)
        self._noted: set[tuple[str, str]] = set()

    async def note(self, name: str, at: datetime) -> None:
        """Something is about to be written under the name; what this process noted it need not note again."""
        place = (at.date().isoformat(), key(name))
        if place in self._noted:
            return
        await self._table.upsert({"PartitionKey": place[0], "RowKey": place[1], "name": name})
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted.add(place)

    async def before(self, day: date) -> AsyncIterator[tuple[date, str]]:
        """Every day before that one, and each name of it."""
        query, parameters = "PartitionKey lt @day", {"day": day.isoformat()}
        async for entity in self._table.entities(query, parameters):
            yield date.fromisoformat(entity["PartitionKey"]), entity["name"]

    async def forget(self, day: date, name: str) -> None:
        """Nothing of that day is left under the name."""
        await self._table.delete(day.isoformat(), key(name))
