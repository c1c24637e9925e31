"""What products cost each account."""

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.prices import NO_PRICES, Prices

_ROW = "prices"


class TablePrices:
    """Implements PriceStore: a row beside the account's own."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "accounts")

    async def get(self, account_id: str) -> Prices:
        """See PriceStore."""
        entity = await self._table.get(key(account_id), _ROW)
        return NO_PRICES if entity is None else documents.read(entity, Prices)

    async def save(self, account_id: str, prices: Prices) -> None:
        """See PriceStore."""
        entity: Entity = {"PartitionKey": key(account_id), "RowKey": _ROW, **documents.write(prices)}
        await self._table.upsert(entity)
