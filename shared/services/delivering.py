"""One attempt of a delivery, and what follows from it."""

import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from shared.core.errors import AttemptFailed, ConcurrentUpdate, RetryLater, code_of
from shared.core.messages import DeliverMessage, PublishMessage, Source
from shared.core.webhook_secrets import in_force
from shared.core.webhooks import Delivery, DeliveryState, Endpoint, attempted, judged
from shared.logs import log, where
from shared.ports import (
    Answer,
    Clock,
    DeliveryFailed,
    DeliveryStore,
    Queue,
    Receivers,
    Secrets,
    WebhookStore,
)
from shared.services.outbox import SOON

AT_ONCE = 4
"""Attempts under way to one endpoint from one process; a slow receiver leaves the rest to the others."""
_PUT_OFF = timedelta(seconds=2)
_LONGEST_PUT_OFF = timedelta(minutes=1)
_CHANGES = 10
_GONE = 410
_REMEMBERED_FOR = 60.0  # seconds
_MOST_REMEMBERED = 256


class SecretsAtHand:
    """Secrets of endpoints, so that a burst of deliveries reads the vault once."""

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        """`secrets`: the vault."""
        self._secrets, self._clock = secrets, clock
        self._kept: OrderedDict[tuple[str, datetime | None], tuple[float, str]] = OrderedDict()

    async def get(self, endpoint: Endpoint) -> str | None:
        """What the vault has for the endpoint, or None when it has nothing."""
        # The endpoint says when it was changed, so what is remembered is never older than that.
        now, name = self._clock.monotonic(), (endpoint.secret_name, endpoint.secret_changed_at)
        until, value = self._kept.get(name, (now, ""))
        if until > now:
            return value
        found = await self._secrets.get(endpoint.secret_name)
        self._kept.pop(name, None)
        if found is not None:
            self._kept[name] = (now + _REMEMBERED_FOR, found)
            if len(self._kept) > _MOST_REMEMBERED:
                self._kept.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Carries out delivery messages."""

    webhooks: WebhookStore
    deliveries: DeliveryStore
    secrets: SecretsAtHand
    receivers: Receivers
    queue: Queue
    notices: Queue
    clock: Clock
    _under_way: Counter[str] = field(default_factory=Counter)

    async def handle(self, message: DeliverMessage) -> None:
        """Make the attempt, or put it off. Raises AttemptFailed for what another delivery may cure."""
        if self._under_way[message.endpoint_id] >= AT_ONCE:
            again = msgspec.structs.replace(message, put_off=message.put_off + 1)
            await self.queue.send(again, min(_PUT_OFF * again.put_off, _LONGEST_PUT_OFF))
            return
        self._under_way[message.endpoint_id] += 1
        try:
            await self._attempt(message)
        except RetryLater as error:
            await self.queue.send(message, error.after)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold an address
            log("webhook.stumbled", delivery=message.delivery_id, code=code_of(error), where=where(error))
            raise AttemptFailed(code_of(error)) from None
        finally:
            self._under_way[message.endpoint_id] -= 1
            if not self._under_way[message.endpoint_id]:
                del self._under_way[message.endpoint_id]

    async def give_up(self, message: DeliverMessage) -> None:
        """An attempt that failed on every delivery of its message counts as one that the receiver missed."""
        found = await self._open(message)
        if found is not None:
            endpoint, delivery = found
            log("webhook.given_up", level=logging.ERROR, delivery=delivery.id)
            await self._note(message, endpoint, delivery, None, "internal_error")

    async def _attempt(self, message: DeliverMessage) -> None:
        found = await self._open(message)
        if found is None:
            log("webhook.ignored", delivery=message.delivery_id)
            return
        endpoint, delivery = found
        try:
            answer = await self._post(endpoint, delivery, self.clock.now())
        except DeliveryFailed as error:
            await self._note(message, endpoint, delivery, None, error.code)
            return
        came_through = 200 <= answer.status < 300
        await self._note(message, endpoint, delivery, answer, None if came_through else "http_status")

    async def _open(self, message: DeliverMessage) -> tuple[Endpoint, Delivery] | None:
        """The endpoint and the delivery, unless the attempt was made or nobody wants it any more."""
        stored = await self.webhooks.get(message.account_id)
        endpoint = None if stored is None else stored.value.find(message.endpoint_id)
        delivery = await self.deliveries.get(message.endpoint_id, message.delivery_id)
        if delivery is None or endpoint is None:
            return None
        if delivery.state is not DeliveryState.PENDING or delivery.attempts != message.attempt:
            return None
        if not endpoint.enabled:
            ended = msgspec.structs.replace(
                delivery, state=DeliveryState.FAILED, next_at=None, code="endpoint_disabled"
            )
            await self.deliveries.save(ended)
            return None
        return endpoint, delivery

    async def _post(self, endpoint: Endpoint, delivery: Delivery, now: datetime) -> Answer:
        kept = await self.secrets.get(endpoint)
        secrets = [] if kept is None else in_force(kept, now)
        if not secrets:
            raise DeliveryFailed("secret_missing")  # the endpoint is being made, or deleted
        return await self.receivers.post(endpoint.url, delivery.event_id, now, delivery.body, secrets)

    async def _note(
        self,
        message: DeliverMessage,
        endpoint: Endpoint,
        delivery: Delivery,
        answer: Answer | None,
        code: str | None,
    ) -> None:
        now = self.clock.now()
        status = None if answer is None else answer.status
        wait = None if answer is None else answer.retry_after
        tried = attempted(delivery, now, status=status, code=code, retry_after=wait)
        gone = status == _GONE
        if gone:
            tried = msgspec.structs.replace(tried, state=DeliveryState.FAILED, next_at=None)
        log(
            "webhook.delivered" if code is None else "webhook.failed",
            endpoint=endpoint.id,
            delivery=delivery.id,
            attempt=tried.attempts,
            status=status,
            code=code,
        )
        if tried.next_at is not None:
            # First: should this be the last thing we do, the attempt is made again, and the next one too.
            following = msgspec.structs.replace(message, attempt=tried.attempts, put_off=0)
            await self.queue.send(following, tried.next_at - now)
        await self._judge(message, now, came_through=code is None, gone=gone)
        await self.deliveries.save(tried)

    async def _judge(self, message: DeliverMessage, now: datetime, *, came_through: bool, gone: bool) -> None:
        """Write down what the attempt says about the endpoint, where it says anything new."""
        for _ in range(_CHANGES):
            stored = await self.webhooks.get(message.account_id)
            if stored is None:
                return
            after = judged(stored.value, message.endpoint_id, now, came_through=came_through, gone=gone)
            if after is stored.value:
                return
            if after.noticed != stored.value.noticed:
                log("webhook.disabled", endpoint=message.endpoint_id)
                notice = PublishMessage(message.account_id, Source.WEBHOOKS, "", after.noticed)
                await self.notices.send(notice, SOON)
            try:
                await self.webhooks.put(message.account_id, stored, after)
                return
            except ConcurrentUpdate:
                continue
        raise RetryLater.soon("busy", "The endpoints are being changed by several others at once.")
