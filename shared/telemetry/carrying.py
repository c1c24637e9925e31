"""A trace goes along with what is put on a queue, beside the message and not as a part of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.core.messages import QueueMessage, delay_of, encode, ids_of, sender_of
from shared.telemetry import metrics
from shared.telemetry.ids import about
from shared.telemetry.spans import span

_propagator = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@contextmanager
def sending(queue: str, message: QueueMessage, delay: timedelta = timedelta(0)) -> Iterator[bytes]:
    """Put what is given, the message with the trace it belongs to, on the queue of this name.

    `delay`: for how long it is hidden there.
    """
    facts = {"messaging.destination.name": queue}
    with about(**ids_of(message)), span(f"send {queue}", SpanKind.PRODUCER, facts):
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        yield encode(message, carrier.get("traceparent", ""), delay)


@contextmanager
def processing(queue: str, body: bytes, message: QueueMessage | None) -> Iterator[None]:
    """What follows carries out a message from the queue of this name: a part of its sender's trace.

    It is linked to what the platform says of the delivery. A trace that makes no sense is passed over.
    `message`: what was read in `body`, None where that is none.
    """
    parent: Context | None = None
    links: list[Link] = []
    sender = sender_of(body)
    if _TRACEPARENT.fullmatch(sender):
        parent = _propagator.extract({"traceparent": sender})
        links = [Link(trace.get_current_span().get_span_context())]
    known = {} if message is None else ids_of(message)
    facts = {"messaging.destination.name": queue}
    with (
        about(**known),
        span(f"process {queue}", SpanKind.CONSUMER, facts, parent=parent, links=links),
    ):
        yield


def delivered(queue: str, body: bytes, inserted_at: datetime, now: datetime) -> None:
    """A message is delivered for the first time: measure how long it was there since it was due.

    `inserted_at`: when it was put on the queue, as the platform says it, which may leave out that it is UTC.
    """
    at = inserted_at if inserted_at.tzinfo else inserted_at.replace(tzinfo=UTC)
    waited = now - at - delay_of(body)
    metrics.taken_from_queue(queue, max(waited.total_seconds(), 0.0))
