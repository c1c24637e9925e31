"""What the timers and queues of `function_app.py` call.

The services are built on first use: the platform indexes the app at every cold start.
"""

import logging

from shared.core.messages import QueueMessage, SyncMessage, decode
from shared.logs import log


class UndecodableMessage(Exception):
    """A message that is none of ours, or one of a newer version; another delivery may meet that version."""


async def fan_out() -> None:
    """Fan out the slot that is due."""
    from shared.bootstrap import get_app

    await get_app().fan_out.fire()


async def work(body: bytes, message_id: str | None) -> None:
    """Carry out a message. Raises UndecodableMessage, and what another delivery may cure."""
    from shared.bootstrap import get_app

    message = _decoded(body)
    if message is None:
        raise UndecodableMessage(f"message {message_id} cannot be decoded")
    if isinstance(message, SyncMessage):
        await get_app().worker.handle(message)
    else:
        await get_app().onboarding.validate(message)


async def give_up(body: bytes, message_id: str | None) -> None:
    """End what a message that failed on every delivery was for: a run, or the proof of a consent.

    One that nobody waits for is dropped, and logged by its id.
    """
    from shared.bootstrap import get_app

    message = _decoded(body)
    if isinstance(message, SyncMessage):
        await get_app().worker.give_up(message)
        return
    if message is not None and await get_app().onboarding.give_up(message):
        return
    kind = "undecodable" if message is None else type(message).__name__
    log("queue.dropped", level=logging.ERROR, message=message_id, kind=kind)


async def housekeeping() -> None:
    """Tidy up."""
    from shared.bootstrap import get_app

    await get_app().housekeeping.tidy()


def _decoded(body: bytes) -> QueueMessage | None:
    try:
        return decode(body)
    except ValueError:  # msgspec.DecodeError is one, and so is UnicodeDecodeError
        return None
