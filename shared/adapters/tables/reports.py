"""The latest report about each customer's tenant."""

from collections.abc import AsyncIterator

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Table, key
from shared.core.report import TenantReport

_ALONE = "report"
"""The row of a report in a partition of its connection's own, as earlier versions wrote it."""


class TableReports:
    """Implements ReportStore: one partition per account, so that its customers are compared in one query."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "reports")

    async def get(self, account_id: str, connection_id: str) -> TenantReport | None:
        """See ReportStore."""
        entity = await self._table.get(key(account_id), key(connection_id))
        if entity is None:
            entity = await self._table.get(key(connection_id), _ALONE)
        return None if entity is None else documents.read(entity, TenantReport)

    async def of_account(self, account_id: str) -> AsyncIterator[tuple[str, TenantReport]]:
        """See ReportStore."""
        query, parameters = "PartitionKey eq @account", {"account": key(account_id)}
        async for entity in self._table.entities(query, parameters):
            yield entity["connection_id"], documents.read(entity, TenantReport)

    async def save(self, account_id: str, connection_id: str, report: TenantReport) -> None:
        """See ReportStore."""
        place = {"PartitionKey": key(account_id), "RowKey": key(connection_id)}
        columns = {"connection_id": connection_id, "made_at": report.made_at}
        await self._table.upsert(place | documents.write(report, **columns))
