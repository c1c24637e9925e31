"""A copy of all state, as lines of text: a head, a line for each row, and an end that says how many.

A value that JSON has no word for is an object with one member: a time, or bytes.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.core.errors import Actor, Conflict

FORMAT = 1
Value = str | bool | int | float | datetime | bytes


class Head(msgspec.Struct, frozen=True, tag="head", tag_field="line"):
    """The first line: of which format the copy is, and when it was begun (UTC)."""

    format: int
    at: datetime


class Row(msgspec.Struct, frozen=True, tag="row", tag_field="line"):
    """A row of a table, its keys among its values."""

    table: str
    values: dict[str, Any]


class End(msgspec.Struct, frozen=True, tag="end", tag_field="line"):
    """The last line; a copy without one was cut short."""

    rows: int


Line = Head | Row | End

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode(line: Line) -> bytes:
    """The line, without its end."""
    return msgspec.json.encode(line)


def decode(line: bytes) -> Line:
    """The line. Raises Conflict for what is none, or of a format that is not known."""
    try:
        found = _decoder.decode(line)
    except ValueError:
        raise unreadable() from None
    if isinstance(found, Head) and found.format != FORMAT:
        raise unreadable()
    return found


def row(table: str, values: Mapping[str, Value]) -> Row:
    """A row as a line has it. Raises ValueError for a value of another kind."""
    return Row(table, {name: _plain(value) for name, value in values.items()})


def values(line: Row) -> dict[str, Value]:
    """The row's values as they were."""
    return {name: _value(value) for name, value in line.values.items()}


def unreadable() -> Conflict:
    """The refusal of what is no whole copy."""
    return Conflict(
        "copy_unreadable",
        "This is no copy of the tables, or it was cut short.",
        "Nothing is to be trusted of it. Take another copy, which ends with how many rows it has.",
        Actor.OPERATOR,
    )


def _plain(value: Value) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"time": value.astimezone(UTC).isoformat()}
    if isinstance(value, str | int | float):
        return value
    raise ValueError(f"a copy has no word for {type(value).__name__}")


def _value(plain: Any) -> Value:
    if isinstance(plain, str | int | float):
        return plain
    match plain:
        case {"bytes": str(text)}:
            return base64.b64decode(text)
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
    raise unreadable()
