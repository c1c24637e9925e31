"""Endpoints, deliveries, and the receivers at the other end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shared.core.webhooks import Delivery, Webhooks
from shared.ports.common import Page, Stored


class WebhookStore(Protocol):
    """The endpoints of each account, as one value."""

    async def get(self, account_id: str) -> Stored[Webhooks] | None:
        """The endpoints, or None where there never was one."""
        ...

    async def put(
        self, account_id: str, before: Stored[Webhooks] | None, value: Webhooks
    ) -> Stored[Webhooks]:
        """Write them. Raises ConcurrentUpdate when `before` is no longer what is there."""
        ...


class DeliveryStore(Protocol):
    """The deliveries to each endpoint, newest first."""

    async def add(self, delivery: Delivery) -> bool:
        """Create; False when there is one with this id already."""
        ...

    async def get(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        """The delivery, or None."""
        ...

    async def save(self, delivery: Delivery) -> None:
        """Replace."""
        ...

    async def list(self, endpoint_id: str, limit: int, after: str | None = None) -> Page[Delivery]:
        """A page of an endpoint's deliveries, newest first."""
        ...

    async def purge(self, before: datetime) -> int:
        """Delete deliveries made before that day, and return how many."""
        ...


class Answer(msgspec.Struct, frozen=True):
    """What a receiver answered; nothing else of it is looked at."""

    status: int
    retry_after: timedelta | None = None


class DeliveryFailed(Exception):
    """There was no answer. `code`: `address_not_allowed`, `name_not_resolved`, `tls_failed`,
    `connection_failed` or `timeout`."""

    def __init__(self, code: str) -> None:
        """`code`: stable, for programs."""
        super().__init__(code)
        self.code = code


class Receivers(Protocol):
    """Whoever listens at the addresses of endpoints."""

    async def check(self, url: str) -> None:
        """Raises WebhookUrlNotAllowed where nothing may be sent, as far as that can be told today."""
        ...

    async def post(
        self, url: str, message_id: str, at: datetime, body: str, secrets: Sequence[str]
    ) -> Answer:
        """Send the body, signed with each of the secrets as Standard Webhooks has it, and wait 15 s at most.

        Every address that the host has is checked as the connection is made; no redirect is followed.
        Raises DeliveryFailed.
        """
        ...
