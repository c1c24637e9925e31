"""Azurite for one test: tables under names of its own, and a look at what is really in them."""

from __future__ import annotations

from typing import Any

from azure.data.tables.aio import TableClient, TableServiceClient

Entity = dict[str, Any]


class OwnTables(TableServiceClient):
    """Table Storage of which a test sees only its own tables, none of which exists at first."""

    prefix = ""
    queue_name = ""

    def get_table_client(self, table_name: str, **options: Any) -> TableClient:
        name = table_name if table_name.startswith(self.prefix) else self.prefix + table_name
        return super().get_table_client(name, **options)

    async def names(self) -> list[str]:
        """The tables that were made, by the names that the app knows."""
        every = [table.name async for table in self.list_tables()]
        return sorted(name.removeprefix(self.prefix) for name in every if name.startswith(self.prefix))

    async def entities(self, table: str) -> list[Entity]:
        """What is in a table, as the service has it."""
        return [dict(entity) async for entity in self.get_table_client(table).list_entities()]

    async def drop(self) -> None:
        for name in await self.names():
            await self.delete_table(self.prefix + name)


def texts(value: object) -> str:
    """Everything in a value as one text, bytes by what they decode to, to search in."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return "\n".join(texts(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return "\n".join(map(texts, value))
    return str(value)
