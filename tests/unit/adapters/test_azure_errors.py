"""What errors of the Azure SDKs mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import pytest
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableClient
from azure.identity import CredentialUnavailableError

from shared.adapters.azure_errors import translated
from shared.core.errors import RetryLater

ROW = {"PartitionKey": "p", "RowKey": "r"}
DOINGS: dict[str, Callable[[TableClient], Awaitable[Any]]] = {
    "create": lambda table: table.create_entity(ROW),
    "get": lambda table: table.get_entity("p", "r"),
    "upsert": lambda table: table.upsert_entity(ROW),
    "transaction": lambda table: table.submit_transaction([("upsert", ROW)]),
}


class NoToken(AsyncTokenCredential):
    """An identity that does not answer."""

    async def get_token(self, *scopes: str, **options: Any) -> NoReturn:
        raise CredentialUnavailableError(message="no answer from the identity endpoint")

    async def close(self) -> None:
        pass

    async def __aexit__(self, *details: object) -> None:
        pass


@pytest.fixture
async def table() -> AsyncIterator[TableClient]:
    async with TableClient("https://tables.example", "rows", credential=NoToken(), retry_total=0) as client:
        yield client


@pytest.mark.parametrize("doing", DOINGS)
async def test_where_no_token_is_to_be_had_the_work_waits(table: TableClient, doing: str) -> None:
    """Whatever is done with a row: nobody has refused anything, and no request was sent."""
    with pytest.raises(RetryLater) as found, translated("Table Storage"):
        await DOINGS[doing](table)
    assert found.value.code == "identity_unavailable"


def test_a_mistake_of_our_own_stays_one() -> None:
    """It has nothing to do with tokens."""
    with pytest.raises(AttributeError), translated("Table Storage"):
        _ = None.nothing  # type: ignore[attr-defined]
