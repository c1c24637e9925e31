"""Handshakes, links and sessions: short-lived values that only the holder of their token can read."""

import base64
import hashlib
from datetime import datetime
from typing import Any

import msgspec
from azure.data.tables.aio import TableServiceClient
from cryptography.fernet import Fernet, InvalidToken

from shared.adapters.tables import documents
from shared.adapters.tables.table import Entity, Table
from shared.core.errors import ConcurrentUpdate


class TableOneTime:
    """Implements OneTimeStore: one partition per kind, rows by the token's hash.

    The value is encrypted with a key made of the token, which is not kept: PKCE verifiers and nonces wait
    here, and whoever reads the table can use neither.
    """

    def __init__(self, service: TableServiceClient) -> None:
        """`service`: Table Storage."""
        self._table = Table(service, "handshakes")

    async def put(self, kind: str, token: str, value: dict[str, Any], expires_at: datetime) -> None:
        """See OneTimeStore."""
        await self._table.upsert(_sealed(kind, token, value, expires_at))

    async def claim(
        self, kind: str, token: str, value: dict[str, Any], expires_at: datetime, now: datetime
    ) -> bool:
        """See OneTimeStore."""
        entity = _sealed(kind, token, value, expires_at)
        try:
            await self._table.insert(entity)
        except ConcurrentUpdate:
            return await self._take_over(entity, now)
        return True

    async def peek(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        """See OneTimeStore."""
        return _opened(await self._table.get(kind, _row(token)), token, now)

    async def take(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        """See OneTimeStore."""
        entity = await self._table.get(kind, _row(token))
        value = _opened(entity, token, now)
        if entity is None or value is None:
            return None
        used = {name: entity[name] for name in ("PartitionKey", "RowKey", "expires_at")}
        try:
            # Not a delete: the SDK calls one that finds nothing a success, so two callers could both win.
            await self._table.replace(used, entity.metadata["etag"])  # type: ignore[attr-defined]
        except ConcurrentUpdate:
            return None
        return value

    async def delete(self, kind: str, token: str) -> None:
        """See OneTimeStore."""
        await self._table.delete(kind, _row(token))

    async def _take_over(self, entity: Entity, now: datetime) -> bool:
        found = await self._table.get(entity["PartitionKey"], entity["RowKey"])
        if found is None or found["expires_at"] > now:
            return False
        try:
            await self._table.replace(entity, found.metadata["etag"])  # type: ignore[attr-defined]
        except ConcurrentUpdate:
            return False
        return True

    async def purge(self, now: datetime) -> int:
        """See OneTimeStore."""
        select = ("PartitionKey", "RowKey")
        purged = 0
        async for entity in self._table.entities("expires_at le @now", {"now": now}, select=select):
            await self._table.delete(entity["PartitionKey"], entity["RowKey"])
            purged += 1
        return purged


def _opened(entity: Entity | None, token: str, now: datetime) -> dict[str, Any] | None:
    if entity is None or entity["expires_at"] <= now:
        return None
    try:
        value: dict[str, Any] = msgspec.json.decode(_cipher(token).decrypt(documents.joined(entity)))
    except InvalidToken:  # used, or not what was put here
        return None
    return value


def _sealed(kind: str, token: str, value: dict[str, Any], expires_at: datetime) -> Entity:
    sealed = _cipher(token).encrypt(msgspec.json.encode(value))
    entity = {"PartitionKey": kind, "RowKey": _row(token), "expires_at": expires_at}
    return entity | documents.split(sealed)


def _row(token: str) -> str:
    return hashlib.sha256(_bytes(token)).hexdigest()


def _cipher(token: str) -> Fernet:
    key = hashlib.blake2b(_bytes(token), digest_size=32, person=b"one-time value").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _bytes(token: str) -> bytes:
    return token.encode(errors="surrogatepass")  # whatever a browser may send has a hash
