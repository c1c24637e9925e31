"""The queues of the app as an operator looks at them, with the poison queues of the Functions host."""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from shared.adapters.azure_errors import translated
from shared.core.errors import NotFound
from shared.ports.operation import PeekedMessage, QueueLength

_MOST = 32  # messages that one request may ask for
_HIDDEN = timedelta(minutes=5)  # while they are moved; then whoever was cut short left them where they were


class StorageWorkQueues:
    """Implements WorkQueues. The clients leave the text alone: what is put back is what lay there."""

    def __init__(self, queues: Mapping[str, tuple[QueueClient, QueueClient]]) -> None:
        """`queues`: by name, the queue and its poison queue."""
        self._queues = queues

    async def lengths(self) -> list[QueueLength]:
        """See WorkQueues."""
        with translated("Queue Storage"):
            return [
                QueueLength(name, await _length(queue), await _length(poison))
                for name, (queue, poison) in self._queues.items()
            ]

    async def peek(self, name: str, limit: int, *, poison: bool) -> list[PeekedMessage]:
        """See WorkQueues."""
        queue = self._of(name)[1 if poison else 0]
        with translated("Queue Storage"):
            try:
                found = await queue.peek_messages(max_messages=min(limit, _MOST))
            except ResourceNotFoundError:
                return []
        return [_peeked(message) for message in found]

    async def requeue(self, name: str, limit: int) -> int:
        """See WorkQueues."""
        queue, poison = self._of(name)
        moved = 0
        with translated("Queue Storage"):
            try:
                found = poison.receive_messages(
                    visibility_timeout=int(_HIDDEN.total_seconds()),
                    messages_per_page=min(limit, _MOST),
                    max_messages=limit,
                )
                async for message in found:
                    # Sent first: whoever dies in between leaves it twice, which its handlers are made for.
                    await queue.send_message(message.content, time_to_live=-1)
                    await poison.delete_message(message)
                    moved += 1
            except ResourceNotFoundError:  # nothing was ever put there
                return moved
        return moved

    def _of(self, name: str) -> tuple[QueueClient, QueueClient]:
        if name not in self._queues:
            raise NotFound("queue")
        return self._queues[name]


async def _length(queue: QueueClient) -> int:
    try:
        return (await queue.get_queue_properties()).approximate_message_count or 0
    except ResourceNotFoundError:
        return 0


def _peeked(message: QueueMessage) -> PeekedMessage:
    text = str(message.content)
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        body = text.encode()
    return PeekedMessage(message.id, message.inserted_on, message.dequeue_count or 0, body)
