"""Where accounts' contacts live, and what is known of their custom fields."""

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key
from shared.core.account_destination import AccountDestination
from shared.ports import CustomFields, Stored

_DESTINATION, _FIELDS = "destination", "custom-fields"


class TableAccountDestinations:
    """Implements AccountDestinationStore: a row beside the account's own."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "accounts")

    async def get(self, account_id: str) -> Stored[AccountDestination] | None:
        """See AccountDestinationStore."""
        entity = await self._table.get(key(account_id), _DESTINATION)
        if entity is None:
            return None
        etag = entity.metadata["etag"]  # type: ignore[attr-defined]
        return Stored(documents.read(entity, AccountDestination), etag)

    async def put(
        self, account_id: str, before: Stored[AccountDestination] | None, value: AccountDestination
    ) -> Stored[AccountDestination]:
        """See AccountDestinationStore."""
        entity: Entity = {"PartitionKey": key(account_id), "RowKey": _DESTINATION, **documents.write(value)}
        if before is None:
            return Stored(value, await self._table.insert(entity))
        return Stored(value, await self._table.replace(entity, before.etag))


class TableCustomFields:
    """Implements CustomFieldStore: a partition per PSA account."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "listings")

    async def get(self, psa_account: str) -> CustomFields:
        """See CustomFieldStore."""
        entity = await self._table.get(key(psa_account), _FIELDS)
        return CustomFields() if entity is None else documents.read(entity, CustomFields)

    async def save(self, psa_account: str, fields: CustomFields) -> None:
        """See CustomFieldStore."""
        entity: Entity = {"PartitionKey": key(psa_account), "RowKey": _FIELDS, **documents.write(fields)}
        await self._table.upsert(entity)
