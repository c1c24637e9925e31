"""API tokens: what they allow, how long they live, and what `/me` says of them.

Permissions have the names that the vendor's document gives them, call by call.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Permission = Literal[
    "Customers - List/Search",
    "Customers - View Detail",
    "Customers - Create",
    "Customers - Edit",
    "Customers - Delete",
]
LIST: Permission = "Customers - List/Search"
VIEW: Permission = "Customers - View Detail"
CREATE: Permission = "Customers - Create"
EDIT: Permission = "Customers - Edit"
DELETE: Permission = "Customers - Delete"
ABOUT_CUSTOMERS = frozenset({LIST, VIEW, CREATE, EDIT, DELETE})
_ELSEWHERE = ("asset", "ticket", "invoice", "payment")


@dataclass(frozen=True, slots=True)
class Token:
    """What a token may do: everything when `permissions` is None."""

    permissions: frozenset[str] | None
    expires_at: datetime | None

    def allows(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions

    def permissions_body(self) -> dict[str, Any]:
        """Return the `permissions` of `/me`, which are coarser: nothing in them tells of listing."""
        everything = self.permissions is None
        all_three = dict.fromkeys(("read", "write", "delete"), everything)
        body = {area: dict(all_three) for area in _ELSEWHERE}
        body["customer"] = {
            "read": self.allows(VIEW),
            "write": self.allows(EDIT),
            "delete": self.allows(DELETE),
        }
        body["worksheet"] = dict.fromkeys(("add", "manage", "delete"), everything)
        body["script"] = {"execute": everything}
        return body


class TokenStore:
    """The tokens of an account, by their text."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def add(self, permissions: Collection[str] | None, expires_at: datetime | None) -> str:
        """Make a token; raises ValueError for a permission about customers that does not exist."""
        wanted = None if permissions is None else frozenset(permissions)
        unknown = sorted(_about_customers(wanted or ()) - ABOUT_CUSTOMERS)
        if unknown:
            raise ValueError(f"no such permission: {', '.join(unknown)}")
        secret = f"T{secrets.token_hex(20)}"
        self._tokens[secret] = Token(wanted, expires_at)
        return secret

    def revoke(self, secret: str) -> None:
        """Take a token back; raises KeyError when there is none such."""
        del self._tokens[secret]

    def find(self, secret: str, now: datetime) -> Token | None:
        """Return a token that is valid now, or None."""
        token = self._tokens.get(secret)
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            return None
        return token


def _about_customers(permissions: Iterable[str]) -> set[str]:
    return {permission for permission in permissions if permission.startswith("Customers")}
