"""Accounts, API keys and customers."""

from datetime import datetime

import msgspec
from azure.data.tables.aio import TableServiceClient

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table, key, place
from shared.core.api_key import ApiKey
from shared.core.customer import Account, Customer
from shared.core.errors import ConcurrentUpdate
from shared.ports import Page

ACCOUNT_ROW = "account"
_KEY = "key-"


class TableAccounts:
    """Implements AccountStore: one partition per account, its keys beside it."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "accounts")

    async def add(self, account: Account) -> None:
        """See AccountStore."""
        await self._table.insert(_entity(account.id, ACCOUNT_ROW, account))

    async def save(self, account: Account) -> None:
        """See AccountStore."""
        await self._table.upsert(_entity(account.id, ACCOUNT_ROW, account))

    async def get(self, account_id: str) -> Account | None:
        """See AccountStore."""
        entity = await self._table.get(key(account_id), ACCOUNT_ROW)
        return None if entity is None else documents.read(entity, Account)

    async def add_key(self, api_key: ApiKey) -> None:
        """See AccountStore."""
        await self._table.insert(_entity(api_key.account_id, _KEY + api_key.id, api_key))

    async def get_key(self, account_id: str, key_id: str) -> ApiKey | None:
        """See AccountStore."""
        entity = await self._table.get(key(account_id), _KEY + key(key_id))
        return None if entity is None else documents.read(entity, ApiKey)

    async def keys(self, account_id: str) -> list[ApiKey]:
        """See AccountStore."""
        query = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @last"
        parameters = {"partition": key(account_id), "first": _KEY, "last": _KEY + "~"}
        return [documents.read(entity, ApiKey) async for entity in self._table.entities(query, parameters)]

    async def swap_key(self, before: ApiKey, after: ApiKey) -> bool:
        """See AccountStore."""
        entity = await self._table.get(key(before.account_id), _KEY + key(before.id))
        if entity is None or documents.read(entity, ApiKey) != before:
            return False
        try:
            etag = entity.metadata["etag"]  # type: ignore[attr-defined]
            await self._table.replace(_entity(after.account_id, _KEY + after.id, after), etag)
        except ConcurrentUpdate:
            return False
        return True

    async def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        """See AccountStore."""
        while (found := await self.get_key(account_id, key_id)) is not None:
            revoked = msgspec.structs.replace(found, revoked_at=found.revoked_at or at)
            if await self.swap_key(found, revoked):
                return True
        return False


class TableCustomers:
    """Implements CustomerStore: one partition per account, rows by the PSA's id."""

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "customers")

    async def put(self, customer: Customer) -> None:
        """See CustomerStore."""
        await self._table.upsert(_entity(customer.account_id, key(customer.id), customer))

    async def get(self, account_id: str, customer_id: str) -> Customer | None:
        """See CustomerStore."""
        entity = await self._table.get(key(account_id), key(customer_id))
        return None if entity is None else documents.read(entity, Customer)

    async def list(self, account_id: str, limit: int, after: str | None = None) -> Page[Customer]:
        """See CustomerStore."""
        return await listed(self._table, key(account_id), Customer, limit, after)


async def listed(
    table: Table, partition: str, kind: type[documents.T], limit: int, after: str | None
) -> Page[documents.T]:
    """A page of a partition's values in key order; see `row_pages`."""
    entities, last = await row_pages(table, partition, limit, after)
    return Page(tuple(documents.read(entity, kind) for entity in entities), last)


async def row_pages(
    table: Table, partition: str, limit: int, after: str | None
) -> tuple[list[Entity], str | None]:
    """At most `limit` entities of a partition after the place `after`, and where to go on."""
    query = "PartitionKey eq @partition and RowKey gt @after"
    parameters = {"partition": partition, "after": place(after)}
    found: list[Entity] = []
    # A page may be short of what was asked for, when it crosses a boundary of the service.
    async for entities, _ in table.pages(query, parameters, page_size=limit + 1):
        found += entities
        if len(found) > limit:
            return found[:limit], str(found[limit - 1]["RowKey"])
    return found, None


def _entity(account_id: str, row: str, value: object) -> Entity:
    return {"PartitionKey": key(account_id), "RowKey": row, **documents.write(value)}
