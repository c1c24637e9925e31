"""Puts what happened into the account's feed: once, and only if it did happen.

A message may come before the write that it was sent for, after it, or for one that never came to be. So the
notices are looked for in what was written, a few times over longer than any function may run, and a notice
that is in the feed already stays where it is.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec

from shared.core.account_destination import AccountDestination
from shared.core.connection import Connection
from shared.core.errors import AttemptFailed, ConcurrentUpdate, RetryLater, code_of
from shared.core.events import Event, EventType, Notice, Subject, make_event
from shared.core.messages import PublishMessage, Source
from shared.core.run import Run
from shared.core.webhooks import Webhooks
from shared.logs import log, where
from shared.ports import (
    AccountDestinationStore,
    Clock,
    ConnectionStore,
    EventStore,
    Queue,
    ReviewStore,
    RunStore,
    Stored,
    WebhookStore,
)
from shared.services.dispatching import Dispatcher

_LOOKS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 900))
"""The pauses before a message looks again; a function is ended after ten minutes, and with it every write."""
_REVIVALS = 200
_REVIVE_AFTER = timedelta(minutes=10)
_CLEARINGS = 10
_AT_ONCE = 20

T = TypeVar("T", Connection, AccountDestination, Webhooks)


class _Told(msgspec.Struct, frozen=True):
    """What a source has to tell; `number`: of its last notice so far."""

    subject: Subject
    notices: tuple[Notice, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Publisher:
    """Carries out publish messages. The stores are the ones below those that send these messages."""

    connections: ConnectionStore
    runs: RunStore
    destinations: AccountDestinationStore
    reviews: ReviewStore
    webhooks: WebhookStore
    events: EventStore
    dispatcher: Dispatcher
    queue: Queue
    clock: Clock

    async def handle(self, message: PublishMessage) -> None:
        """Publish, or look again later. Raises AttemptFailed for what another delivery may cure."""
        try:
            told = await self._look(message)
            if told is not None:
                await self._publish(message, told)
            if told is None or told.number < message.number:
                await self._look_again(message)
        except RetryLater as error:
            await self.queue.send(message, error.after)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may name anybody
            log("publish.stumbled", source=message.source, code=code_of(error), where=where(error))
            raise AttemptFailed(code_of(error)) from None

    async def give_up(self, message: PublishMessage) -> None:
        """Nothing is given up that is written down: a message that failed on every delivery comes again."""
        log("publish.failed", level=logging.ERROR, source=message.source, id=message.id)
        if message.attempt < _REVIVALS:
            again = msgspec.structs.replace(message, attempt=message.attempt + 1)
            await self.queue.send(again, _REVIVE_AFTER)

    async def _look(self, message: PublishMessage) -> _Told | None:
        match message.source:
            case Source.CONNECTION:
                return await self._connection(message)
            case Source.RUN:
                run = await self.runs.get(message.id)
                return None if run is None else _Told(_run(run), run.notices, len(run.notices))
            case Source.REVIEW:
                return await self._review(message)
        return await self._account(message)

    async def _account(self, message: PublishMessage) -> _Told | None:
        subject = Subject(message.source.value, message.account_id)
        if message.source is Source.DESTINATION:
            destination = await self.destinations.get(message.account_id)
            if destination is not None:
                return _Told(subject, destination.value.outbox, destination.value.noticed)
            return None
        webhooks = await self.webhooks.get(message.account_id)
        return None if webhooks is None else _Told(subject, webhooks.value.outbox, webhooks.value.noticed)

    async def _connection(self, message: PublishMessage) -> _Told | None:
        found = await self.connections.get(message.account_id, message.id)
        if found is None:
            return None
        connection = found.value
        subject = Subject(
            f"connection:{connection.id}", connection.account_id, connection.customer_id, connection.id
        )
        return _Told(subject, connection.outbox, connection.noticed)

    async def _review(self, message: PublishMessage) -> _Told | None:
        connection = await self.connections.get(message.account_id, message.id)
        review = (await self.reviews.all(message.id)).get(message.part)
        if connection is None or review is None or review.decision is None:
            return None
        if review.decided_at is None or review.decided_at != message.at:
            return None
        subject = Subject(
            f"review:{message.id}:{message.part}",
            message.account_id,
            connection.value.customer_id,
            message.id,
        )
        action = review.decision.action.value
        notice = Notice(message.number, EventType.REVIEW_DECIDED, review.decided_at, {"action": action})
        return _Told(subject, (notice,), message.number)

    async def _publish(self, message: PublishMessage, told: _Told) -> None:
        events = [make_event(told.subject, notice) for notice in told.notices]
        for start in range(0, len(events), _AT_ONCE):
            await self._append(message.account_id, events[start : start + _AT_ONCE])
        if not events:
            return
        for _ in range(_CLEARINGS):
            try:
                await self._clear(message, told.number)
                return
            except ConcurrentUpdate:
                continue
        raise RetryLater.soon("busy", "The same thing is being changed by several others at once.")

    async def _append(self, account_id: str, events: Sequence[Event]) -> None:
        placed = await self.events.append(account_id, events)
        for event in placed:
            log("event.published", id=event.id, type=event.type, sequence=event.sequence)
        await self.dispatcher.dispatch(account_id, placed)

    async def _clear(self, message: PublishMessage, until: int) -> None:
        """Take what is in the feed out of the outbox; whatever came meanwhile stays. A run has none."""
        account_id = message.account_id
        match message.source:
            case Source.CONNECTION:
                connection = await self.connections.get(account_id, message.id)
                if connection is not None and (shorter := _without(connection, until)) is not None:
                    await self.connections.replace(connection, shorter)
            case Source.DESTINATION:
                destination = await self.destinations.get(account_id)
                if destination is not None and (left := _without(destination, until)) is not None:
                    await self.destinations.put(account_id, destination, left)
            case Source.WEBHOOKS:
                webhooks = await self.webhooks.get(account_id)
                if webhooks is not None and (rest := _without(webhooks, until)) is not None:
                    await self.webhooks.put(account_id, webhooks, rest)

    async def _look_again(self, message: PublishMessage) -> None:
        """The write is not there: it is still to come, or it never came to be."""
        if message.attempt > len(_LOOKS):
            log("publish.ignored", source=message.source, id=message.id)
            return
        again = msgspec.structs.replace(message, attempt=message.attempt + 1)
        await self.queue.send(again, _LOOKS[message.attempt - 1])


def _run(run: Run) -> Subject:
    return Subject(run.id, run.account_id, run.customer_id, run.connection_id, run.id)


def _without(stored: Stored[T], until: int) -> T | None:
    """The value without the notices up to that number; None where it has none of them."""
    outbox = stored.value.outbox
    left = tuple(notice for notice in outbox if notice.number > until)
    return None if left == outbox else msgspec.structs.replace(stored.value, outbox=left)
