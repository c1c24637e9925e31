"""The messages on the queues."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from shared.core.run import Trigger


class SyncMessage(msgspec.Struct, frozen=True, tag="sync", tag_field="kind"):
    """Carry out a run. `slot` is set by the schedule; `postponed` counts how often it was put off."""

    account_id: str
    connection_id: str
    run_id: str
    slot: datetime | None = None
    postponed: int = 0


class StartMessage(SyncMessage, frozen=True, tag="start"):
    """Carry out a run that the connection names before the run itself is kept.

    Where neither is so, whoever was about to start it did not get that far, or somebody else was quicker.
    """

    started_by: Trigger = Trigger.PORTAL


class PreviewMessage(msgspec.Struct, frozen=True, tag="preview", tag_field="kind"):
    """Show what a run would do."""

    account_id: str
    connection_id: str
    run_id: str


class ValidateMessage(msgspec.Struct, frozen=True, tag="validate", tag_field="kind"):
    """Prove a consent that Microsoft is still copying to all its servers."""

    account_id: str
    connection_id: str
    attempt: int = 1


class ImportMessage(msgspec.Struct, frozen=True, tag="import", tag_field="kind"):
    """Read the customers of an account's PSA. `asked_at` tells one asking from another."""

    account_id: str
    asked_at: datetime


class Source(StrEnum):
    """What keeps notices until they are in the feed."""

    CONNECTION = "connection"
    RUN = "run"
    DESTINATION = "destination"
    REVIEW = "review"
    WEBHOOKS = "webhooks"


class PublishMessage(msgspec.Struct, frozen=True, tag="publish", tag_field="kind"):
    """Put what something has to tell into the account's feed.

    It is sent before the write that it is about: `number` is the last notice which that write holds, and
    `attempt` counts how often somebody looked for it. `id`: of the connection or the run; `part`: the object
    id of the person whose review was decided at `at`.
    """

    account_id: str
    source: Source
    id: str
    number: int = 0
    attempt: int = 1
    part: str = ""
    at: datetime | None = None


class DeliverMessage(msgspec.Struct, frozen=True, tag="deliver", tag_field="kind"):
    """Make one attempt of a delivery. `attempt`: how many there were before; `put_off` counts how often it
    found too many others on their way to the same endpoint."""

    account_id: str
    endpoint_id: str
    delivery_id: str
    attempt: int = 0
    put_off: int = 0


QueueMessage = (
    SyncMessage
    | StartMessage
    | PreviewMessage
    | ValidateMessage
    | ImportMessage
    | PublishMessage
    | DeliverMessage
)

_LONGEST_DELAY = 7 * 86_400.0  # seconds, as a storage queue has it
_decoder: msgspec.json.Decoder[QueueMessage] = msgspec.json.Decoder(QueueMessage)


def encode(message: QueueMessage, sender: str = "", delay: timedelta = timedelta(0)) -> bytes:
    """The message as JSON.

    `sender`: the W3C traceparent of whoever puts it on its queue; `delay`: how long it is hidden there.
    """
    wrapping = {"traceparent": sender, "delay": delay.total_seconds()}
    given = {name: value for name, value in wrapping.items() if value}
    return msgspec.json.encode({**msgspec.to_builtins(message), **given} if given else message)


def tag_of(message: QueueMessage) -> str:
    """What the message calls its kind, such as `sync`."""
    return str(message.__struct_config__.tag)


def decode(body: bytes) -> QueueMessage:
    """The message from JSON. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _decoder.decode(body)


class _Sender(msgspec.Struct, frozen=True):
    traceparent: str = ""


class _Hidden(msgspec.Struct, frozen=True):
    delay: Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_DELAY)] = 0.0


_senders: msgspec.json.Decoder[_Sender] = msgspec.json.Decoder(_Sender)
_hidden: msgspec.json.Decoder[_Hidden] = msgspec.json.Decoder(_Hidden)


def sender_of(body: bytes) -> str:
    """What the sender gave as its traceparent; empty where there is none that is a text."""
    try:
        return _senders.decode(body).traceparent
    except (ValueError, RecursionError):  # msgspec.DecodeError is a ValueError, and so is UnicodeDecodeError
        return ""


def delay_of(body: bytes) -> timedelta:
    """For how long the sender had the message hidden; zero where it does not say so, or nothing possible."""
    try:
        return timedelta(seconds=_hidden.decode(body).delay)
    except (ValueError, RecursionError):
        return timedelta(0)


def ids_of(message: QueueMessage) -> dict[str, str]:
    """Whom the message is about: `account`, and `connection` and `run` where it names them."""
    ids = {"account": message.account_id}
    if isinstance(message, SyncMessage | PreviewMessage | ValidateMessage):
        ids["connection"] = message.connection_id
    if isinstance(message, SyncMessage | PreviewMessage):
        ids["run"] = message.run_id
    if isinstance(message, PublishMessage) and message.source in {Source.CONNECTION, Source.RUN}:
        ids[message.source.value] = message.id
    return ids
