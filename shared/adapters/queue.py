"""The queues, on Storage queues."""

from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from shared.adapters.azure_errors import translated
from shared.core.messages import QueueMessage
from shared.telemetry.carrying import sending

QUEUE_NAME = "sync-requests"
PUBLISH_QUEUE_NAME = "publish-requests"
DELIVERY_QUEUE_NAME = "webhook-deliveries"


class StorageQueue:
    """Implements Queue. `client` encodes messages as base64, which is what the Functions host expects."""

    def __init__(self, client: QueueClient) -> None:
        """`client`: of the queue, with a base64 encode policy."""
        self._client = client

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        """See Queue."""
        with sending(self._client.queue_name, message, delay) as body, translated("Queue Storage"):
            try:
                await self._send(body, delay)
            except ResourceNotFoundError:
                await self._client.create_queue()
                await self._send(body, delay)

    async def _send(self, body: bytes, delay: timedelta) -> None:
        seconds = int(delay.total_seconds())
        await self._client.send_message(body.decode(), visibility_timeout=seconds, time_to_live=-1)
