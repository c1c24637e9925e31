"""A trace goes from whoever puts a message on a queue to whoever carries it out."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from opentelemetry.trace import NoOpTracer, SpanKind

from shared.core.messages import DeliverMessage, PublishMessage, Source, SyncMessage, decode, encode
from shared.telemetry import spans
from shared.telemetry.carrying import processing, sending
from shared.telemetry.spans import span
from tests.fakes.telemetry import Heard, listening

MESSAGE = SyncMessage("account", "connection", "run")
QUEUE = "sync-requests"


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as found:
        yield found


def test_the_receiver_goes_on_with_the_senders_trace(heard: Heard) -> None:
    """It is a part of the sending, and linked to the delivery that the platform speaks of."""
    with span("timer"), sending(QUEUE, MESSAGE) as body:
        pass
    with span("delivery"), processing(QUEUE, body, MESSAGE):
        assert decode(body) == MESSAGE
    timer, sent, done = heard.one("timer"), heard.one(f"send {QUEUE}"), heard.one(f"process {QUEUE}")
    assert (sent.kind, done.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert (heard.parent(sent), heard.parent(done)) == (timer, sent)
    assert [link.context for link in done.links] == [heard.one("delivery").context]
    assert (
        sent.attributes
        == done.attributes
        == {
            "messaging.destination.name": QUEUE,
            "tenantry.account": "account",
            "tenantry.connection": "connection",
            "tenantry.run": "run",
        }
    )


def test_a_message_without_a_trace_belongs_to_its_delivery(heard: Heard) -> None:
    """Those of the release before, which are still on the queue after a deployment."""
    with span("delivery"), processing(QUEUE, encode(MESSAGE), MESSAGE):
        pass
    done = heard.one(f"process {QUEUE}")
    assert heard.parent(done) == heard.one("delivery")
    assert done.links == ()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        7,
        None,
        ["00"],
        {"a": 1},
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "1" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "A" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01\n",
        "00-" + "1" * 32 + "-" + "1" * 16 + "-01-" + "ada@contoso.example" * 1000,
    ],
)
def test_a_trace_that_makes_no_sense_is_passed_over(heard: Heard, value: object) -> None:
    """The message counts; nothing of the value is kept."""
    body = msgspec.json.encode({**msgspec.to_builtins(MESSAGE), "traceparent": value})
    with span("delivery"), processing(QUEUE, body, MESSAGE):
        assert decode(body) == MESSAGE
    done = heard.one(f"process {QUEUE}")
    assert done.context is not None
    assert done.context.trace_id not in {0, int("1" * 32, 16), int("a" * 32, 16)}
    assert "contoso" not in done.to_json()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"7", b"[" * 100_000])
def test_what_is_no_message_is_still_accounted_for(heard: Heard, body: bytes) -> None:
    """A body that nobody can read is a delivery like any other."""
    with processing(QUEUE, body, None):
        pass
    assert heard.one(f"process {QUEUE}").parent is None


def test_nobody_listens_and_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without telemetry a message looks as it always did."""
    monkeypatch.setattr(spans, "_tracer", NoOpTracer())
    with sending(QUEUE, MESSAGE) as body:
        assert body == encode(MESSAGE)


@pytest.mark.parametrize(
    ("message", "known"),
    [
        (PublishMessage("a", Source.RUN, "r"), {"account": "a", "run": "r"}),
        (PublishMessage("a", Source.WEBHOOKS, "w"), {"account": "a"}),
        (DeliverMessage("a", "endpoint", "delivery"), {"account": "a"}),
    ],
)
def test_a_sending_says_whom_it_is_about(
    heard: Heard, message: PublishMessage | DeliverMessage, known: dict[str, str]
) -> None:
    """By the ids that the message names."""
    with sending(QUEUE, message):
        pass
    told = dict(heard.one(f"send {QUEUE}").attributes or {})
    assert {name: value for name, value in told.items() if name.startswith("tenantry.")} == {
        f"tenantry.{name}": value for name, value in known.items()
    }
