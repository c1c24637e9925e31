"""Table Storage as the stores use it: tables that are missing, keys, long values, races, an outage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import msgspec
import pytest
from azure.core.exceptions import HttpResponseError

from shared.adapters.builtin import BuiltinDestinations
from shared.adapters.tables.accounts import TableAccounts, TableCustomers
from shared.adapters.tables.budgets import TableBudgets
from shared.adapters.tables.connections import TableConnections, _entity
from shared.adapters.tables.mirrors import TableMirrors
from shared.adapters.tables.one_time import TableOneTime
from shared.adapters.tables.reports import TableReports
from shared.adapters.tables.reviews import TableReviews
from shared.adapters.tables.runs import TableChanges, TableRuns
from shared.adapters.tables.slots import TableSlots
from shared.adapters.tables.table import TRANSACTION, Table, key
from shared.core.api_key import new_api_key
from shared.core.configuration import Configuration, Schedule, ScheduleKind
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ConcurrentUpdate
from shared.core.mirror import Snapshot
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.standing import glance
from shared.core.supplement import Registration, Supplement
from shared.ports import ScheduledConnection
from tests.contract.contracts.values import HOSTILE, NOW, active, change, connection, run, unique
from tests.fakes import FakeClock
from tests.integration.storage import OwnTables, texts

Writing = Callable[[Table], Awaitable[object]]
WRITES: dict[str, Writing] = {
    "insert": lambda table: table.insert({"PartitionKey": "p", "RowKey": "r", "value": 1}),
    "upsert": lambda table: table.upsert({"PartitionKey": "p", "RowKey": "r", "value": 1}),
    "transaction": lambda table: table.transaction(
        [("create", {"PartitionKey": "p", "RowKey": "r", "value": 1})]
    ),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_missing_table_is_made_by_the_first_write(tables: OwnTables, write: str) -> None:
    """Nobody has to make tables: whichever write comes first makes its own."""
    table = Table(tables, "things")
    await WRITES[write](table)
    found = await table.get("p", "r")
    assert found is not None
    assert found["value"] == 1
    assert await tables.names() == ["things"]


async def test_a_missing_table_is_made_once_by_many_first_writes(tables: OwnTables) -> None:
    """Ten workers that start together all get their row in."""
    table = Table(tables, "things")
    await asyncio.gather(*(table.upsert({"PartitionKey": "p", "RowKey": f"{n}"}) for n in range(10)))
    assert len(await tables.entities("things")) == 10


async def test_a_missing_table_is_empty(tables: OwnTables) -> None:
    """Reading and deleting neither fail nor make it; replacing finds that nothing is there."""
    table = Table(tables, "things")
    assert await table.get("p", "r") is None
    assert [page async for page in table.pages("PartitionKey eq @p", {"p": "p"})] == []
    await table.delete("p", "r")
    await table.transaction([])
    assert await tables.names() == []
    with pytest.raises(ConcurrentUpdate):
        await table.replace({"PartitionKey": "p", "RowKey": "r"}, 'W/"any"')


async def test_every_store_reads_nothing_where_no_table_is(tables: OwnTables) -> None:
    """The first requests of a new deployment find it empty."""
    assert await TableAccounts(tables).keys(unique()) == []
    assert (await TableCustomers(tables).list(unique(), 10)).items == ()
    assert [page async for page in TableConnections(tables).active()] == []
    assert [page async for page in TableConnections(tables).glances()] == []
    assert (await TableRuns(tables).list(unique(), 10)).items == ()
    assert (await TableChanges(tables).list("run", 10)).items == ()
    assert await TableOneTime(tables).purge(NOW) == 0
    assert await TableSlots(tables).unfinished(NOW) == []
    assert await TableReviews(tables).all(unique()) == {}
    assert await TableReports(tables).get(unique(), unique()) is None
    assert await TableBudgets(tables, FakeClock()).paused_until("name") is None
    contacts = BuiltinDestinations(tables, FakeClock())
    assert (await contacts.list(unique(), 10)).items == ()
    assert await contacts.get(unique(), unique()) is None
    await TableMirrors(tables).prune(unique(), None)
    assert await tables.names() == []


async def test_an_error_of_a_write_is_not_taken_for_a_missing_table(tables: OwnTables) -> None:
    """What the service refuses for another reason is an error, and no table is made for it."""
    with pytest.raises(HttpResponseError):
        await Table(tables, "things").upsert({"PartitionKey": "p", "RowKey": "r", "value": "x" * 40_000})
    entities = await tables.entities("things") if await tables.names() else []
    assert entities == []


async def test_a_transaction_is_all_or_nothing(tables: OwnTables) -> None:
    """One row that exists already stops the other 99."""
    table = Table(tables, "things")
    await table.insert({"PartitionKey": "p", "RowKey": "050"})
    with pytest.raises(ConcurrentUpdate):
        await table.transaction(
            [("create", {"PartitionKey": "p", "RowKey": f"{n:03d}"}) for n in range(TRANSACTION)]
        )
    assert len(await tables.entities("things")) == 1


async def test_rows_are_deleted_although_some_are_gone(tables: OwnTables) -> None:
    """Two that clear up at the same time do not stop each other."""
    table = Table(tables, "things")
    rows = [("p", f"{number:03d}") for number in range(150)]
    for start in range(0, 150, 50):
        await table.transaction(
            [("create", {"PartitionKey": p, "RowKey": row}) for p, row in rows[start : start + 50]]
        )
    await table.delete("p", "003")
    await table.delete("p", "120")
    await table.delete_all(rows)
    assert await tables.entities("things") == []


@pytest.mark.parametrize("text", [*HOSTILE, "名" * 128, "😀" * 128, "#" * 128])
async def test_a_key_made_of_anything_is_one_that_the_service_takes(tables: OwnTables, text: str) -> None:
    """The longest ids too: a key has at most 512 UTF-16 units and none of the forbidden characters."""
    made = key(text)
    assert len(made) <= 512
    assert made.isascii()
    assert made.isprintable()
    assert not set(made) & set("/\\#?%")
    table = Table(tables, "things")
    await table.insert({"PartitionKey": made, "RowKey": made})
    assert await table.get(made, made) is not None


async def test_long_ids_that_differ_at_their_end_are_two(tables: OwnTables) -> None:
    """What is cut off from a key still tells two customers apart, and both are listed."""
    customers, account_id = TableCustomers(tables), unique()
    ids = ["名" * 127 + last for last in "甲乙"]
    for customer_id in ids:
        await customers.put(Customer(customer_id, account_id, customer_id, unique(), NOW))
    for customer_id in ids:
        found = await customers.get(account_id, customer_id)
        assert found is not None
        assert found.id == customer_id
    first = await customers.list(account_id, 1)
    second = await customers.list(account_id, 1, first.after)
    assert sorted(customer.id for customer in (*first.items, *second.items)) == sorted(ids)
    assert second.after is None


@pytest.mark.parametrize("after", [*HOSTILE, "", "\x00", "x" * 2048, "' or RowKey gt '", "\ud83d"])
async def test_a_place_that_is_made_up_is_no_error(tables: OwnTables, after: str) -> None:
    """Whoever invents an `after` gets a page of their own account, never an error or somebody else's."""
    customers, account_id = TableCustomers(tables), unique()
    await customers.put(Customer("zzz", account_id, "Mine", unique(), NOW))
    await customers.put(Customer("zzz", unique(), "Somebody else's", unique(), NOW))
    page = await customers.list(account_id, 10, after)
    assert {customer.name for customer in page.items} <= {"Mine"}


