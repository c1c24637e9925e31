"""Endpoints, deliveries and receivers in memory."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shared.core.errors import ConcurrentUpdate
from shared.core.webhook_addresses import host_and_port
from shared.core.webhooks import Delivery, Webhooks
from shared.ports import Answer, Page, Stored


class FakeWebhookStore:
    """The endpoints of each account, as one value."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, bytes]] = {}
        self._etags = itertools.count(1)

    async def get(self, account_id: str) -> Stored[Webhooks] | None:
        found = self._values.get(account_id)
        return None if found is None else Stored(msgspec.json.decode(found[1], type=Webhooks), found[0])

    async def put(
        self, account_id: str, before: Stored[Webhooks] | None, value: Webhooks
    ) -> Stored[Webhooks]:
        found = self._values.get(account_id)
        if (None if found is None else found[0]) != (None if before is None else before.etag):
            raise ConcurrentUpdate
        etag = str(next(self._etags))
        self._values[account_id] = (etag, msgspec.json.encode(value))
        return Stored(value, etag)


class FakeDeliveryStore:
    """The deliveries to each endpoint, newest first."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], bytes] = {}

    async def add(self, delivery: Delivery) -> bool:
        if (delivery.endpoint_id, delivery.id) in self._rows:
            return False
        await self.save(delivery)
        return True

    async def get(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        body = self._rows.get((endpoint_id, delivery_id))
        return None if body is None else msgspec.json.decode(body, type=Delivery)

    async def save(self, delivery: Delivery) -> None:
        self._rows[delivery.endpoint_id, delivery.id] = msgspec.json.encode(delivery)

    async def list(self, endpoint_id: str, limit: int, after: str | None = None) -> Page[Delivery]:
        mine = sorted(name for owner, name in self._rows if owner == endpoint_id)
        rest = [name for name in mine if after is None or name > after]
        part = rest[:limit]
        items = [msgspec.json.decode(self._rows[endpoint_id, name], type=Delivery) for name in part]
        return Page(tuple(items), part[-1] if len(rest) > limit else None)

    async def purge(self, before: datetime) -> int:
        old = [
            place
            for place, body in self._rows.items()
            if msgspec.json.decode(body, type=Delivery).created_at.date() < before.date()
        ]
        for place in old:
            del self._rows[place]
        return len(old)


@dataclass(frozen=True)
class Posted:
    """One request that a receiver got."""

    url: str
    message_id: str
    at: datetime
    body: str
    secrets: tuple[str, ...]


async def _well(posted: Posted) -> Answer:
    return Answer(204)


@dataclass
class FakeReceivers:
    """Receivers at any address of the internet; `answer` is how they all behave."""

    answer: Callable[[Posted], Awaitable[Answer]] = _well
    posted: list[Posted] = field(default_factory=list)

    async def check(self, url: str) -> None:
        host_and_port(url, ())

    async def post(
        self, url: str, message_id: str, at: datetime, body: str, secrets: Sequence[str]
    ) -> Answer:
        posted = Posted(url, message_id, at, body, tuple(secrets))
        self.posted.append(posted)
        return await self.answer(posted)
