"""What the timers and queues of `function_app.py` call.

The services are built on first use, and what traces them is imported then: the platform indexes the app at
every cold start.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from shared.core.errors import AttemptFailed, code_of
from shared.core.messages import (
    DeliverMessage,
    ImportMessage,
    PreviewMessage,
    PublishMessage,
    QueueMessage,
    SyncMessage,
    ValidateMessage,
    decode,
    tag_of,
)
from shared.logs import log, where

if TYPE_CHECKING:
    from shared.app import App


class UndecodableMessage(Exception):
    """A message that is none of ours, or one of a newer version; another delivery may meet that version."""


async def fan_out() -> None:
    """Fan out the slot that is due."""
    await _fired("fan_out", lambda app: app.fan_out.fire())


async def work(
    body: bytes,
    message_id: str | None,
    queue: str,
    deliveries: int | None = 1,
    inserted_at: datetime | None = None,
) -> None:
    """Carry out a message. Raises UndecodableMessage and AttemptFailed, which another delivery may cure.

    `queue`: on which it was, since `inserted_at`; `deliveries`: how often it was delivered, this time
    included.
    """
    from shared.bootstrap import get_app
    from shared.telemetry.carrying import delivered, processing

    app = get_app()
    if inserted_at is not None and deliveries == 1:
        delivered(queue, body, inserted_at, app.clock.now())
    message = _decoded(body)
    with processing(queue, body, message):
        if message is None:
            raise UndecodableMessage(f"message {message_id} cannot be decoded")
        with _discreet():
            await carry_out(app, message, again=(deliveries or 1) > 1)


async def carry_out(app: "App", message: QueueMessage, *, again: bool = False) -> None:
    """Hand the message to the service that it is for. `again`: whoever had it before did not finish it."""
    if again and isinstance(message, SyncMessage | PreviewMessage):
        await app.run_log.tell_again(message.run_id)
    if isinstance(message, SyncMessage):
        await app.worker.handle(message)
    elif isinstance(message, PreviewMessage):
        await app.previews.handle(message)
    elif isinstance(message, ImportMessage):
        await app.account_setup.import_customers(message)
    elif isinstance(message, PublishMessage):
        await app.publisher.handle(message)
    elif isinstance(message, DeliverMessage):
        await app.deliverer.handle(message)
    else:
        await app.proving.validate(message)


async def give_up(body: bytes, message_id: str | None, queue: str) -> None:
    """End what a message that failed on every delivery was for: a run, or the proof of a consent.

    One that nobody waits for is dropped. `queue`: on which it was.
    """
    from shared.bootstrap import get_app
    from shared.telemetry.carrying import processing

    app = get_app()
    message = _decoded(body)
    with processing(f"{queue}-poison", body, message), _discreet():
        kind = "undecodable" if message is None else tag_of(message)
        log("message.given_up", level=logging.ERROR, queue=queue, kind=kind, message=message_id)
        if message is not None:
            await abandon(app, message)


async def abandon(app: "App", message: QueueMessage) -> None:
    """Have the service that the message was for give it up."""
    if isinstance(message, ValidateMessage):
        await app.proving.give_up(message)
    elif isinstance(message, SyncMessage):
        await app.worker.give_up(message)
    elif isinstance(message, PreviewMessage):
        await app.previews.give_up(message)
    elif isinstance(message, ImportMessage):
        await app.account_setup.give_up(message)
    elif isinstance(message, PublishMessage):
        await app.publisher.give_up(message)
    else:
        await app.deliverer.give_up(message)


async def housekeeping() -> None:
    """Tidy up."""
    await _fired("housekeeping", lambda app: app.housekeeping.tidy())


async def observe() -> None:
    """Tell how everything is."""
    await _fired("observe", lambda app: app.observing.look())


async def _fired(name: str, serve: Callable[["App"], Awaitable[object]]) -> None:
    """One firing of a timer."""
    from shared.bootstrap import get_app
    from shared.telemetry.spans import span

    app = get_app()
    with span(name), _discreet():
        await serve(app)


def _decoded(body: bytes) -> QueueMessage | None:
    try:
        return decode(body)
    except ValueError:  # msgspec.DecodeError is one, and so is UnicodeDecodeError
        return None


@contextmanager
def _discreet() -> Iterator[None]:
    """Nothing gets past here but a code: the platform would log the error's text and what caused it."""
    try:
        yield
    except AttemptFailed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may name people
        log("work.failed", level=logging.ERROR, code=code_of(error), where=where(error))
        raise AttemptFailed(code_of(error)) from None
