"""Stores in memory. Values are kept encoded, so that what cannot be stored fails here too."""

import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from shared.core.api_key import ApiKey
from shared.core.changes import Change
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Account, Customer
from shared.core.errors import ConcurrentUpdate
from shared.core.mirror import Snapshot
from shared.core.prices import NO_PRICES, Prices
from shared.core.report import TenantReport
from shared.core.reviews import Review
from shared.core.run import Run, connection_of
from shared.core.standing import Glance, glance
from shared.ports import OpenSlot, Page, ScheduledConnection, SecretProperties, Stored

T = TypeVar("T")


class FakeSecrets:
    """Named secrets."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.expiries: dict[str, datetime] = {}
        self.written: list[str] = []

    async def get(self, name: str) -> str | None:
        return self.values.get(name)

    async def properties(self, name: str) -> SecretProperties | None:
        return SecretProperties(self.expiries.get(name)) if name in self.values else None

    async def set(self, name: str, value: str) -> None:
        self.values[name] = value
        self.written.append(name)

    async def renew(self, name: str, value: str) -> None:
        if name in self.values:
            await self.set(name, value)

    async def delete(self, name: str) -> None:
        self.values.pop(name, None)


class FakeAccountStore:
    """Accounts and their API keys."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._keys: dict[tuple[str, str], ApiKey] = {}

    async def add(self, account: Account) -> None:
        self._accounts[account.id] = account

    async def save(self, account: Account) -> None:
        await self.add(account)

    async def get(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def all(self) -> list[Account]:
        """Every account, for a look from outside."""
        return [account for _, account in sorted(self._accounts.items())]

    async def add_key(self, key: ApiKey) -> None:
        self._keys[key.account_id, key.id] = key

    async def get_key(self, account_id: str, key_id: str) -> ApiKey | None:
        return self._keys.get((account_id, key_id))

    async def keys(self, account_id: str) -> list[ApiKey]:
        return [key for (owner, _), key in sorted(self._keys.items()) if owner == account_id]

    async def swap_key(self, before: ApiKey, after: ApiKey) -> bool:
        if self._keys.get((before.account_id, before.id)) != before:
            return False
        self._keys[after.account_id, after.id] = after
        return True

    async def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        key = self._keys.get((account_id, key_id))
        if key is None:
            return False
        self._keys[account_id, key_id] = msgspec.structs.replace(key, revoked_at=key.revoked_at or at)
        return True


class FakeCustomerStore:
    """The customers of an account, by the PSA's own id."""

    def __init__(self) -> None:
        self._customers: dict[tuple[str, str], bytes] = {}

    async def put(self, customer: Customer) -> None:
        self._customers[customer.account_id, customer.id] = msgspec.json.encode(customer)

    async def get(self, account_id: str, customer_id: str) -> Customer | None:
        body = self._customers.get((account_id, customer_id))
        return None if body is None else msgspec.json.decode(body, type=Customer)

    async def list(self, account_id: str, limit: int, after: str | None = None) -> Page[Customer]:
        mine = {key: body for (owner, key), body in self._customers.items() if owner == account_id}
        keys, next_after = _part(mine, limit, after)
        return Page(tuple(msgspec.json.decode(mine[key], type=Customer) for key in keys), next_after)


class FakeConnectionStore:
    """Connections; every write is conditional."""

    def __init__(self, page_size: int = 100) -> None:
        self._connections: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._etags = itertools.count(1)
        self.page_size = page_size

    async def add(self, connection: Connection) -> Stored[Connection]:
        if (connection.account_id, connection.id) in self._connections:
            raise ConcurrentUpdate
        return self._write(connection)

    async def get(self, account_id: str, connection_id: str) -> Stored[Connection] | None:
        found = self._connections.get((account_id, connection_id))
        return None if found is None else Stored(msgspec.json.decode(found[1], type=Connection), found[0])

    async def replace(self, stored: Stored[Connection], value: Connection) -> Stored[Connection]:
        found = self._connections.get((stored.value.account_id, stored.value.id))
        if found is None or found[0] != stored.etag:
            raise ConcurrentUpdate
        return self._write(value)

    async def of_account(self, account_id: str) -> AsyncIterator[Connection]:
        for (owner, _), (_, body) in sorted(self._connections.items()):
            if owner == account_id:
                yield msgspec.json.decode(body, type=Connection)

    async def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        while True:
            rest = [
                connection
                for place, (_, body) in sorted(self._connections.items())
                for connection in [msgspec.json.decode(body, type=Connection)]
                if connection.state is ConnectionState.ACTIVE
                and not connection.being_set_up
                and (after is None or list(place) > json.loads(after))
            ]
            if not rest:
                return
            part = rest[: self.page_size]
            after = json.dumps([part[-1].account_id, part[-1].id]) if len(rest) > len(part) else None
            yield Page(tuple(map(_scheduled, part)), after)
            if after is None:
                return

    async def glances(self) -> AsyncIterator[Sequence[Glance]]:
        bodies = [body for _, (_, body) in sorted(self._connections.items())]
        for start in range(0, len(bodies), self.page_size):
            part = bodies[start : start + self.page_size]
            yield tuple(glance(msgspec.json.decode(body, type=Connection)) for body in part)

    def all(self) -> list[Connection]:
        """Every connection, for a look from outside."""
        return [msgspec.json.decode(body, type=Connection) for _, body in self._connections.values()]

    def _write(self, connection: Connection) -> Stored[Connection]:
        etag = f'W/"{next(self._etags)}"'
        self._connections[connection.account_id, connection.id] = (etag, msgspec.json.encode(connection))
        return Stored(connection, etag)


class FakeRunStore:
    """Runs, newest first."""

    def __init__(self) -> None:
        self._runs: dict[str, bytes] = {}

    async def add(self, run: Run) -> bool:
        if run.id in self._runs:
            return False
        await self.save(run)
        return True

    async def get(self, run_id: str) -> Run | None:
        body = self._runs.get(run_id)
        return None if body is None else msgspec.json.decode(body, type=Run)

    async def save(self, run: Run) -> None:
        self._runs[run.id] = msgspec.json.encode(run)

    async def swap(self, before: Run, after: Run) -> bool:
        if await self.get(before.id) != before:
            return False
        await self.save(after)
        return True

    def all(self) -> list[Run]:
        """Every run, for a look from outside."""
        return [msgspec.json.decode(body, type=Run) for _, body in sorted(self._runs.items())]

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[Run]:
        mine = {key: body for key, body in self._runs.items() if connection_of(key) == connection_id}
        keys, next_after = _part(mine, limit, after)
        return Page(tuple(msgspec.json.decode(mine[key], type=Run) for key in keys), next_after)


class FakeChangeLog:
    """What a run did, in numbered chunks of changes."""

    def __init__(self) -> None:
        self._chunks: dict[str, dict[str, bytes]] = {}

    async def put(self, run_id: str, chunk: str, changes: Sequence[Change]) -> None:
        chunks = self._chunks.setdefault(run_id, {})
        if changes:
            chunks[chunk] = msgspec.json.encode(changes)
        else:
            chunks.pop(chunk, None)

    async def chunks(self, run_id: str) -> AsyncIterator[tuple[str, list[Change]]]:
        for chunk, body in sorted(self._chunks.get(run_id, {}).items()):
            yield chunk, msgspec.json.decode(body, type=list[Change])

    def all(self, run_id: str) -> list[Change]:
        """Every change of a run in order, for a look from outside."""
        chunks = sorted(self._chunks.get(run_id, {}).items())
        return [change for _, body in chunks for change in msgspec.json.decode(body, type=list[Change])]

    async def list(self, run_id: str, limit: int, after: str | None = None) -> Page[Change]:
        changes = self.all(run_id)
        start = int(after or "0")
        end = start + limit
        return Page(tuple(changes[start:end]), str(end) if end < len(changes) else None)


class FakeMirrorStore:
    """Directory mirrors, by connection and reference."""

    def __init__(self) -> None:
        self.mirrors: dict[tuple[str, str], bytes] = {}

    async def save(self, connection_id: str, name: str, snapshot: Snapshot) -> str:
        if (connection_id, name) in self.mirrors:
            raise ValueError(f"there is a mirror named {name} already")
        self.mirrors[connection_id, name] = msgspec.msgpack.encode(snapshot)
        return name

    async def load(self, connection_id: str, reference: str) -> Snapshot | None:
        body = self.mirrors.get((connection_id, reference))
        return None if body is None else msgspec.msgpack.decode(body, type=Snapshot)

    async def prune(self, connection_id: str, keep: str | None) -> None:
        for owner, reference in list(self.mirrors):
            if owner == connection_id and (keep is None or reference < keep):
                del self.mirrors[owner, reference]


class FakeReviews:
    """The review queue of each connection."""

    def __init__(self) -> None:
        self._reviews: dict[str, dict[str, bytes]] = {}

    async def all(self, connection_id: str) -> dict[str, Review]:
        reviews = sorted(self._reviews.get(connection_id, {}).items())
        return {object_id: msgspec.json.decode(body, type=Review) for object_id, body in reviews}

    async def save(self, connection_id: str, reviews: Sequence[Review]) -> None:
        mine = self._reviews.setdefault(connection_id, {})
        mine.update({review.object_id: msgspec.json.encode(review) for review in reviews})

    async def remove(self, connection_id: str, object_ids: Sequence[str]) -> None:
        for object_id in object_ids:
            self._reviews.get(connection_id, {}).pop(object_id, None)


class FakeReports:
    """The latest report about each customer's tenant."""

    def __init__(self) -> None:
        self._reports: dict[tuple[str, str], bytes] = {}

    async def get(self, account_id: str, connection_id: str) -> TenantReport | None:
        body = self._reports.get((account_id, connection_id))
        return None if body is None else msgspec.json.decode(body, type=TenantReport)

    async def of_account(self, account_id: str) -> AsyncIterator[tuple[str, TenantReport]]:
        for (owner, connection_id), body in sorted(self._reports.items()):
            if owner == account_id:
                yield connection_id, msgspec.json.decode(body, type=TenantReport)

    async def save(self, account_id: str, connection_id: str, report: TenantReport) -> None:
        self._reports[account_id, connection_id] = msgspec.json.encode(report)


class FakePrices:
    """What products cost each account."""

    def __init__(self) -> None:
        self._prices: dict[str, bytes] = {}

    async def get(self, account_id: str) -> Prices:
        body = self._prices.get(account_id)
        return NO_PRICES if body is None else msgspec.json.decode(body, type=Prices)

    async def save(self, account_id: str, prices: Prices) -> None:
        self._prices[account_id] = msgspec.json.encode(prices)


class FakeOneTimeStore:
    """Short-lived values; only the hash of a token is kept."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[datetime, str]] = {}

    async def put(self, kind: str, token: str, value: dict[str, Any], expires_at: datetime) -> None:
        self._values[kind, _hash(token)] = (expires_at, json.dumps(value))

    async def claim(
        self, kind: str, token: str, value: dict[str, Any], expires_at: datetime, now: datetime
    ) -> bool:
        found = self._values.get((kind, _hash(token)))
        if found is not None and found[0] > now:
            return False
        await self.put(kind, token, value, expires_at)
        return True

    async def peek(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        return _while_valid(self._values.get((kind, _hash(token))), now)

    async def take(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        return _while_valid(self._values.pop((kind, _hash(token)), None), now)

    async def delete(self, kind: str, token: str) -> None:
        self._values.pop((kind, _hash(token)), None)

    async def purge(self, now: datetime) -> int:
        expired = [key for key, (expires_at, _) in self._values.items() if expires_at <= now]
        for key in expired:
            del self._values[key]
        return len(expired)

    def __len__(self) -> int:
        return len(self._values)


class FakeSlotStore:
    """Which slots of the schedule were fanned out, and how far."""

    def __init__(self) -> None:
        self.slots: dict[datetime, tuple[OpenSlot, datetime]] = {}
        self._etags = itertools.count(1)

    async def open(self, slot: datetime, now: datetime, lease: timedelta) -> OpenSlot | None:
        found = self.slots.get(slot)
        if found is not None and (found[0].done or found[1] > now):
            return None
        return self._write(found[0] if found else OpenSlot(slot, now, ""), now + lease)

    async def advance(self, slot: OpenSlot, now: datetime, lease: timedelta) -> OpenSlot:
        found = self.slots.get(slot.slot)
        if found is None or found[0].etag != slot.etag:
            raise ConcurrentUpdate
        return self._write(slot, now + lease)

    async def unfinished(self, now: datetime) -> list[datetime]:
        return sorted(slot for slot, (state, until) in self.slots.items() if not state.done and until <= now)

    def _write(self, slot: OpenSlot, until: datetime) -> OpenSlot:
        written = msgspec.structs.replace(slot, etag=str(next(self._etags)))
        self.slots[slot.slot] = (written, until)
        return written


def _scheduled(connection: Connection) -> ScheduledConnection:
    return ScheduledConnection(connection.account_id, connection.id, connection.configuration.schedule)


def _part(keys: Iterable[str], limit: int, after: str | None) -> tuple[list[str], str | None]:
    rest = sorted(key for key in keys if after is None or key > after)
    part = rest[:limit]
    return part, part[-1] if len(rest) > limit else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _while_valid(found: tuple[datetime, str] | None, now: datetime) -> dict[str, Any] | None:
    if found is None or found[0] <= now:
        return None
    value: dict[str, Any] = json.loads(found[1])
    return value