@pytest.mark.parametrize(
    "after",
    [*HOSTILE, "AAAA", "Og==", "MTow", "MS13cml0dGVuOi01", "OjoxOjk5OTk5OTk5OTk5OTk5OTk=", "ADow", "\ud83d"],
)
async def test_a_place_in_the_changes_that_is_made_up_is_no_error(tables: OwnTables, after: str) -> None:
    """Whatever it decodes to: another run's changes are never shown."""
    changes, run_id = TableChanges(tables), "run_1"
    await changes.put(run_id, "1-written-000000", [change(1), change(2)])
    await changes.put("run_2", "1-written-000000", [change(3)])
    page = await changes.list(run_id, 10, after)
    assert set(page.items) <= {change(1), change(2)}


async def test_values_longer_than_a_property_are_whole(tables: OwnTables) -> None:
    """300,000 characters, ASCII and not, in one connection, and none of its properties over the limit."""
    for text in ("x" * 300_000, "😀" * 60_000 + "é" * 30_000):
        connections = TableConnections(tables)
        long = connection(unique(), delta_link=text)
        await connections.add(long)
        found = await connections.get(long.account_id, long.id)
        assert found is not None
        assert found.value == long
    for entity in await tables.entities("connections"):
        parts = [value for value in entity.values() if isinstance(value, str)]
        assert max(len(part.encode("utf-16-le")) for part in parts) <= 65_536


