"""The opaque values of `$skiptoken` and `$deltatoken`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Any

import msgspec

_DIGEST_SIZE = 9


class OpaqueTokens:
    """Seals what a link has to remember; only the simulator that made a token can open it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def seal(self, **content: Any) -> str:
        """Return a token that is safe in a query string."""
        body = msgspec.msgpack.encode(content)
        return base64.urlsafe_b64encode(self._digest(body) + body).rstrip(b"=").decode()

    def open(self, token: str) -> dict[str, Any] | None:
        """Return what was sealed, or None for a token that is foreign or damaged."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        digest, body = raw[:_DIGEST_SIZE], raw[_DIGEST_SIZE:]
        if not hmac.compare_digest(digest, self._digest(body)):
            return None
        content: dict[str, Any] = msgspec.msgpack.decode(body)
        return content

    def _digest(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._key, digest_size=_DIGEST_SIZE).digest()
