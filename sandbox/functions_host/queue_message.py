"""One queue message from its receipt to its end: deleted, released for another try, or poison."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from sandbox.functions_host.functions import Function, QueueTrigger
from sandbox.functions_host.invocations import Invocations, Outcome, new_trace
from sandbox.functions_host.logs import HOST
from sandbox.functions_host.protos import ParameterBinding, TypedData
from sandbox.functions_host.queue_storage import MessageEncoding, UndecodableMessage, send
from sandbox.functions_host.worker import Call

POISON_SUFFIX = "-poison"


@dataclass(frozen=True, slots=True)
class MessageProcessor:
    """Calls a function with the messages of its queue.

    `poison` is the queue for what failed `max_dequeue_count` times, None for a poison queue itself: its
    failed messages stay hidden until their lock ends, as `QueueProcessor` of azure-sdk-for-net has it.
    """

    function: Function
    queue: QueueClient
    poison: QueueClient | None
    encoding: MessageEncoding
    invocations: Invocations
    lock: timedelta
    visibility_timeout: timedelta
    max_dequeue_count: int
    enqueued: Callable[[QueueClient], None]

    async def process(self, message: QueueMessage) -> None:
        """Run the function with one message and settle it. Raises `AzureError` when storage fails."""
        if (message.dequeue_count or 0) > self.max_dequeue_count and self.poison is not None:
            await self._move_to_poison(message)
            return
        try:
            content = self._typed(self.encoding.decode(message.content))
        except UndecodableMessage:
            HOST.error("A message of Functions.%s cannot be decoded", self.function.name)
            await self._move_to_poison(message)
            return
        done = asyncio.Event()
        renewal = asyncio.create_task(self._keep_locked(message, done))
        try:
            reason = f"New queue message detected on '{self.queue.queue_name}'."
            outcome = await self.invocations.run(self.function, reason, self._call(message, content))
        finally:
            done.set()
            await renewal
        await self._settle(message, outcome)

    async def release(self, message: QueueMessage, hidden: timedelta = timedelta(0)) -> None:
        """Give a message back, to be seen again after `hidden`."""
        try:
            await self.queue.update_message(message, visibility_timeout=int(hidden.total_seconds()))
        except HttpResponseError as error:
            _ignore_if_gone(error)

    async def _settle(self, message: QueueMessage, outcome: Outcome) -> None:
        if outcome.succeeded:
            await self._delete(message)
        elif outcome.cancelled:
            await self.release(message)
        elif self.poison is None:
            return
        elif (message.dequeue_count or 0) >= self.max_dequeue_count:
            await self._move_to_poison(message)
        else:
            await self.release(message, self.visibility_timeout)

    async def _move_to_poison(self, message: QueueMessage) -> None:
        if self.poison is None:
            return
        HOST.warning(
            "Message %s of Functions.%s has been dequeued %s times and goes to '%s'",
            message.id,
            self.function.name,
            message.dequeue_count,
            self.poison.queue_name,
        )
        await send(self.poison, message.content)
        self.enqueued(self.poison)
        await self._delete(message)

    async def _delete(self, message: QueueMessage) -> None:
        try:
            await self.queue.delete_message(message)
        except HttpResponseError as error:
            _ignore_if_gone(error)

    async def _keep_locked(self, message: QueueMessage, done: asyncio.Event) -> None:
        # Ended by the event, never by cancelling: a renewal cut short would leave the new receipt unknown.
        while not done.is_set():
            try:
                async with asyncio.timeout(self.lock.total_seconds() / 2):
                    await done.wait()
            except TimeoutError:
                seconds = int(self.lock.total_seconds())
                try:
                    renewed = await self.queue.update_message(message, visibility_timeout=seconds)
                except AzureError as error:
                    reason = type(error).__name__
                    HOST.warning("A lock of Functions.%s was not renewed (%s)", self.function.name, reason)
                else:
                    message.pop_receipt = renewed.pop_receipt

    def _typed(self, content: bytes) -> TypedData:
        trigger = self.function.trigger
        assert isinstance(trigger, QueueTrigger)
        if trigger.binary:
            return TypedData(bytes=content)
        try:
            return TypedData(string=content.decode())
        except UnicodeDecodeError as error:
            raise UndecodableMessage from error

    def _call(self, message: QueueMessage, content: TypedData) -> Call:
        metadata = {
            "Id": TypedData(string=message.id),
            "PopReceipt": TypedData(string=message.pop_receipt),
            "DequeueCount": TypedData(json=json.dumps(message.dequeue_count)),
            "InsertionTime": _moment(message.inserted_on),
            "ExpirationTime": _moment(message.expires_on),
            "NextVisibleTime": _moment(message.next_visible_on),
        }
        return Call([ParameterBinding(self.function.trigger.parameter, content)], metadata, new_trace())


def _moment(moment: datetime | None) -> TypedData:
    return TypedData(json=json.dumps(moment.astimezone(UTC).isoformat())) if moment else TypedData()


def _ignore_if_gone(error: HttpResponseError) -> None:
    # Its lock ran out and somebody else has it, or it is deleted already: not ours any more.
    if (
        not isinstance(error, ResourceNotFoundError)
        and getattr(error, "error_code", None) != "PopReceiptMismatch"
    ):
        raise error
