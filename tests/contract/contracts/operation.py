"""What every Fleet, AuditLog, WorkQueues and SecretVersions must do."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from shared.core.audit import AuditEntry, Operator, begun, finished
from shared.core.connection import ConnectionState
from shared.core.copies import Value
from shared.core.customer import Account, new_account_id
from shared.core.errors import ConcurrentUpdate, NotFound
from shared.core.messages import QueueMessage, SyncMessage
from shared.ports import AccountStore, ConnectionStore, Secrets
from shared.ports.operation import AuditLog, Fleet, SecretVersions, Tables, WorkQueues
from tests.contract.contracts.values import HOSTILE, LATER, NOW, active, connection, unique

BY = Operator("0b1e5f7a-0000-4000-8000-00000000000a", "Zoë 名前 <zoe@msp.example>")


class FleetContract:
    """All accounts and connections."""

    @pytest.fixture
    def accounts(self) -> AccountStore:
        raise NotImplementedError("the store of accounts")

    @pytest.fixture
    def connections(self) -> ConnectionStore:
        raise NotImplementedError("the store of connections")

    @pytest.fixture
    def fleet(self, accounts: AccountStore, connections: ConnectionStore) -> Fleet:
        raise NotImplementedError("the port under test")

    async def test_an_empty_fleet_is_empty(self, fleet: Fleet) -> None:
        """Also where no table was ever made."""
        assert [found async for found in fleet.accounts()] == []
        assert [found async for found in fleet.connections()] == []
        assert await fleet.connection("nobody's") is None

    async def test_every_account_is_listed_once(self, accounts: AccountStore, fleet: Fleet) -> None:
        """Ordered by id; what lies beside an account is none."""
        made = sorted(new_account_id() for _ in range(5))
        for account_id in made:
            await accounts.add(Account(account_id, "Zoë's MSP", NOW))
        assert [found.id async for found in fleet.accounts()] == made

    async def test_connections_of_all_accounts_are_streamed(
        self, connections: ConnectionStore, fleet: Fleet
    ) -> None:
        """Of one account or of all, in one state or in any, whatever the ids look like."""
        for account_id in HOSTILE[:4]:
            await connections.add(active(account_id))
            await connections.add(connection(account_id, state=ConnectionState.PAUSED))

        async def count(account_id: str | None = None, state: ConnectionState | None = None) -> int:
            return len([found async for found in fleet.connections(account_id, state)])

        assert await count() == 8
        assert await count(HOSTILE[0]) == 2
        assert await count(state=ConnectionState.PAUSED) == 4
        assert await count(HOSTILE[1], ConnectionState.ACTIVE) == 1
        assert await count(HOSTILE[1], ConnectionState.DISCONNECTED) == 0
        assert await count("another") == 0

    async def test_a_connection_is_found_by_its_id_alone(
        self, connections: ConnectionStore, fleet: Fleet
    ) -> None:
        """Whoever's it is."""
        made = active("an account")
        await connections.add(made)
        await connections.add(active("another"))
        assert await fleet.connection(made.id) == made
        assert await fleet.connection(unique()) is None


class AuditLogContract:
    """What operators did."""

    @pytest.fixture
    def audit(self) -> AuditLog:
        raise NotImplementedError("the log under test")

    async def test_rows_come_back_newest_first_and_those_of_one_act_together(self, audit: AuditLog) -> None:
        """An act that took an hour lies where it was begun."""
        first = begun("runs retry", BY, {"run": HOSTILE[0]}, NOW)
        second = begun("keys create", BY, {"account": HOSTILE[4]}, NOW + timedelta(minutes=1))
        ends = [finished(first, "done", LATER), finished(second, "not_found", LATER)]
        for entry in (first, second, *ends):
            await audit.append(entry)
        rows = [entry async for entry in audit.entries()]
        assert [row.act for row in rows] == [second.act, second.act, first.act, first.act]
        assert sorted(rows, key=repr) == sorted([first, second, *ends], key=repr)

    async def test_a_row_is_never_written_over(self, audit: AuditLog) -> None:
        """Neither the beginning nor the end of an act."""
        entry = begun("runs retry", BY, {}, NOW)
        await audit.append(entry)
        await audit.append(finished(entry, "done", NOW))
        for again in (entry, finished(entry, "another", LATER)):
            with pytest.raises(ConcurrentUpdate):
                await audit.append(again)
        assert [row.outcome async for row in audit.entries() if row.outcome] == ["done"]

    async def test_only_what_was_begun_since_then_is_told(self, audit: AuditLog) -> None:
        """To the millisecond; whatever the log holds from before."""
        entries: list[AuditEntry] = [
            begun("verb", BY, {}, NOW + timedelta(hours=number)) for number in range(3)
        ]
        for entry in entries:
            await audit.append(entry)
        found = [row.act async for row in audit.entries(NOW + timedelta(hours=1))]
        assert found == [entries[2].act, entries[1].act]

    async def test_a_log_without_rows_is_empty(self, audit: AuditLog) -> None:
        """Before anybody did anything."""
        assert [row async for row in audit.entries()] == []


