"""One table of Table Storage, made when it is first missed.

Limits that shape this package (Microsoft Learn, "Understanding the Table service data model"): an entity is
at most 1 MiB, a property 64 KiB, a transaction 100 entities of one partition and 4 MiB; keys may not hold
`/ \\ # ?` or control characters and are at most 1 KiB.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.adapters.azure_errors import translated
from shared.core.errors import ConcurrentUpdate

TRANSACTION = 100
_LONGEST_KEY = 500  # characters, of two bytes each
_READABLE = 400  # of a longer one; a mark and 64 hexadecimal digits follow

Entity = dict[str, Any]
Operation = tuple[str, Entity] | tuple[str, Entity, dict[str, Any]]
T = TypeVar("T")


def key(text: str) -> str:
    """The text as part of a key: every text has one, no two share one, and plain ids stay readable."""
    quoted = quote(text, safe="").replace("%", "=")
    if len(quoted) <= _LONGEST_KEY:
        return quoted
    return f"{quoted[:_READABLE]}={hashlib.sha256(text.encode()).hexdigest()}"


def place(after: str | None) -> str:
    """Where to go on in key order; a token that is no key of ours begins at the beginning."""
    if after and len(after) <= _LONGEST_KEY and after.isascii() and after.isprintable():
        return after
    return ""


class Table:
    """Thin and asynchronous; conditional writes raise ConcurrentUpdate."""

    def __init__(self, service: TableServiceClient, name: str) -> None:
        """`name`: letters and digits."""
        self._service, self._name = service, name
        self._client = service.get_table_client(name)

    async def get(self, partition: str, row: str) -> Entity | None:
        """The entity, with its ETag in `.metadata`, or None."""
        with translated("Table Storage"):
            try:
                return await self._client.get_entity(partition, row)
            except ResourceNotFoundError:
                return None

    async def insert(self, entity: Entity) -> str:
        """Create and return the ETag. Raises ConcurrentUpdate when it exists."""
        try:
            return _etag(await self._write(lambda: self._client.create_entity(entity)))
        except ResourceExistsError:
            raise ConcurrentUpdate from None

    async def replace(self, entity: Entity, etag: str) -> str:
        """Write over exactly the version that has the ETag; returns the new one."""
        return await self._update(entity, etag, UpdateMode.REPLACE)

    async def merge(self, entity: Entity, etag: str) -> str:
        """The same, but properties that `entity` does not have stay as they are."""
        return await self._update(entity, etag, UpdateMode.MERGE)

    async def upsert(self, entity: Entity) -> None:
        """Create or replace."""
        await self._write(lambda: self._client.upsert_entity(entity, UpdateMode.REPLACE))

    async def delete(self, partition: str, row: str) -> None:
        """Delete; what is not there is fine."""
        with translated("Table Storage"):
            await self._client.delete_entity(partition, row)

    async def pages(
        self,
        query: str,
        parameters: Mapping[str, Any],
        *,
        select: Sequence[str] | None = None,
        page_size: int | None = None,
        after: str | None = None,
    ) -> AsyncIterator[tuple[list[Entity], str | None]]:
        """Entities in key order, page by page, each with the token to go on after it."""
        with translated("Table Storage"):
            pages = self._client.query_entities(
                query,
                parameters=dict(parameters),
                select=list(select) if select else None,
                results_per_page=page_size,
            ).by_page(None if after is None else json.loads(after))
            try:
                async for page in pages:
                    entities: list[Entity] = [entity async for entity in page]
                    token = pages.continuation_token  # type: ignore[attr-defined]
                    yield entities, json.dumps(token) if token else None
            except ResourceNotFoundError:
                return

    async def entities(
        self, query: str, parameters: Mapping[str, Any], *, select: Sequence[str] | None = None
    ) -> AsyncIterator[Entity]:
        """Every entity in key order."""
        async for page, _ in self.pages(query, parameters, select=select):
            for entity in page:
                yield entity

    async def transaction(self, operations: Sequence[Operation]) -> None:
        """At most 100 operations of one partition, all or none.

        Raises ConcurrentUpdate when it creates what is there already, or writes over what has another ETag.
        """
        if not operations:
            return
        try:
            await self._write(lambda: self._client.submit_transaction(operations))
        except TableTransactionError as error:
            if error.status_code in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
                raise ConcurrentUpdate from None
            raise

    async def delete_all(self, rows: Sequence[tuple[str, str]]) -> None:
        """Delete rows of one partition; what is not there is fine."""
        for start in range(0, len(rows), TRANSACTION):
            part = rows[start : start + TRANSACTION]
            try:
                await self.transaction(
                    [("delete", {"PartitionKey": partition, "RowKey": row}) for partition, row in part]
                )
            except TableTransactionError as error:
                if error.status_code != HTTPStatus.NOT_FOUND:
                    raise
                for partition, row in part:  # somebody else is clearing up too
                    await self.delete(partition, row)

    async def _update(self, entity: Entity, etag: str, mode: UpdateMode) -> str:
        try:
            return _etag(
                await self._write(
                    lambda: self._client.update_entity(
                        entity, mode, etag=etag, match_condition=MatchConditions.IfNotModified
                    )
                )
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            raise ConcurrentUpdate from None

    async def _write(self, operation: Callable[[], Awaitable[T]]) -> T:
        with translated("Table Storage"):
            try:
                return await operation()
            except (ResourceNotFoundError, TableTransactionError) as error:
                if "TableNotFound" not in str(error):
                    raise
            await self._create()
            return await operation()

    async def _create(self) -> None:
        await self._service.create_table_if_not_exists(self._name)


def _etag(metadata: Mapping[str, Any]) -> str:
    return str(metadata["etag"])
