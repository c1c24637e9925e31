"""Lists in parts: `limit` and an opaque `after`."""

import base64
import binascii
import hashlib
from typing import Annotated

from fastapi import Query

from shared.web.problems import InvalidRequest

_CHECK = 6  # bytes

Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[str | None, Query(min_length=1, max_length=2048)]

DEFAULT_LIMIT = 50


def sealed(place: str | None, of: str) -> str | None:
    """A store's `after` as callers see it; `of` names the list it belongs to."""
    if place is None:
        return None
    text = place.encode()
    return base64.urlsafe_b64encode(_check(text, of) + text).decode().rstrip("=")


def opened(after: str | None, of: str) -> str | None:
    """The store's `after`. Raises InvalidRequest for one that was not given out for this list."""
    if after is None:
        return None
    try:
        raw = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        text = raw[_CHECK:].decode()
    except (binascii.Error, ValueError):
        raise _bad() from None
    if raw[:_CHECK] != _check(raw[_CHECK:], of):
        raise _bad()
    return text


def _check(text: bytes, of: str) -> bytes:
    # Against mistakes only: whoever forges one still sees nothing but the list they may read anyway.
    return hashlib.blake2b(text, key=hashlib.sha256(of.encode()).digest(), digest_size=_CHECK).digest()


def _bad() -> InvalidRequest:
    return InvalidRequest({"after": "It is not the `after` of a former page of this list."})
