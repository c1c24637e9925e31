"""The directory mirror: what was last read of a tenant, and how a new read changes it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import msgspec

from shared.core.models import DirectoryUser, RemovalReason
from shared.core.supplement import NOTHING, Supplement

FORMAT = 2
"""Of the stored mirror. A stored mirror of another format is read again in full."""

_SURE_AFTER = 2  # complete full reads


class UserPage(msgspec.Struct, frozen=True):
    """One page of a read: users as they are now, and the ids of those that are gone with the reason."""

    users: tuple[DirectoryUser, ...] = ()
    removed: tuple[tuple[str, RemovalReason], ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """The tenant after a complete read.

    `departed`: who left for certain since the mirror was last written. `missing`: who was not in the last
    full read, but was there before; one absence is noise. `full_reads`: how many full reads in a row the
    mirror stands on, counted up to two. `touched`: the object ids the read spoke of, None when it was a
    full read. `changed`: whether the mirror has to be written.
    """

    users: dict[str, DirectoryUser]
    departed: dict[str, RemovalReason]
    touched: frozenset[str] | None
    changed: bool
    missing: frozenset[str] = frozenset()
    full_reads: int = _SURE_AFTER
    supplement: Supplement = NOTHING

    def departure(self, object_id: str) -> RemovalReason | None:
        """Why an object that is not among the users is gone, or None where that is not certain yet.

        Absence counts after two complete reads; what Graph says was removed counts at once.
        """
        if object_id in self.departed:
            return self.departed[object_id]
        sure = object_id not in self.missing and self.full_reads >= _SURE_AFTER
        return RemovalReason.ABSENT if sure else None


EMPTY = Snapshot({}, {}, None, changed=True, full_reads=0)
"""Before the first read."""


def folded(before: Snapshot, pages: Iterable[UserPage]) -> Snapshot:
    """The mirror after a delta. Replayed and duplicated objects are harmless: the last state wins."""
    users = dict(before.users)
    departed: dict[str, RemovalReason] = {}
    missing = set(before.missing)
    touched: set[str] = set()
    for page in pages:
        for user in page.users:
            users[user.id] = user
            departed.pop(user.id, None)
            missing.discard(user.id)
            touched.add(user.id)
        for object_id, reason in page.removed:
            touched.add(object_id)
            users.pop(object_id, None)
            if object_id in before.users or object_id in before.missing:
                departed[object_id] = reason
            missing.discard(object_id)
    return Snapshot(
        users,
        departed,
        frozenset(touched),
        changed=users != before.users or missing != before.missing,
        missing=frozenset(missing),
        full_reads=before.full_reads,
        supplement=before.supplement,
    )


def replaced(before: Snapshot, pages: Iterable[UserPage]) -> Snapshot:
    """The mirror after a full read: whoever is missing from it for the second time is gone."""
    users = {user.id: user for page in pages for user in page.users}
    departed = {object_id: RemovalReason.ABSENT for object_id in before.missing if object_id not in users}
    missing = frozenset(_absent(before.users.keys(), users.keys()))
    full_reads = min(before.full_reads + 1, _SURE_AFTER)
    return Snapshot(
        users,
        departed,
        None,
        changed=(users, missing, full_reads) != (before.users, before.missing, before.full_reads),
        missing=missing,
        full_reads=full_reads,
        supplement=before.supplement,
    )


def supplemented(snapshot: Snapshot, supplement: Supplement) -> Snapshot:
    """The snapshot with what else was read; whoever joined or left the groups counts as touched."""
    if supplement == snapshot.supplement:
        return snapshot
    touched = snapshot.touched
    if touched is not None:
        before, now = snapshot.supplement.group_members, supplement.group_members
        touched |= (before or frozenset()) ^ (now or frozenset())
    return msgspec.structs.replace(snapshot, supplement=supplement, touched=touched, changed=True)


def _absent(before: AbstractSet[str], now: AbstractSet[str]) -> AbstractSet[str]:
    return before - now
