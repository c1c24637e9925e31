"""Endpoints of each account, and what was sent to them."""

from datetime import datetime, timedelta
from functools import partial

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.accounts import listed
from shared.adapters.tables.days import Days
from shared.adapters.tables.table import Entity, Table, key
from shared.core.errors import ConcurrentUpdate
from shared.core.webhooks import Delivery, Webhooks, made_before
from shared.ports import Page, Stored

_WEBHOOKS = "webhooks"


class TableWebhooks:
    """Implements WebhookStore: a row beside the account's own."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "accounts")

    async def get(self, account_id: str) -> Stored[Webhooks] | None:
        """See WebhookStore."""
        entity = await self._table.get(key(account_id), _WEBHOOKS)
        if entity is None:
            return None
        etag = entity.metadata["etag"]  # type: ignore[attr-defined]
        return Stored(documents.read(entity, Webhooks), etag)

    async def put(
        self, account_id: str, before: Stored[Webhooks] | None, value: Webhooks
    ) -> Stored[Webhooks]:
        """See WebhookStore."""
        entity: Entity = {"PartitionKey": key(account_id), "RowKey": _WEBHOOKS, **documents.write(value)}
        if before is None:
            return Stored(value, await self._table.insert(entity))
        return Stored(value, await self._table.replace(entity, before.etag))


class TableDeliveries:
    """Implements DeliveryStore: one partition per endpoint; ids sort newest first."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table, self._days = Table(service, "deliveries"), Days(service, "deliverydays")

    async def add(self, delivery: Delivery) -> bool:
        """See DeliveryStore."""
        await self._days.note(delivery.endpoint_id, delivery.created_at)
        try:
            await self._table.insert(_entity(delivery))
        except ConcurrentUpdate:
            return False
        return True

    async def get(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        """See DeliveryStore."""
        entity = await self._table.get(key(endpoint_id), key(delivery_id))
        return None if entity is None else documents.read(entity, Delivery)

    async def save(self, delivery: Delivery) -> None:
        """See DeliveryStore."""
        await self._table.upsert(_entity(delivery))

    async def list(self, endpoint_id: str, limit: int, after: str | None = None) -> Page[Delivery]:
        """See DeliveryStore."""
        return await listed(self._table, key(endpoint_id), Delivery, limit, after)

    async def purge(self, before: datetime) -> int:
        """See DeliveryStore."""
        purged = 0
        midnight = partial(datetime, tzinfo=before.tzinfo)
        async for day, endpoint_id in self._days.before(before.date()):
            until = midnight(day.year, day.month, day.day) + timedelta(days=1)
            purged += await self._purge(key(endpoint_id), until)
            await self._days.forget(day, endpoint_id)
        return purged

    async def _purge(self, partition: str, until: datetime) -> int:
        query = "PartitionKey eq @partition and RowKey gt @after"
        parameters = {"partition": partition, "after": made_before(until)}
        purged = 0
        async for entities, _ in self._table.pages(query, parameters, select=("RowKey",)):
            await self._table.delete_all([(partition, entity["RowKey"]) for entity in entities])
            purged += len(entities)
        return purged


def _entity(delivery: Delivery) -> Entity:
    columns = {"state": delivery.state.value, "event_type": delivery.event_type.value}
    return {
        "PartitionKey": key(delivery.endpoint_id),
        "RowKey": key(delivery.id),
        **documents.write(delivery, **columns),
    }
