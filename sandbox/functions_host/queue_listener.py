"""Queue triggers: one listener per function polls its queue and works on several messages at once."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from sandbox.functions_host.functions import Function
from sandbox.functions_host.logs import HOST
from sandbox.functions_host.queue_message import MessageProcessor

_SHORTEST_DELAY = timedelta(milliseconds=50)
_GROWTH = 1.5
_JITTER = 0.2


@dataclass
class Backoff:
    """Delays between looks at an idle queue: growing up to `longest`, each off by up to a fifth at random."""

    longest: timedelta
    shortest: timedelta = _SHORTEST_DELAY
    _current: float = 0.0

    def reset(self) -> None:
        """Start over, because a message was found."""
        self._current = 0.0

    def next(self) -> float:
        """The next delay in seconds; never above `longest`."""
        longest = self.longest.total_seconds()
        self._current = min(longest, max(self.shortest.total_seconds(), self._current * _GROWTH))
        return min(longest, self._current * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """`batch_size` messages are fetched once no more than `new_batch_threshold` are in work."""

    batch_size: int
    new_batch_threshold: int
    max_polling_interval: timedelta
    lock: timedelta


class QueueListener:
    """Polls one queue for one function until it is cancelled."""

    def __init__(
        self, function: Function, queue: QueueClient, processor: MessageProcessor, options: QueueOptions
    ) -> None:
        self.queue = queue
        self._function = function
        self._processor = processor
        self._options = options
        self._processing: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._out_of_reach = False

    def wake(self) -> None:
        """Look at the queue now: the host itself has just put a message there."""
        self._wake.set()

    async def run(self) -> None:
        """Poll for ever. A queue that does not exist counts as empty, one out of reach is tried again."""
        backoff = Backoff(self._options.max_polling_interval)
        while True:
            self._wake.clear()
            batch = await self._receive()
            for message in batch:
                task = asyncio.create_task(self._process(message))
                self._processing.add(task)
                task.add_done_callback(self._processing.discard)
            if batch:
                backoff.reset()
                while len(self._processing) > self._options.new_batch_threshold:
                    await asyncio.wait(self._processing, return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._idle(backoff.next())

    async def finish(self) -> None:
        """Wait until the messages in work are done with; to be called when `run` has been cancelled."""
        while self._processing:
            await asyncio.wait(self._processing)

    async def _receive(self) -> list[QueueMessage]:
        # Shielded, so that a message which is just being handed over is not lost until its lock runs out.
        receiving = asyncio.ensure_future(self._fetch())
        try:
            return await asyncio.shield(receiving)
        except asyncio.CancelledError:
            for message in await receiving:
                await self._processor.release(message)
            raise

    async def _fetch(self) -> list[QueueMessage]:
        seconds = int(self._options.lock.total_seconds())
        count = self._options.batch_size
        try:
            pages = self.queue.receive_messages(messages_per_page=count, visibility_timeout=seconds).by_page()
            page = await anext(pages, None)
            batch = [message async for message in page] if page is not None else []
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            if not self._out_of_reach:
                reason = type(error).__name__
                HOST.warning("The queue of Functions.%s is out of reach (%s)", self._function.name, reason)
            self._out_of_reach = True
            return []
        self._out_of_reach = False
        return batch

    async def _process(self, message: QueueMessage) -> None:
        try:
            await self._processor.process(message)
        except AzureError as error:
            # The message stays locked, and comes back when its lock has run out.
            reason = type(error).__name__
            HOST.error("A message of Functions.%s could not be completed (%s)", self._function.name, reason)

    async def _idle(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
