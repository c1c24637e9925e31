"""Messages survive the queue, and nothing else is taken for one."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.core.messages import (
    PreviewMessage,
    QueueMessage,
    StartMessage,
    SyncMessage,
    ValidateMessage,
    decode,
    encode,
)
from tests.contract.contracts.values import HOSTILE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "message",
    [
        SyncMessage("account", "connection", "run"),
        SyncMessage("account", "connection", "run", NOON, postponed=7),
        StartMessage("account", "connection", "run", postponed=1),
        PreviewMessage("account", "connection", "run"),
        ValidateMessage("account", "connection", attempt=3),
        *(ValidateMessage(text, text) for text in HOSTILE),
    ],
)
def test_a_message_comes_back_as_it_was(message: QueueMessage) -> None:
    """Of every kind, with any text in it."""
    assert decode(encode(message)) == message


def test_the_wire_format_is_settled() -> None:
    """Messages of the release before are still on the queue after a deployment."""
    assert encode(SyncMessage("a", "c", "r", NOON)) == (
        b'{"kind":"sync","account_id":"a","connection_id":"c","run_id":"r",'
        b'"slot":"2026-03-02T12:00:00Z","postponed":0}'
    )
    assert encode(PreviewMessage("a", "c", "r")) == (
        b'{"kind":"preview","account_id":"a","connection_id":"c","run_id":"r"}'
    )
    assert decode(b'{"kind":"validate","account_id":"a","connection_id":"c"}') == ValidateMessage("a", "c")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b"{",
        b'{"kind":"other"}',
        b'{"kind":"sync"}',
        b'{"kind":"sync","account_id":1}',
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    """Rather than half understood."""
    with pytest.raises((msgspec.ValidationError, msgspec.DecodeError)):
        decode(body)
