"""The latest report about each customer's tenant."""

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Table, key
from shared.core.report import TenantReport

_ROW = "report"


class TableReports:
    """Implements ReportStore: one row per connection."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "reports")

    async def get(self, connection_id: str) -> TenantReport | None:
        """See ReportStore."""
        entity = await self._table.get(key(connection_id), _ROW)
        return None if entity is None else documents.read(entity, TenantReport)

    async def save(self, connection_id: str, report: TenantReport) -> None:
        """See ReportStore."""
        entity = {"PartitionKey": key(connection_id), "RowKey": _ROW, "made_at": report.made_at}
        await self._table.upsert(entity | documents.write(report))
