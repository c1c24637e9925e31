"""Turns directory objects into JSON, once for as long as they do not change."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.simulators.graph.schema import BASIC_USER_PROPERTIES, USER, ObjectType
from sandbox.world.model import Properties, Tenant, User

Select = tuple[str, ...]


def render(
    object_type: ObjectType, properties: Properties, select: Select | None, *, basic: bool = False
) -> Properties:
    """Return the properties that were asked for; what was never set is null, or an empty list.

    `basic` hides all but the basic properties of a user.
    """
    rendered: dict[str, Any] = {}
    for name in object_type.default if select is None else select:
        visible = not basic or name in BASIC_USER_PROPERTIES
        value = properties.get(name) if visible else None
        rendered[name] = [] if value is None and name in object_type.collections else value
    return rendered


def context(object_type: ObjectType, select: Select | None) -> str:
    """Return the fragment of `@odata.context` for a collection."""
    return object_type.collection if select is None else f"{object_type.collection}({','.join(select)})"


class UserEncodings:
    """The users of one tenant as they look in a list with one `$select`."""

    def __init__(self, tenant: Tenant, select: Select | None, basic: bool) -> None:
        self._tenant = tenant
        self._select = select
        self._basic = basic
        self._encoded: dict[str, bytes] = {}
        self._head = tenant.change_log.head

    def encode(self, users: list[User]) -> list[bytes]:
        """Return the users as JSON objects."""
        head = self._tenant.change_log.head
        for change in self._tenant.change_log.since(self._head):
            self._encoded.pop(change.user_id, None)
        self._head = head
        return [self._encoded.get(user.id) or self._encode(user) for user in users]

    def _encode(self, user: User) -> bytes:
        encoded = msgspec.json.encode(render(USER, user.properties, self._select, basic=self._basic))
        self._encoded[user.id] = encoded
        return encoded


class EncodingCache:
    """The encodings in use, the oldest forgotten when there are too many."""

    _MOST = 32

    def __init__(self) -> None:
        self._encodings: dict[tuple[str, Select | None, bool], UserEncodings] = {}

    def of(self, tenant: Tenant, select: Select | None, *, basic: bool) -> UserEncodings:
        """Return the encodings of a tenant's users with these properties."""
        key = (tenant.id, select, basic)
        found = self._encodings.get(key)
        if found is None:
            if len(self._encodings) >= self._MOST:
                del self._encodings[next(iter(self._encodings))]
            found = self._encodings[key] = UserEncodings(tenant, select, basic)
        return found
