"""A copy of all tables, and putting one back where there is nothing yet."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from shared.core.copies import FORMAT, End, Head, Row, decode, encode, row, unreadable, values
from shared.core.errors import Actor, Conflict
from shared.ports import Clock
from shared.ports.operation import Tables

_AT_ONCE = 1000  # rows


@dataclass(frozen=True, slots=True)
class Copying:
    """A copy is not of one moment: rows are read while others are written, unless syncs are stopped."""

    tables: Tables
    clock: Clock

    async def copy(self) -> AsyncIterator[tuple[str, bytes]]:
        """The lines of a copy, each with the table that it is of, or with an empty text."""
        yield "", encode(Head(FORMAT, self.clock.now()))
        count = 0
        for table in await self.tables.names():
            async for rows in self.tables.rows(table):
                for found in rows:
                    count += 1
                    yield table, encode(row(table, found))
        yield "", encode(End(count))

    def check(self, lines: Iterable[bytes]) -> dict[str, int]:
        """How many rows a copy has, by table. Raises Conflict for one that is not whole."""
        counts: dict[str, int] = {}
        begun, ended = False, False
        for line in lines:
            found = decode(line)
            if ended or begun is isinstance(found, Head):
                raise unreadable()
            begun = True
            if isinstance(found, Row):
                values(found)
                counts[found.table] = counts.get(found.table, 0) + 1
            ended = isinstance(found, End)
            if isinstance(found, End) and found.rows != sum(counts.values()):
                raise unreadable()
        if not ended:
            raise unreadable()
        return counts

    async def restore(self, lines: Iterable[bytes]) -> AsyncIterator[tuple[str, int]]:
        """Put a copy that was checked into tables without rows; yields a table and how many rows were put.

        Raises Conflict where there is a row of anybody.
        """
        for table in await self.tables.names():
            if table == "audit":  # this very act is written down there
                continue
            async for rows in self.tables.rows(table):
                if rows:
                    raise Conflict(
                        "tables_not_empty",
                        f"There are rows already, such as in the table {table}.",
                        "Put a copy into a storage account of its own, and point the app there.",
                        Actor.OPERATOR,
                    )
        table, waiting = "", list[Row]()
        for line in lines:
            found = decode(line)
            if not isinstance(found, Row):
                continue
            if waiting and (found.table != table or len(waiting) == _AT_ONCE):
                await self._put(table, waiting)
                yield table, len(waiting)
                waiting = []
            table = found.table
            waiting.append(found)
        if waiting:
            await self._put(table, waiting)
            yield table, len(waiting)

    async def _put(self, table: str, rows: list[Row]) -> None:
        await self.tables.put(table, [values(one) for one in rows])
