"""One message: its lock is renewed while it is in work; and the delays between looks at an idle queue."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from sandbox.functions_host.functions import Function, QueueTrigger
from sandbox.functions_host.invocations import Invocations, Outcome
from sandbox.functions_host.queue_listener import Backoff
from sandbox.functions_host.queue_message import MessageProcessor
from sandbox.functions_host.queue_storage import MessageEncoding
from sandbox.functions_host.worker import Call
from tests.sandbox.functions_host.running_host import new_prefix


class Scripted(Invocations):
    """Invocations that do what the test says instead of calling a function."""

    def __init__(self, act: Callable[[], object], outcome: Outcome) -> None:
        super().__init__(None, self._no_outputs)
        self._act = act
        self._outcome = outcome
        self.calls: list[Call] = []

    async def _no_outputs(self, *_: object) -> None:
        return None

    async def run(self, function: Function, reason: str, call: Call) -> Outcome:
        self.calls.append(call)
        waiting = self._act()
        if asyncio.iscoroutine(waiting):
            await waiting
        return self._outcome


@pytest.fixture
async def queue(azurite_connection_string: str) -> AsyncIterator[QueueClient]:
    """An empty queue."""
    async with QueueClient.from_connection_string(azurite_connection_string, new_prefix()) as client:
        await client.create_queue()
        yield client


async def received(queue: QueueClient, lock: int) -> QueueMessage:
    await queue.send_message(base64.b64encode(b"text").decode())
    message = await queue.receive_message(visibility_timeout=lock)
    assert message is not None
    return message


def processor(
    queue: QueueClient,
    invocations: Invocations,
    lock: int,
    poison: QueueClient | None = None,
    maximum: int = 5,
) -> MessageProcessor:
    return MessageProcessor(
        function=Function("f", "id", QueueTrigger("m", "q", "c", binary=False), {}, None, ()),
        queue=queue,
        poison=poison,
        encoding=MessageEncoding("base64"),
        invocations=invocations,
        lock=timedelta(seconds=lock),
        visibility_timeout=timedelta(0),
        max_dequeue_count=maximum,
        enqueued=lambda _queue: None,
    )


async def test_the_lock_is_renewed_at_half_time(queue: QueueClient) -> None:
    """A function that outlives its lock keeps the message, and the message is gone when it succeeds."""
    message = await received(queue, lock=2)
    receipts = {message.pop_receipt}

    async def work() -> None:
        async with asyncio.timeout(10):
            while len(receipts) < 4:
                await asyncio.sleep(0.02)
                receipts.add(message.pop_receipt)
        # Three renewals: one and a half locks have passed, and nobody else can have it.
        assert await queue.receive_message() is None

    await processor(queue, Scripted(work, Outcome(succeeded=True)), lock=2).process(message)
    assert (await queue.get_queue_properties()).approximate_message_count == 0


async def test_a_cancelled_message_is_given_back_at_once(queue: QueueClient) -> None:
    """What was in work when the host stopped is visible again, also after its last allowed attempt."""
    message = await received(queue, lock=600)
    invocations = Scripted(lambda: None, Outcome(succeeded=False, cancelled=True))
    await processor(queue, invocations, lock=600, poison=queue, maximum=1).process(message)
    again = await queue.receive_message()
    assert again is not None
    assert again.dequeue_count == 2


async def test_a_failed_poison_message_keeps_its_lock(queue: QueueClient) -> None:
    """Without a poison queue of its own a failed message is neither deleted nor tried in a tight loop."""
    message = await received(queue, lock=600)
    await processor(queue, Scripted(lambda: None, Outcome(succeeded=False)), lock=600, maximum=1).process(
        message
    )
    assert await queue.receive_message() is None
    assert (await queue.get_queue_properties()).approximate_message_count == 1


async def test_a_message_beyond_its_attempts_is_not_run(
    queue: QueueClient, azurite_connection_string: str
) -> None:
    """One that came back because hosts died with it goes to the poison queue unseen."""
    await received(queue, lock=1)
    async with asyncio.timeout(10):
        while (message := await queue.receive_message(visibility_timeout=600)) is None:
            await asyncio.sleep(0.05)
    invocations = Scripted(lambda: None, Outcome(succeeded=True))
    async with QueueClient.from_connection_string(
        azurite_connection_string, f"{queue.queue_name}-p"
    ) as poison:
        await processor(queue, invocations, lock=600, poison=poison, maximum=1).process(message)
        assert len(await poison.peek_messages()) == 1
    assert invocations.calls == []
    assert (await queue.get_queue_properties()).approximate_message_count == 0


async def test_a_message_somebody_else_took_is_let_go(queue: QueueClient) -> None:
    """When the lock was lost, completing the message fails quietly and leaves it to its new owner."""
    message = await received(queue, lock=600)
    await queue.update_message(message, visibility_timeout=0)
    owner = await queue.receive_message(visibility_timeout=600)
    assert owner is not None
    await processor(queue, Scripted(lambda: None, Outcome(succeeded=True)), lock=600).process(message)
    await queue.delete_message(owner)


def test_delays_grow_to_the_longest_and_start_over() -> None:
    """An idle queue is looked at less and less often, off by a fifth at most, never later than allowed."""
    random.seed(20261122)
    backoff = Backoff(timedelta(seconds=2))
    delays = [backoff.next() for _ in range(40)]
    assert delays[0] <= 0.06
    assert all(later <= earlier * 1.5 * 1.5 for earlier, later in pairwise(delays))
    assert max(delays) <= 2.0
    assert min(delays[-10:]) >= 1.6
    assert len(set(delays[-10:])) > 1
    backoff.reset()
    assert backoff.next() <= 0.06
