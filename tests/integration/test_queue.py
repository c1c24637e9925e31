"""The queue as the Functions host finds it."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec
from azure.storage.queue.aio import QueueClient

from shared.adapters.queue import StorageQueue
from shared.core import messages
from shared.core.messages import SyncMessage
from shared.telemetry.carrying import processing
from tests.fakes.telemetry import listening

MESSAGE = SyncMessage("account", "connection", "run")


async def test_the_first_message_makes_the_queue(queue_client: QueueClient) -> None:
    """Nobody has to make the queue, and the message that was first is not lost."""
    queue = StorageQueue(queue_client)
    await queue.send(MESSAGE)
    await queue.send(MESSAGE)
    assert (await queue_client.get_queue_properties()).approximate_message_count == 2


async def test_a_message_is_json_in_base64(queue_client: QueueClient) -> None:
    """Which is what the host's queue trigger expects, and plain JSON inside."""
    await StorageQueue(queue_client).send(MESSAGE)
    received = await queue_client.receive_message()
    assert received is not None
    body = base64.b64decode(received.content, validate=True)
    assert messages.decode(body) == MESSAGE
    assert msgspec.json.decode(body)["kind"] == "sync"


async def test_a_message_takes_its_trace_along(queue_client: QueueClient) -> None:
    """The request that sends it is a part of the sending, and whoever gets it goes on from there."""
    with listening() as heard:
        await StorageQueue(queue_client).send(MESSAGE)
        received = await queue_client.receive_message()
        assert received is not None
        body = base64.b64decode(received.content)
        with processing(queue_client.queue_name, body, messages.decode(body)):
            pass
    sent = heard.one(f"send {queue_client.queue_name}")
    assert heard.parent(heard.one(f"process {queue_client.queue_name}")) == sent
    assert messages.decode(body) == MESSAGE


async def test_a_message_waits_and_never_expires(queue_client: QueueClient) -> None:
    """A delay makes it visible later, and a message that waits for a long outage to end is still there."""
    await StorageQueue(queue_client).send(MESSAGE, timedelta(minutes=10))
    assert await queue_client.receive_message() is None
    properties = await queue_client.get_queue_properties()
    assert properties.approximate_message_count == 1
    await StorageQueue(queue_client).send(MESSAGE)
    received = await queue_client.receive_message()
    assert received is not None
    assert received.expires_on is not None
    assert received.expires_on.year == 9999


async def test_any_delay_up_to_the_longest_is_taken(queue_client: QueueClient) -> None:
    """Fractions of a second, and the seven days that the service allows."""
    queue = StorageQueue(queue_client)
    for delay in (timedelta(milliseconds=1), timedelta(seconds=1.5), timedelta(days=7)):
        await queue.send(MESSAGE, delay)
    properties = await queue_client.get_queue_properties()
    assert properties.approximate_message_count == 3