async def test_an_active_connection_is_streamed_although_there_are_several_pages(tables: OwnTables) -> None:
    """1,100 connections: two pages, and the place between them can be kept and taken up."""
    table, connections = Table(tables, "connections"), TableConnections(tables)
    for start in range(0, 1_100, TRANSACTION):
        rows = [f"{number:05d}" for number in range(start, start + TRANSACTION)]
        await table.transaction(
            [
                (
                    "create",
                    {
                        "PartitionKey": "a",
                        "RowKey": row,
                        "state": ConnectionState.ACTIVE.value,
                        "account_id": "a",
                        "connection_id": row,
                    },
                )
                for row in rows
            ]
        )
    pages = [page async for page in connections.active()]
    assert [len(page.items) for page in pages] == [1_000, 100]
    assert pages[0].items[17] == ScheduledConnection("a", "00017", Schedule())
    rest = [page async for page in connections.active(pages[0].after)]
    assert rest == pages[1:]
    assert pages[-1].after is None


async def test_a_look_at_all_connections_is_one_call_for_a_thousand(tables: OwnTables) -> None:
    """A hundred thousand are a hundred calls; only what is seen at a glance is read of each."""
    connections = TableConnections(tables)
    for start in range(0, 1_100, TRANSACTION):
        await Table(tables, "connections").transaction(
            [
                ("create", _entity(active("a", f"{number:05d}")))
                for number in range(start, start + TRANSACTION)
            ]
        )
    pages = [page async for page in connections.glances()]
    assert [len(page) for page in pages] == [1_000, 100]
    assert pages[1][99] == glance(active("a", "01099"))


async def test_a_schedule_is_kept_where_the_fan_out_looks(tables: OwnTables) -> None:
    """What it says is in the row beside the state: a connection itself is too long to read each."""
    connections = TableConnections(tables)
    daily = Configuration(schedule=Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="Etc/UTC"))
    await connections.add(active(unique()))
    await connections.add(connection(unique(), configuration=daily))
    schedules = {row["state"]: row["schedule"] for row in await tables.entities("connections")}
    assert schedules == {
        "active": '{"kind":"every","hours":12,"at":null,"time_zone":null}',
        "pending": '{"kind":"daily","hours":12,"at":"01:00","time_zone":"Etc/UTC"}',
    }


async def test_two_that_change_a_connection_at_once_both_get_through(tables: OwnTables) -> None:
    """A counter raised by eight at once, each trying again on what it finds, ends at eight."""
    connections = TableConnections(tables)
    stored = await connections.add(active(unique()))
    account_id, connection_id = stored.value.account_id, stored.value.id

    async def raise_fence() -> None:
        while True:
            found = await connections.get(account_id, connection_id)
            assert found is not None
            try:
                await connections.replace(
                    found, msgspec.structs.replace(found.value, fence=found.value.fence + 1)
                )
                return
            except ConcurrentUpdate:
                continue

    await asyncio.gather(*(raise_fence() for _ in range(8)))
    found = await connections.get(account_id, connection_id)
    assert found is not None
    assert found.value.fence == 8