class WorkQueuesContract:
    """The queues and their poison queues; `name` is one of them, `poisoned` puts a message aside."""

    @pytest.fixture
    def queues(self) -> WorkQueues:
        raise NotImplementedError("the queues under test")

    @pytest.fixture
    def name(self) -> str:
        raise NotImplementedError("the name of a queue")

    @pytest.fixture
    def poisoned(self) -> Callable[[QueueMessage], Awaitable[None]]:
        raise NotImplementedError("puts a message on the poison queue")

    @pytest.fixture
    def receive(self) -> Callable[[], Awaitable[list[QueueMessage]]]:
        raise NotImplementedError("takes every visible message of the queue")

    async def test_queues_that_nobody_used_are_empty(self, queues: WorkQueues, name: str) -> None:
        """They need not even be there."""
        assert [(found.messages, found.poison) for found in await queues.lengths() if found.name == name] == [
            (0, 0)
        ]
        assert await queues.peek(name, 10, poison=True) == []
        assert await queues.requeue(name, 10) == 0

    async def test_what_was_set_aside_goes_back_as_it_was(
        self,
        queues: WorkQueues,
        name: str,
        poisoned: Callable[[QueueMessage], Awaitable[None]],
        receive: Callable[[], Awaitable[list[QueueMessage]]],
    ) -> None:
        """At most as many as asked for, and none is left behind as well."""
        messages = [SyncMessage("Zoë / 名前", "c", f"run-{number}") for number in range(5)]
        for message in messages:
            await poisoned(message)
        assert await queues.requeue(name, 2) == 2
        (length,) = [found for found in await queues.lengths() if found.name == name]
        assert (length.messages, length.poison) == (2, 3)
        assert await queues.requeue(name, 100) == 3
        assert sorted(await receive(), key=repr) == messages

    async def test_looking_takes_nothing(
        self, queues: WorkQueues, name: str, poisoned: Callable[[QueueMessage], Awaitable[None]]
    ) -> None:
        """The message can be read, and is there afterwards."""
        message = SyncMessage("a", "c", "run")
        await poisoned(message)
        for _ in range(2):
            (found,) = await queues.peek(name, 10, poison=True)
            assert msgspec.json.decode(found.body)["run_id"] == "run"
        assert await queues.peek(name, 10, poison=False) == []

    async def test_another_queue_is_not_found(self, queues: WorkQueues) -> None:
        """Neither to look at nor to move from."""
        with pytest.raises(NotFound):
            await queues.peek("another", 1, poison=False)
        with pytest.raises(NotFound):
            await queues.requeue("another", 1)


class TablesContract:
    """All state, row by row."""

    @pytest.fixture
    def tables(self) -> Tables:
        raise NotImplementedError("the tables under test")

    async def test_rows_come_back_with_every_value(self, tables: Tables) -> None:
        """Of every kind that a table has, and of any text, over more partitions than one."""
        table = f"t{unique()}"
        rows: list[dict[str, Value]] = [
            {
                "PartitionKey": f"p{number % 2}",
                "RowKey": f"{number:03d}",
                "text": text,
                "flag": bool(number % 2),
                "number": number,
                "share": number + 0.5,
                "at": NOW,
                "blob": bytes(range(256)),
            }
            for number, text in enumerate(HOSTILE)
        ]
        await tables.put(table, rows)
        await tables.put(table, rows[:3])  # once more
        found = [row async for part in tables.rows(table) for row in part]
        assert found == sorted(rows, key=lambda row: (str(row["PartitionKey"]), str(row["RowKey"])))
        assert all(type(value) in {str, bool, int, float, datetime, bytes} for value in found[0].values())
        assert table in {name[-len(table) :] for name in await tables.names()}

    async def test_a_table_that_is_not_there_has_no_rows(self, tables: Tables) -> None:
        """Looking makes none."""
        assert [part async for part in tables.rows(f"t{unique()}")] == []


class SecretVersionsContract:
    """The versions of a secret."""

    @pytest.fixture
    def secrets(self) -> Secrets:
        raise NotImplementedError("writes secrets")

    @pytest.fixture
    def versions(self, secrets: Secrets) -> SecretVersions:
        raise NotImplementedError("the port under test")

    async def test_each_write_is_a_version(self, secrets: Secrets, versions: SecretVersions) -> None:
        """All of them enabled, until one is disabled."""
        name = f"credential-{unique()}"
        assert await versions.list(name) == []
        for value in ("first", "second", "third"):
            await secrets.set(name, value)
        found = await versions.list(name)
        assert len({version.id for version in found}) == 3
        assert all(version.enabled for version in found)
        await versions.disable(name, found[-1].id)
        again = await versions.list(name)
        assert [version.enabled for version in again] == [True, True, False]
        assert await secrets.get(name) == "third"
