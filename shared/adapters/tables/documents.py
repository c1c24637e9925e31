"""Values as entities: readable JSON in the property `body`, continued in `body1`, `body2`… where long."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
import zstandard

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()
_PART = 30_000  # characters; a string property holds 32 Ki UTF-16 units, and one character may take two
_BLOB_PART = 60_000  # bytes; a binary property holds 64 KiB
BLOB = 700_000
"""Bytes that surely fit into one entity."""


def write(value: object, **columns: Any) -> dict[str, Any]:
    """The entity's properties: `columns` to filter and to look at, and the whole value."""
    body = msgspec.json.encode(value).decode()
    # Half of the limit for text that is not ASCII: its characters may be surrogate pairs.
    size = _PART if body.isascii() else _PART // 2
    parts = {_name("body", n): body[i : i + size] for n, i in enumerate(range(0, len(body), size))}
    return {name: value for name, value in columns.items() if value is not None} | parts


def read(entity: Mapping[str, Any], kind: type[T]) -> T:
    """The value. Raises msgspec.ValidationError when it is not of the kind."""
    body = "".join(_parts(entity, "body"))
    return msgspec.json.decode(body, type=kind)


def blocks(items: Iterable[Any]) -> Iterator[bytes]:
    """Lists of items in MessagePack, each small enough for an entity even when it cannot be compressed."""
    block: list[msgspec.Raw] = []
    size = 0
    for item in items:
        encoded = _encoder.encode(item)
        if block and size + len(encoded) > BLOB:
            yield _encoder.encode(block)
            block, size = [], 0
        block.append(msgspec.Raw(encoded))
        size += len(encoded)
    if block:
        yield _encoder.encode(block)


def pack(data: bytes) -> dict[str, bytes]:
    """Binary properties with the data, compressed."""
    return split(zstandard.compress(data, 3))


def unpack(entity: Mapping[str, Any]) -> bytes:
    """The data that was packed."""
    return unpacked(joined(entity))


def unpacked(data: bytes) -> bytes:
    """The data that was packed, from the joined properties."""
    return zstandard.decompress(data)


def split(data: bytes) -> dict[str, bytes]:
    """Binary properties with the data as it is."""
    return {_name("blob", n): data[i : i + _BLOB_PART] for n, i in enumerate(range(0, len(data), _BLOB_PART))}


def joined(entity: Mapping[str, Any]) -> bytes:
    """The data that was split; empty where there is none."""
    return b"".join(_parts(entity, "blob"))


def _name(prefix: str, number: int) -> str:
    return f"{prefix}{number or ''}"


def _parts(entity: Mapping[str, Any], prefix: str) -> list[Any]:
    parts: list[Any] = []
    while (part := entity.get(_name(prefix, len(parts)))) is not None:
        parts.append(part)
    return parts
