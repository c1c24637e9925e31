"""The operator's brakes: hardly ever a row, and one query for all of them."""

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.brake import Brake

_PARTITION = "brake"
_EVERYBODY = "everybody"


class TableBrakes:
    """Implements BrakeStore."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "brakes")

    async def all(self) -> list[Brake]:
        """See BrakeStore."""
        rows = self._table.entities("PartitionKey eq @brake", {"brake": _PARTITION})
        return [documents.read(entity, Brake) async for entity in rows]

    async def put(self, brake: Brake) -> None:
        """See BrakeStore."""
        place: Entity = {"PartitionKey": _PARTITION, "RowKey": _row(brake.account_id)}
        await self._table.upsert(place | documents.write(brake))

    async def release(self, account_id: str | None) -> bool:
        """See BrakeStore."""
        row = _row(account_id)
        if await self._table.get(_PARTITION, row) is None:
            return False
        await self._table.delete(_PARTITION, row)
        return True


def _row(account_id: str | None) -> str:
    return _EVERYBODY if account_id is None else f"account-{key(account_id)}"
