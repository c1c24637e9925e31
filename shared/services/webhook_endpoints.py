"""Endpoints, as the API makes, changes and deletes them, and what was sent to them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from shared.core.errors import Actor, ConcurrentUpdate, Conflict, NotFound, RetryLater
from shared.core.events import Event, EventType
from shared.core.messages import DeliverMessage
from shared.core.webhook_secrets import changed, new_secret
from shared.core.webhooks import (
    MOST_ENDPOINTS,
    Delivery,
    Endpoint,
    Webhooks,
    again,
    make_delivery,
    replaced,
)
from shared.logs import log
from shared.ports import Clock, DeliveryStore, Page, Queue, Receivers, Secrets, WebhookStore
from shared.services.dispatching import Dispatcher

_ATTEMPTS = 10


class EndpointChange(msgspec.Struct, frozen=True):
    """What is to be different; None leaves it as it is."""

    url: str | None = None
    types: tuple[EventType, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class WebhookEndpoints:
    """Everything is asked for within one account; what belongs to another does not exist."""

    webhooks: WebhookStore
    deliveries: DeliveryStore
    dispatcher: Dispatcher
    secrets: Secrets
    receivers: Receivers
    queue: Queue
    clock: Clock

    async def list(self, account_id: str) -> tuple[Endpoint, ...]:
        """The endpoints, oldest first."""
        stored = await self.webhooks.get(account_id)
        return () if stored is None else stored.value.endpoints

    async def get(self, account_id: str, endpoint_id: str) -> Endpoint:
        """Raises NotFound."""
        return _found(await self.list(account_id), endpoint_id)

    async def create(
        self, account_id: str, url: str, types: tuple[EventType, ...], description: str
    ) -> tuple[Endpoint, str]:
        """A new endpoint, and its secret, which is not shown again.

        Raises WebhookUrlNotAllowed, and Conflict where there are too many.
        """
        await self.receivers.check(url)
        now, number = self.clock.now(), secrets.token_hex(12)
        endpoint = Endpoint(
            id=f"whe_{number}",
            url=url,
            created_at=now,
            since=now,
            secret_name=f"webhook-{account_id}-{number}",
            types=types,
            description=description,
        )

        def added(webhooks: Webhooks) -> Webhooks:
            if len(webhooks.endpoints) >= MOST_ENDPOINTS:
                raise _too_many()
            return msgspec.structs.replace(webhooks, endpoints=(*webhooks.endpoints, endpoint))

        # The row first: a secret that nobody knows of would stay for ever.
        await self._update(account_id, added)
        secret = new_secret()
        await self.secrets.set(endpoint.secret_name, changed(None, secret, now))
        log("webhook.created", endpoint=endpoint.id)
        return endpoint, secret

    async def change(self, account_id: str, endpoint_id: str, wanted: EndpointChange) -> Endpoint:
        """Change an endpoint; what happened before it listened like this is not sent to it.

        Enabling it forgets what was wrong with it. Raises NotFound and WebhookUrlNotAllowed.
        """
        await self.get(account_id, endpoint_id)
        if wanted.url is not None:
            await self.receivers.check(wanted.url)
        now = self.clock.now()

        def edited(webhooks: Webhooks) -> Webhooks:
            before = _found(webhooks.endpoints, endpoint_id)
            given = {
                name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None
            }
            after = msgspec.structs.replace(before, **given)
            if wanted.enabled is not None:
                after = msgspec.structs.replace(after, disabled_reason=None, failing_since=None)
            if (after.enabled, after.types) != (before.enabled, before.types):
                after = msgspec.structs.replace(after, since=now)
            return replaced(webhooks, after)

        return _found((await self._update(account_id, edited)).endpoints, endpoint_id)

    async def delete(self, account_id: str, endpoint_id: str) -> None:
        """Delete an endpoint and its secret; what is on its way is dropped. Raises NotFound."""
        endpoint = await self.get(account_id, endpoint_id)
        # The secret first: asking again finishes what was cut short.
        await self.secrets.delete(endpoint.secret_name)

        def without(webhooks: Webhooks) -> Webhooks:
            left = tuple(one for one in webhooks.endpoints if one.id != endpoint_id)
            return msgspec.structs.replace(webhooks, endpoints=left)

        await self._update(account_id, without)
        log("webhook.deleted", endpoint=endpoint_id)

    async def change_secret(self, account_id: str, endpoint_id: str) -> tuple[Endpoint, str]:
        """Another secret; the former one signs along for a day. Raises NotFound."""
        endpoint = await self.get(account_id, endpoint_id)
        now, secret = self.clock.now(), new_secret()

        def noted(webhooks: Webhooks) -> Webhooks:
            before = _found(webhooks.endpoints, endpoint_id)
            return replaced(webhooks, msgspec.structs.replace(before, secret_changed_at=now))

        kept = await self.secrets.get(endpoint.secret_name)
        # One that somebody deletes meanwhile stays deleted; one that was never written is written now.
        write = self.secrets.set if kept is None else self.secrets.renew
        await write(endpoint.secret_name, changed(kept, secret, now))
        endpoints = (await self._update(account_id, noted)).endpoints
        log("webhook.secret_changed", endpoint=endpoint_id)
        return _found(endpoints, endpoint_id), secret

    async def test(self, account_id: str, endpoint_id: str) -> Delivery:
        """Send a `webhook.test` to this endpoint only. Raises NotFound and Conflict."""
        endpoint = _enabled(await self.get(account_id, endpoint_id))
        name = secrets.token_hex(16)
        event = Event(
            f"evt_{name}",
            EventType.WEBHOOK_TEST,
            self.clock.now(),
            account_id,
            f"test:{name}",
            data={"endpoint_id": endpoint.id},
        )
        await self.dispatcher.send(account_id, event, endpoint)
        return make_delivery(event, endpoint)

    async def sent(self, account_id: str, endpoint_id: str, limit: int, after: str | None) -> Page[Delivery]:
        """A page of the endpoint's deliveries, newest first. Raises NotFound."""
        await self.get(account_id, endpoint_id)
        return await self.deliveries.list(endpoint_id, limit, after)

    async def redeliver(self, account_id: str, endpoint_id: str, delivery_id: str) -> Delivery:
        """Try a delivery again from the beginning. Raises NotFound and Conflict."""
        endpoint = await self.get(account_id, endpoint_id)
        delivery = await self.deliveries.get(endpoint_id, delivery_id)
        if delivery is None:
            raise NotFound("delivery")
        _enabled(endpoint)
        delivery = again(delivery, self.clock.now())
        await self.deliveries.save(delivery)
        await self.queue.send(DeliverMessage(account_id, endpoint_id, delivery_id, attempt=delivery.attempts))
        log("webhook.redelivered", endpoint=endpoint_id, delivery=delivery_id)
        return delivery

    async def _update(self, account_id: str, change: Callable[[Webhooks], Webhooks]) -> Webhooks:
        """Write `change(endpoints)`; when somebody else was quicker, apply it to what they wrote."""
        for _ in range(_ATTEMPTS):
            stored = await self.webhooks.get(account_id)
            after = change(Webhooks() if stored is None else stored.value)
            try:
                return (await self.webhooks.put(account_id, stored, after)).value
            except ConcurrentUpdate:
                continue
        raise RetryLater.soon("busy", "The endpoints are being changed by several others at once.")


def _found(endpoints: tuple[Endpoint, ...], endpoint_id: str) -> Endpoint:
    found = Webhooks(endpoints).find(endpoint_id)
    if found is None:
        raise NotFound("webhook endpoint")
    return found


def _enabled(endpoint: Endpoint) -> Endpoint:
    if not endpoint.enabled:
        raise Conflict(
            "endpoint_disabled",
            "The endpoint is disabled, so nothing is sent to it.",
            "Enable it first: PATCH it with `enabled` true.",
            Actor.TECHNICIAN,
        )
    return endpoint


def _too_many() -> Conflict:
    return Conflict(
        "too_many_endpoints",
        f"The account has {MOST_ENDPOINTS} webhook endpoints already.",
        "Delete one that is not used, or let one endpoint hand events on.",
        Actor.TECHNICIAN,
    )
