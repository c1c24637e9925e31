"""A trace goes along with what is put on a queue, beside the message and not as a part of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.core.messages import QueueMessage, encode, ids_of, sender_of
from shared.telemetry.ids import about
from shared.telemetry.spans import span

_propagator = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@contextmanager
def sending(queue: str, message: QueueMessage) -> Iterator[bytes]:
    """Put what is given, the message with the trace it belongs to, on the queue of this name."""
    facts = {"messaging.destination.name": queue}
    with about(**ids_of(message)), span(f"send {queue}", SpanKind.PRODUCER, facts):
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        yield encode(message, carrier.get("traceparent", ""))


@contextmanager
def processing(queue: str, body: bytes) -> Iterator[None]:
    """What follows carries out a message from the queue of this name: a part of its sender's trace.

    It is linked to what the platform says of the delivery. A trace that makes no sense is passed over.
    """
    facts = {"messaging.destination.name": queue}
    sender = sender_of(body)
    if not _TRACEPARENT.fullmatch(sender):
        with span(f"process {queue}", SpanKind.CONSUMER, facts):
            yield
        return
    delivery = trace.get_current_span().get_span_context()
    links = [Link(delivery)] if delivery.is_valid else []
    parent = _propagator.extract({"traceparent": sender})
    with span(f"process {queue}", SpanKind.CONSUMER, facts, parent=parent, links=links):
        yield
