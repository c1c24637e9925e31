"""Accounts and connections across all partitions, for the operator alone."""

from collections.abc import AsyncIterator

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.accounts import ACCOUNT_ROW
from shared.adapters.tables.table import Table, key
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Account


class TableFleet:
    """Implements Fleet."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._accounts, self._connections = Table(service, "accounts"), Table(service, "connections")

    async def accounts(self) -> AsyncIterator[Account]:
        """See Fleet."""
        async for entity in self._accounts.entities("RowKey eq @row", {"row": ACCOUNT_ROW}):
            yield documents.read(entity, Account)

    async def connections(
        self, account_id: str | None = None, state: ConnectionState | None = None
    ) -> AsyncIterator[Connection]:
        """See Fleet."""
        wanted = {} if account_id is None else {"PartitionKey": key(account_id)}
        wanted |= {} if state is None else {"state": state.value}
        # Every row has a key, so this is true of all of them where nothing else is asked for.
        query = " and ".join(f"{name} eq @{name}" for name in wanted) or "PartitionKey ge @first"
        async for entity in self._connections.entities(query, wanted or {"first": ""}):
            yield documents.read(entity, Connection)

    async def connection(self, connection_id: str) -> Connection | None:
        """See Fleet."""
        async for entity in self._connections.entities("RowKey eq @row", {"row": key(connection_id)}):
            return documents.read(entity, Connection)
        return None