async def test_of_an_api_key_only_a_hash_is_kept(tables: OwnTables) -> None:
    """Neither the key nor the secret in it is anywhere in the tables."""
    accounts = TableAccounts(tables)
    api_key, text = new_api_key(unique(), "label", NOW)
    await accounts.add_key(api_key)
    kept = texts(await tables.entities("accounts"))
    assert api_key.secret_hash in kept
    assert text not in kept
    assert text.rpartition("_")[2] not in kept


async def test_a_run_is_a_row_that_can_be_looked_at(tables: OwnTables) -> None:
    """Whoever opens the table with a storage explorer finds runs by customer, state and trigger."""
    one = run(unique())
    await TableRuns(tables).add(one)
    (row,) = await tables.entities("runs")
    assert (row["customer_id"], row["state"], row["trigger"]) == ("c-1", "queued", "api")


async def test_a_mirror_of_another_format_does_not_load(tables: OwnTables) -> None:
    """An older version's mirror is read again in full, whatever its blocks hold."""
    mirrors, connection_id = TableMirrors(tables), unique()
    reference = await mirrors.save(connection_id, "0001", Snapshot({}, {}, None, changed=True))
    assert await mirrors.load(connection_id, reference) is not None
    _, _, rest = reference.partition(":")
    assert await mirrors.load(connection_id, f"0:{rest}") is None


async def test_what_people_have_in_common_is_in_memory_once(tables: OwnTables) -> None:
    """A hundred thousand people have a few licences and methods between them."""
    mirrors, connection_id = TableMirrors(tables), unique()
    ids = [f"object-{number}" for number in range(3)]
    snapshot = Snapshot(
        {
            each: DirectoryUser(
                each, job_title="Title 😀", aliases=(f"{each}@example.com",), licences=("a", "b")
            )
            for each in ids
        },
        {},
        None,
        changed=True,
        supplement=Supplement(
            registrations={each: Registration(capable=True, methods=("sms", "😀")) for each in ids},
            activity={f"{each}@example.com": date(2026, 2, 28) for each in ids},
        ),
    )
    loaded = await mirrors.load(connection_id, await mirrors.save(connection_id, "0001", snapshot))
    assert loaded == snapshot
    one, *others = loaded.users.values()
    supplement = loaded.supplement
    assert all(other.licences is one.licences for other in others)
    assert all(other.job_title is one.job_title for other in others)
    assert len({id(value) for value in (supplement.registrations or {}).values()}) == 1
    assert len({id(value) for value in (supplement.activity or {}).values()}) == 1
    texts_by_id = {text: text for user in loaded.users.values() for text in (user.id, *user.aliases)}
    keys = [*(supplement.registrations or {}), *(supplement.activity or {})]
    assert all(texts_by_id[text] is text for text in keys)


@pytest.mark.parametrize(
    "lost",
    [
        "users-000001",
        "users-000003",
        "departed-000001",
        "touched-000001",
        "missing-000001",
        "members-000001",
        "purposes-000001",
        "registrations-000001",
        "activity-000001",
        "rest-000001",
    ],
)
async def test_a_mirror_without_one_of_its_blocks_does_not_load(tables: OwnTables, lost: str) -> None:
    """Half a mirror would make everybody in the other half look as if they had left."""
    mirrors, connection_id = TableMirrors(tables), unique()
    users = {f"{n}": DirectoryUser(f"{n}", display_name="x" * 100_000) for n in range(20)}
    snapshot = Snapshot(
        users,
        {"gone": RemovalReason.ABSENT},
        frozenset({"1"}),
        changed=True,
        missing=frozenset({"absent"}),
        supplement=Supplement(
            group_members=frozenset({"1"}),
            purposes={"1": "user"},
            registrations={"1": Registration(capable=True)},
            activity={"1@example.com": None},
        ),
    )
    reference = await mirrors.save(connection_id, "0001", snapshot)
    assert await mirrors.load(connection_id, reference) == snapshot
    await Table(tables, "mirrors").delete(connection_id, f"0001-{lost}")
    assert await mirrors.load(connection_id, reference) is None
