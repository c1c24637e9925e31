"""What is kept of a one-time value, and how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.adapters.tables.one_time import TableOneTime
from tests.contract.contracts.values import LATER, NOW, unique
from tests.integration.storage import OwnTables, texts

VALUE = {
    "account": "a-certain-account",
    "request": {
        "nonce": "a-certain-nonce",
        "code_verifier": "a-certain-verifier",
        "state": "a-certain-state",
    },
}
WORDS = ("a-certain-account", "a-certain-nonce", "a-certain-verifier", "a-certain-state")


@pytest.fixture
def one_time(tables: OwnTables) -> TableOneTime:
    return TableOneTime(tables)


async def test_the_row_holds_neither_the_token_nor_the_value(
    tables: OwnTables, one_time: TableOneTime
) -> None:
    """Whoever reads the table can neither open the door nor see what is behind it."""
    token = f"{unique()}.{unique()}"
    await one_time.put("handshake", token, VALUE, LATER)
    kept = texts(await tables.entities("handshakes"))
    assert "handshake" in kept
    for word in (token, *token.split("."), *WORDS):
        assert word not in kept


async def test_a_value_that_was_taken_is_no_longer_there(tables: OwnTables, one_time: TableOneTime) -> None:
    """The row stays until it expires, so that the token is known as used, but it is empty."""
    await one_time.put("handshake", "token", VALUE, LATER)
    await one_time.take("handshake", "token", NOW)
    (row,) = await tables.entities("handshakes")
    assert set(row) == {"PartitionKey", "RowKey", "expires_at"}


async def test_a_row_that_was_changed_by_hand_opens_nothing(
    tables: OwnTables, one_time: TableOneTime
) -> None:
    """A value cannot be put under another token, not even by somebody who may write the table."""
    await one_time.put("session", "mine", VALUE, LATER)
    await one_time.put("session", "theirs", {"account": "another"}, LATER)
    first, second = await tables.entities("handshakes")
    client = tables.get_table_client("handshakes")
    await client.upsert_entity(first | {"blob": second["blob"]})
    await client.upsert_entity(second | {"blob": first["blob"]})
    assert await one_time.peek("session", "mine", NOW) is None
    assert await one_time.take("session", "theirs", NOW) is None


async def test_purging_tells_how_many_rows_went(tables: OwnTables, one_time: TableOneTime) -> None:
    """Everything that has expired, used or not, of whatever kind."""
    for number in range(5):
        await one_time.put(f"kind-{number % 2}", f"old-{number}", VALUE, NOW)
    await one_time.take("kind-0", "old-0", NOW - timedelta(seconds=1))
    await one_time.put("kind-0", "fresh", VALUE, LATER)
    assert await one_time.purge(NOW) == 5
    assert await one_time.purge(NOW) == 0
    assert len(await tables.entities("handshakes")) == 1


async def test_a_value_larger_than_a_property_is_kept(one_time: TableOneTime) -> None:
    """A token cache may be larger than the 64 KiB that one property holds."""
    value = {"sign_in": {"token_cache": "x" * 120_000}}
    await one_time.put("handshake", "token", value, LATER)
    assert await one_time.peek("handshake", "token", NOW) == value
    assert await one_time.take("handshake", "token", NOW) == value
    assert await one_time.take("handshake", "token", NOW) is None
