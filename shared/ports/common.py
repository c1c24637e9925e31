"""What all ports share: the clock, values with their ETag, parts of lists."""

from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Stored(msgspec.Struct, Generic[T], frozen=True):
    """A value as it was read, with the ETag that a conditional write needs."""

    value: T
    etag: str


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list; `after` asks for the next part and is None at the end."""

    items: tuple[T, ...]
    after: str | None = None


class Clock(Protocol):
    """Time, passed in so that it can be chosen."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...
