"""Endpoints that events are sent to, and the deliveries to them."""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.errors import Actor, Conflict
from shared.core.events import Event, EventType, Notice, document

MOST_ENDPOINTS = 10
"""Of one account."""
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between the attempts of one delivery, as Standard Webhooks advises: three days in all."""
FAILING_FOR = timedelta(days=5)
"""After so long without one delivery that came through, an endpoint is disabled."""
DELIVERIES_KEPT_FOR = timedelta(days=30)
_LATEST = 10**13 - 1  # milliseconds; ids count down from here so that the newest delivery comes first


class DisabledReason(StrEnum):
    """Why this service disabled an endpoint: it answered 410, or nothing came through for days."""

    GONE = "gone"
    FAILING = "failing"


class Endpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where events go. `since`: what happened before is not sent; `types`: which events, empty for all.

    `secret_name`: of the Key Vault secret with what is signed with; `failing_since`: when the first of the
    deliveries failed after which none came through. Times are UTC.
    """

    id: str
    url: str
    created_at: datetime
    since: datetime
    secret_name: str
    types: tuple[EventType, ...] = ()
    description: str = ""
    enabled: bool = True
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None
    secret_changed_at: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Whether the event is to be sent there."""
        asked_for = not self.types or event.type in self.types
        return self.enabled and asked_for and event.at >= self.since


class Webhooks(msgspec.Struct, frozen=True, omit_defaults=True):
    """The endpoints of one account; `outbox` and `noticed` as of a connection."""

    endpoints: tuple[Endpoint, ...] = ()
    outbox: tuple[Notice, ...] = ()
    noticed: int = 0

    def find(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint, or None."""
        return next((one for one in self.endpoints if one.id == endpoint_id), None)


class DeliveryState(StrEnum):
    """How a delivery stands; `failed` is no longer tried."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event on its way to one endpoint, or there. `body` is what is sent, to the byte.

    `attempts`: how many there were; `earlier`: how many of them before somebody asked for it again; `status`
    and `code`: what came of the last one; `next_at`: when the next one is due. Times are UTC.
    """

    id: str
    endpoint_id: str
    event_id: str
    event_type: EventType
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    earlier: int = 0
    last_at: datetime | None = None
    next_at: datetime | None = None
    status: int | None = None
    code: str | None = None


def make_delivery(event: Event, endpoint: Endpoint) -> Delivery:
    """The delivery of an event to an endpoint: the same one, whoever makes it, however often."""
    return Delivery(
        id=f"dlv_{_countdown(event.at)}{_digest(f'{event.id} {endpoint.id}')}",
        endpoint_id=endpoint.id,
        event_id=event.id,
        event_type=event.type,
        body=msgspec.json.encode(document(event)).decode(),
        created_at=event.at,
        next_at=event.at,
    )


def made_before(at: datetime) -> str:
    """An id that sorts before those of all deliveries made before that time, and after the others."""
    return f"dlv_{_countdown(at)}~"


def attempted(
    delivery: Delivery,
    now: datetime,
    *,
    status: int | None,
    code: str | None,
    retry_after: timedelta | None = None,
) -> Delivery:
    """The delivery after one more attempt. `code`: why it failed, None where it came through.

    `retry_after`: for how long the receiver asked to be left alone; the pause is no shorter.
    """
    attempts = delivery.attempts + 1
    tried = msgspec.structs.replace(
        delivery, attempts=attempts, last_at=now, status=status, code=code, next_at=None
    )
    if code is None:
        return msgspec.structs.replace(tried, state=DeliveryState.DELIVERED)
    number = attempts - delivery.earlier
    if number > len(PAUSES):
        return msgspec.structs.replace(tried, state=DeliveryState.FAILED)
    pause = max(PAUSES[number - 1], min(retry_after or timedelta(0), PAUSES[-1]))
    return msgspec.structs.replace(tried, next_at=now + pause)


def again(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery as somebody wants it tried once more from the beginning. Raises Conflict."""
    if delivery.state is DeliveryState.PENDING:
        raise Conflict(
            "delivery_pending",
            "The delivery is still being tried.",
            "Read it to see when the next attempt is due.",
            Actor.TECHNICIAN,
        )
    return msgspec.structs.replace(
        delivery, state=DeliveryState.PENDING, earlier=delivery.attempts, next_at=now, code=None
    )


def replaced(webhooks: Webhooks, endpoint: Endpoint) -> Webhooks:
    """With the endpoint in place of the one with its id."""
    endpoints = tuple(endpoint if one.id == endpoint.id else one for one in webhooks.endpoints)
    return msgspec.structs.replace(webhooks, endpoints=endpoints)


def judged(
    webhooks: Webhooks, endpoint_id: str, now: datetime, *, came_through: bool, gone: bool = False
) -> Webhooks:
    """The endpoints after an attempt: one that fails for days, or says that it is gone, is disabled."""
    endpoint = webhooks.find(endpoint_id)
    if endpoint is None or not endpoint.enabled:
        return webhooks
    if came_through:
        if endpoint.failing_since is None:
            return webhooks
        return replaced(webhooks, msgspec.structs.replace(endpoint, failing_since=None))
    since = endpoint.failing_since or now
    reason = DisabledReason.GONE if gone else None
    if reason is None and now - since >= FAILING_FOR:
        reason = DisabledReason.FAILING
    if reason is None:
        if endpoint.failing_since is not None:
            return webhooks
        return replaced(webhooks, msgspec.structs.replace(endpoint, failing_since=since))
    off = msgspec.structs.replace(endpoint, enabled=False, disabled_reason=reason, failing_since=since)
    data = {"endpoint_id": endpoint.id, "reason": reason.value}
    notice = Notice(webhooks.noticed + 1, EventType.WEBHOOK_ENDPOINT_DISABLED, now, {**data})
    return msgspec.structs.replace(
        replaced(webhooks, off), outbox=(*webhooks.outbox, notice), noticed=notice.number
    )


def _countdown(at: datetime) -> str:
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return f"{_LATEST - milliseconds:013d}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
