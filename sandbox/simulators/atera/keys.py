"""API keys: the old kind, the new kind, and what a key may do.

The old kind is 32 hexadecimal digits in `X-API-KEY`; the new kind is a JWT in `Authorization: Bearer`, with
an expiry and with a choice of permissions. Neither is good in the other's header.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

KeyKind = Literal["legacy", "jwt"]
DOMAINS = (
    "Agents",
    "Alerts",
    "Billing",
    "Contacts",
    "Contracts",
    "Customers",
    "CustomValues",
    "Departments",
    "Devices",
    "KnowledgeBase",
    "Rates",
    "Tickets",
)
PERMISSIONS = frozenset(f"{domain}:{right}" for domain in DOMAINS for right in ("Read", "Write", "Delete"))


@dataclass
class AteraKey:
    """What the service knows of a key besides its text."""

    kind: KeyKind
    permissions: frozenset[str]
    expires_at: datetime | None
    revoked: bool = False

    def is_good(self, now: datetime) -> bool:
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


def key_text(kind: KeyKind, account_id: str, expires_at: datetime | None) -> str:
    """Make the text of a new key; of a JWT only the form matters, and nothing verifies its signature."""
    if kind == "legacy":
        return secrets.token_hex(16)
    payload = {"AccountId": account_id, "jti": secrets.token_hex(16)}
    expiry = {} if expires_at is None else {"exp": int(expires_at.timestamp())}
    return ".".join(
        (
            _segment(json.dumps({"alg": "HS256", "typ": "JWT"})),
            _segment(json.dumps(payload | expiry)),
            secrets.token_urlsafe(32),
        )
    )


def presented_key(headers: Mapping[str, str]) -> tuple[KeyKind, str]:
    """Return the key of a request, and the kind that belongs into the header it came in."""
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "jwt", credentials.strip()
    return "legacy", headers.get("X-API-KEY", "")


def _segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
