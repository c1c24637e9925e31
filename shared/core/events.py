"""What happens, told to whoever wants to know: thin, in an order, and with nothing personal in it.

A notice is kept in the very row whose state it tells of, so that there is never one without the other; it
becomes an event when it takes its place in the account's feed.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

KEPT_FOR = timedelta(days=90)
"""How long an event can be read again."""


class EventType(StrEnum):
    """Everything there is an event for; docs/events.md says what each one's `data` holds."""

    CONNECTION_ACTIVATED = "connection.activated"
    CONNECTION_ACTION_REQUIRED = "connection.action_required"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    CONNECTION_DISCONNECTED = "connection.disconnected"
    CONNECTION_CONFIGURED = "connection.configured"
    RUN_COMPLETED = "run.completed"
    RUN_FAILED = "run.failed"
    RUN_HELD = "run.held"
    RUN_APPROVED = "run.approved"
    RUN_CANCELED = "run.canceled"
    REVIEW_OPENED = "review.opened"
    REVIEW_DECIDED = "review.decided"
    DESTINATION_ACTION_REQUIRED = "destination.action_required"
    DESTINATION_RECOVERED = "destination.recovered"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_TEST = "webhook.test"


Facts = dict[str, str | int | bool | list[str] | dict[str, int] | None]
"""Ids, codes, counts and names of settings; never a person's name or address."""


class Notice(msgspec.Struct, frozen=True):
    """One thing that happened to what keeps it; `number` counts from 1 there and never comes twice."""

    number: int
    type: EventType
    at: datetime
    data: Facts = {}


class Subject(msgspec.Struct, frozen=True):
    """What a notice is about; `name` tells it from everything else in the account."""

    name: str
    account_id: str
    customer_id: str | None = None
    connection_id: str | None = None
    run_id: str | None = None


class Event(msgspec.Struct, frozen=True):
    """One entry of an account's feed.

    `key`: names it among the account's events, however often somebody tells of it; `sequence`: its place in
    the feed, from 1, 0 as long as it has none. Times are UTC.
    """

    id: str
    type: EventType
    at: datetime
    account_id: str
    key: str
    customer_id: str | None = None
    connection_id: str | None = None
    run_id: str | None = None
    data: Facts = {}
    sequence: int = 0


def make_event(subject: Subject, notice: Notice) -> Event:
    """The event of a notice: the same id whoever makes it, however often."""
    key = f"{subject.name}:{notice.number}"
    digest = hashlib.blake2b(f"{subject.account_id} {key}".encode(), digest_size=16)
    return Event(
        id=f"evt_{digest.hexdigest()}",
        type=notice.type,
        at=notice.at,
        account_id=subject.account_id,
        key=key,
        customer_id=subject.customer_id,
        connection_id=subject.connection_id,
        run_id=subject.run_id,
        data=notice.data,
    )


def document(event: Event) -> dict[str, Any]:
    """The event as everybody gets it, from the feed or by webhook (the members that Standard Webhooks names,
    and the ids of what it is about)."""
    return {
        "id": event.id,
        "type": event.type.value,
        "timestamp": event.at,
        "customer_id": event.customer_id,
        "connection_id": event.connection_id,
        "run_id": event.run_id,
        "data": event.data,
    }
