"""All tables, row by row, to be copied and put back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure_errors import translated
from shared.adapters.tables.table import Entity, Table
from shared.core.copies import Value

_AT_ONCE = 32


class WholeTables:
    """Implements Tables."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._service = service

    async def names(self) -> list[str]:
        """See Tables: the app's own."""
        with translated("Table Storage"):
            names = [table.name async for table in self._service.list_tables()]
        # Those of the platform, which keeps logs of its own in the same account, have capitals.
        return sorted(name for name in names if name.islower())

    async def rows(self, table: str) -> AsyncIterator[list[dict[str, Value]]]:
        """See Tables."""
        with translated("Table Storage"):
            try:
                pages = self._service.get_table_client(table).list_entities().by_page()
                async for page in pages:
                    yield [_values(entity) async for entity in page]
            except ResourceNotFoundError:
                return

    async def put(self, table: str, rows: Sequence[dict[str, Value]]) -> None:
        """See Tables."""
        slots, written = asyncio.Semaphore(_AT_ONCE), Table(self._service, table)

        async def put(values: dict[str, Value]) -> None:
            async with slots:
                await written.upsert(dict(values))

        try:
            async with asyncio.TaskGroup() as group:
                for values in rows:
                    group.create_task(put(values))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in


def _values(entity: Entity) -> dict[str, Value]:
    """The row's own values; what the SDK makes of a time and of bytes are kinds of its own."""
    return {
        name: datetime.fromisoformat(value.isoformat()) if isinstance(value, datetime) else value
        for name, value in entity.items()
    }
