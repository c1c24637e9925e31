"""Storage queues: the few operations of the host, with the message encoding of host.json."""

from __future__ import annotations

import base64
import binascii
import logging
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from sandbox.functions_host.errors import FunctionError


class UndecodableMessage(Exception):
    """A message that is not what `messageEncoding` says it should be."""


class MessageEncoding:
    """`base64`, the platform's default, or `none`."""

    def __init__(self, name: str) -> None:
        self._base64 = name.lower() == "base64"

    def encode(self, content: bytes) -> str:
        """The text to put on a queue. Raises `UnicodeDecodeError` for binary content without an encoding."""
        return base64.b64encode(content).decode() if self._base64 else content.decode()

    def decode(self, text: str) -> bytes:
        """The content of a message. Raises `UndecodableMessage`."""
        if not self._base64:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UndecodableMessage from error


class StorageQueues:
    """Clients of queues by connection string, all on one HTTP pool per account; use as `async with`."""

    def __init__(self) -> None:
        self._services: dict[str, QueueServiceClient] = {}
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    async def queue(self, connection: str, name: str) -> QueueClient:
        """A client of one queue. Raises `FunctionError` when the connection string is none."""
        if connection not in self._services:
            # The host's own traffic is nobody's business in the app's log.
            silent = logging.getLogger("Host.Storage")
            silent.setLevel(logging.CRITICAL)
            try:
                service = QueueServiceClient.from_connection_string(
                    connection, logger=silent, retry_total=2, initial_backoff=0.2, increment_base=1
                )
            except ValueError:
                raise FunctionError("its storage connection is not a valid connection string.") from None
            self._services[connection] = await self._closing.enter_async_context(service)
        return self._services[connection].get_queue_client(name)


async def send(queue: QueueClient, text: str) -> None:
    """Put a message on a queue, which is made when it does not exist."""
    try:
        await queue.send_message(text)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            await queue.create_queue()
        await queue.send_message(text)
