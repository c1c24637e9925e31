"""The review queue of each connection."""

from collections.abc import Sequence

from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import TRANSACTION, Entity, Table, key
from shared.core.reviews import Review


class TableReviews:
    """Implements ReviewStore: one partition per connection, rows by object id."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "reviews")

    async def all(self, connection_id: str) -> dict[str, Review]:
        """See ReviewStore."""
        query = "PartitionKey eq @connection"
        entities = self._table.entities(query, {"connection": key(connection_id)})
        reviews = [documents.read(entity, Review) async for entity in entities]
        return {review.object_id: review for review in reviews}

    async def save(self, connection_id: str, reviews: Sequence[Review]) -> None:
        """See ReviewStore."""
        rows = {review.object_id: _entity(connection_id, review) for review in reviews}  # the last one counts
        entities = list(rows.values())
        for start in range(0, len(entities), TRANSACTION):
            part = entities[start : start + TRANSACTION]
            await self._table.transaction([("upsert", entity, {"mode": "replace"}) for entity in part])

    async def remove(self, connection_id: str, object_ids: Sequence[str]) -> None:
        """See ReviewStore."""
        rows = [(key(connection_id), key(object_id)) for object_id in dict.fromkeys(object_ids)]
        await self._table.delete_all(rows)


def _entity(connection_id: str, review: Review) -> Entity:
    decision = review.decision.action.value if review.decision else None
    columns = {"reason": review.reason, "run_id": review.run_id, "decision": decision}
    return {
        "PartitionKey": key(connection_id),
        "RowKey": key(review.object_id),
        **documents.write(review, **columns),
    }
