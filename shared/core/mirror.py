"""The directory mirror: what we last read of a tenant, and how pages of a read are folded into it."""

from collections.abc import Iterable

import msgspec

from shared.core.models import DirectoryUser, RemovalReason

FORMAT = 1
"""Of the stored mirror. A stored mirror of another format is read again in full."""


class UserPage(msgspec.Struct, frozen=True):
    """One page of a read: users as they are now, and the ids of those that are gone with the reason."""

    users: tuple[DirectoryUser, ...] = ()
    removed: tuple[tuple[str, RemovalReason], ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """The tenant after a complete read.

    `departed`: who left since the mirror was last written. `touched`: the object ids the read spoke of,
    None when it was a full read. `changed`: whether the mirror has to be written.
    """

    users: dict[str, DirectoryUser]
    departed: dict[str, RemovalReason]
    touched: frozenset[str] | None
    changed: bool


def folded(before: dict[str, DirectoryUser], pages: Iterable[UserPage]) -> Snapshot:
    """The mirror after a delta. Replayed and duplicated objects are harmless: the last state wins."""
    users = dict(before)
    departed: dict[str, RemovalReason] = {}
    touched: set[str] = set()
    for page in pages:
        for user in page.users:
            users[user.id] = user
            departed.pop(user.id, None)
            touched.add(user.id)
        for object_id, reason in page.removed:
            touched.add(object_id)
            users.pop(object_id, None)
            if object_id in before:
                departed[object_id] = reason
    return Snapshot(users, departed, frozenset(touched), changed=users != before)


def replaced(before: dict[str, DirectoryUser], pages: Iterable[UserPage]) -> Snapshot:
    """The mirror after a full read: whoever is not in it is gone."""
    users = {user.id: user for page in pages for user in page.users}
    departed = {object_id: RemovalReason.ABSENT for object_id in before if object_id not in users}
    return Snapshot(users, departed, None, changed=users != before)
