"""Queue output bindings: what a function hands back becomes messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from azure.storage.queue.aio import QueueClient

from sandbox.functions_host.functions import Function
from sandbox.functions_host.protos import ParameterBinding, TypedData
from sandbox.functions_host.queue_storage import MessageEncoding, send


@dataclass(frozen=True, slots=True)
class QueueOutputs:
    """`queues` holds each output's client by function and parameter; `enqueued` is told of every write."""

    queues: Mapping[tuple[str, str], QueueClient]
    encoding: MessageEncoding
    enqueued: Callable[[QueueClient], None]

    async def write(self, function: Function, outputs: list[ParameterBinding]) -> None:
        """Send the messages of one invocation. Raises what the storage SDK raises."""
        for output in outputs:
            queue = self.queues.get((function.name, output.name))
            if queue is None or output.data is None:
                continue
            for content in messages(output.data):
                await send(queue, self.encoding.encode(content))
            self.enqueued(queue)


def messages(value: TypedData) -> list[bytes]:
    """The messages in an output value.

    A JSON array, also one written as a string, is one message per element; a JSON object is written again
    without spaces; anything else is one message as it is.
    """
    kind = value.WhichOneof("data")
    if kind is None:
        return []
    if kind == "bytes":
        return [value.bytes]
    text = str(getattr(value, kind))
    if not text.lstrip().startswith(("{", "[")):
        return [text.encode()]
    try:
        document = json.loads(text)
    except ValueError:
        return [text.encode()]
    elements = document if isinstance(document, list) else [document]
    return [_text(element).encode() for element in elements]


def _text(element: object) -> str:
    return (
        element
        if isinstance(element, str)
        else json.dumps(element, separators=(",", ":"), ensure_ascii=False)
    )
