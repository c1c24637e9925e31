"""What only an operator reaches, in memory: the other stores, looked at from all sides."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from shared.core.audit import AuditEntry, Operator
from shared.core.connection import Connection, ConnectionState
from shared.core.copies import Value
from shared.core.customer import Account
from shared.core.erasure import Subject
from shared.core.errors import ConcurrentUpdate, NotFound, OperatorError
from shared.core.events import Event
from shared.core.links import book_name
from shared.core.messages import QueueMessage, encode
from shared.core.run import connection_of
from shared.ports.operation import PeekedMessage, QueueLength, SecretVersion
from tests.fakes.clock import FakeClock
from tests.fakes.queue import FakeQueue
from tests.fakes.stores import FakeAccountStore, FakeConnectionStore, FakeSecrets

if TYPE_CHECKING:
    from tests.fakes.world import World

OPERATOR = Operator("0b1e5f7a-0000-4000-8000-00000000000a", "olga.operator@msp.example")


class FakeFleet:
    """All accounts and connections."""

    def __init__(self, accounts: FakeAccountStore, connections: FakeConnectionStore) -> None:
        self._accounts, self._connections = accounts, connections

    async def accounts(self) -> AsyncIterator[Account]:
        for account in self._accounts.all():
            yield account

    async def connections(
        self, account_id: str | None = None, state: ConnectionState | None = None
    ) -> AsyncIterator[Connection]:
        for found in sorted(self._connections.all(), key=lambda one: (one.account_id, one.id)):
            if account_id in (None, found.account_id) and state in (None, found.state):
                yield found

    async def connection(self, connection_id: str) -> Connection | None:
        return next((found for found in self._connections.all() if found.id == connection_id), None)


class FakeAudit:
    """Rows that are added and never changed; `refuses` keeps every one from being written."""

    def __init__(self) -> None:
        self.rows: list[AuditEntry] = []
        self.refuses: Exception | None = None

    async def append(self, entry: AuditEntry) -> None:
        if self.refuses is not None:
            raise self.refuses
        if any((row.act, row.outcome is None) == (entry.act, entry.outcome is None) for row in self.rows):
            raise ConcurrentUpdate
        self.rows.append(msgspec.json.decode(msgspec.json.encode(entry), type=AuditEntry))

    async def entries(self, since: datetime | None = None) -> AsyncIterator[AuditEntry]:
        rows = [row for row in self.rows if since is None or row.begun_at >= since]
        for row in sorted(rows, key=lambda row: (row.begun_at, row.act), reverse=True):
            yield row


class FakeWho:
    """The one operator there is."""

    async def operator(self) -> Operator:
        return OPERATOR


class FakeWorkQueues:
    """The queues; `poison` holds what a test puts onto each poison queue."""

    def __init__(self, **queues: FakeQueue) -> None:
        self._queues = {name.replace("_", "-"): queue for name, queue in queues.items()}
        self.poison: dict[str, list[QueueMessage]] = {name: [] for name in self._queues}

    async def lengths(self) -> list[QueueLength]:
        return [
            QueueLength(name, len(queue.waiting), len(self.poison[name]))
            for name, queue in self._queues.items()
        ]

    async def peek(self, name: str, limit: int, *, poison: bool) -> list[PeekedMessage]:
        if name not in self._queues:
            raise NotFound("queue")
        waiting = [encode(message) for message in self.poison[name]]
        if not poison:
            waiting = [one.body for one in self._queues[name].waiting]
        return [PeekedMessage(str(number), None, 0, body) for number, body in enumerate(waiting[:limit])]

    async def requeue(self, name: str, limit: int) -> int:
        if name not in self._queues:
            raise NotFound("queue")
        moved = self.poison[name][:limit]
        for message in moved:
            await self._queues[name].send(message)
            self.poison[name].remove(message)
        return len(moved)


@dataclass
class FakeVersions:
    """The versions of secrets, as they are written; `accepted` are the values that Microsoft takes."""

    secrets: FakeSecrets
    clock: FakeClock
    accepted: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    made: dict[str, list[SecretVersion]] = field(default_factory=dict)

    async def list(self, name: str) -> list[SecretVersion]:
        versions = self.made.setdefault(name, [])
        for _ in range(self.secrets.written.count(name) - len(versions)):
            versions.insert(0, SecretVersion(uuid.uuid4().hex, self.clock.now(), enabled=True))
        return list(versions)

    async def disable(self, name: str, version: str) -> None:
        self.made[name] = [
            msgspec.structs.replace(one, enabled=False) if one.id == version else one
            for one in self.made[name]
        ]

    async def prove(self, value: str, tenant_id: str) -> None:
        self.asked.append((value, tenant_id))
        if value not in self.accepted:
            raise OperatorError(
                "credential_refused",
                "Microsoft refused this service's own credential.",
                "The operator must renew the credential of the app registration.",
            )


class FakeTraces:
    """Everything that the stores of a world hold of one customer."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def count(self, subject: Subject) -> dict[str, int]:
        return {table: len(rows) for table, rows in self._rows(subject).items()}

    async def erase(self, subject: Subject) -> AsyncIterator[tuple[str, int]]:
        for table, rows in self._rows(subject).items():
            for container, name in rows:
                if isinstance(container, list):
                    container.remove(name)
                else:
                    del container[name]
            if rows:
                yield table, len(rows)

    def _rows(self, subject: Subject) -> dict[str, list[tuple[Any, Any]]]:
        world, connection_id = self._world, subject.connection_id
        mine = (subject.account_id, connection_id)
        contacts = world.contacts._contacts.get(connection_id, {})
        mirrors, runs, chunks = world.mirrors.mirrors, world.runs._runs, world.changes._chunks
        reviews = world.reviews._reviews.get(connection_id, {})
        books = (world.links._links, world.links._protections, world.links._pending)
        prefix = book_name(connection_id, "")
        events = world.events._events.get(subject.account_id, [])
        about = [
            row
            for row in events
            if msgspec.json.decode(row[1], type=Event).customer_id == subject.customer_id
        ]
        deliveries = world.deliveries._rows
        sent = [
            place
            for place, body in deliveries.items()
            if place[0] in subject.endpoints and f'\\"{subject.customer_id}\\"'.encode() in body
        ]
        return {
            "contacts": [(contacts, name) for name in contacts],
            "mirrors": [(mirrors, place) for place in mirrors if place[0] == connection_id],
            "reviews": [(reviews, name) for name in reviews],
            "runs": [(runs, name) for name in runs if connection_of(name) == connection_id],
            "changes": [
                (chunks[name], chunk)
                for name in chunks
                if connection_of(name) == connection_id
                for chunk in chunks[name]
            ],
            "reports": [(world.reports._reports, mine)] if mine in world.reports._reports else [],
            "links": [(book, name) for book in books for name in book if name.startswith(prefix)],
            "listings": [],
            "connections": [(world.connections._connections, mine)]
            if mine in world.connections._connections
            else [],
            "events": [(events, row) for row in about],
            "deliveries": [(deliveries, place) for place in sent],
            "customers": [
                (world.customers._customers, place)
                for place in world.customers._customers
                if place == (subject.account_id, subject.customer_id)
            ],
        }


class FakeTables:
    """All tables, as rows of plain values."""

    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Value]]] = {}

    async def names(self) -> list[str]:
        return sorted(self.kept)

    async def rows(self, table: str) -> AsyncIterator[list[dict[str, Value]]]:
        rows = self.kept.get(table, [])
        for start in range(0, len(rows), 2):
            yield rows[start : start + 2]

    async def put(self, table: str, rows: Sequence[dict[str, Value]]) -> None:
        found = {(row["PartitionKey"], row["RowKey"]): row for row in [*self.kept.get(table, []), *rows]}
        self.kept[table] = [found[key] for key in sorted(found)]
