"""The lines of a plan: small frozen values that can be counted, ordered, printed and stored."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import StrEnum

import msgspec

from shared.core.models import BLANK, CONTACT_FIELDS, Contact, ContactFields


class ChangeKind(StrEnum):
    """What happens to one person."""

    CREATE = "create"
    LINK = "link"
    UPDATE = "update"
    MOVE_SITE = "move_site"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    KEEP = "keep"
    SKIP = "skip"
    CONFLICT = "conflict"
    FAIL = "fail"


USER_WRITES = frozenset(
    {ChangeKind.CREATE, ChangeKind.LINK, ChangeKind.UPDATE, ChangeKind.MOVE_SITE, ChangeKind.REACTIVATE}
)
"""The kinds that write the contact of somebody in scope."""
WRITES = USER_WRITES | {ChangeKind.DEACTIVATE}
"""The kinds that write to the destination."""


class ConflictReason(StrEnum):
    """Why a person could not be matched without guessing; each goes to the review queue."""

    EMAIL_SHARED = "match.email_shared_by_users"
    EMAIL_TAKEN = "match.email_taken_by_linked_contact"
    MULTIPLE_CONTACTS = "match.multiple_contacts"
    ALIAS_SHARED = "match.alias_shared_by_users"
    ADDRESS_REUSED = "match.address_of_somebody_who_left"
    OBJECT_ID_CHANGED = "match.object_id_changed"


class LifecycleReason(StrEnum):
    """Why somebody counts as a leaver, or not yet, or is left alone."""

    SOFT_DELETED = "lifecycle.soft_deleted"
    HARD_DELETED = "lifecycle.hard_deleted"
    ABSENT = "lifecycle.absent"
    ABSENT_ONCE = "lifecycle.absent_once"
    DISABLED = "lifecycle.disabled"
    OUT_OF_SCOPE = "lifecycle.out_of_scope"
    KEPT_ACTIVE = "lifecycle.keep_active"


class RejectionReason(StrEnum):
    """Why the destination did not take one change; the others of the run are carried out all the same."""

    CONTACT_GONE = "destination.contact_gone"
    ADDRESS_TAKEN = "destination.address_taken"
    INVALID = "destination.invalid"


class FieldChange(msgspec.Struct, frozen=True, gc=False):
    """One field with its old and its new value."""

    field: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, gc=False):
    """One line of a plan.

    `contact_id` is None for a contact that does not exist yet; `fields` is the whole contact after the write
    and None where no field is written; `linked` tells whether the write leaves the user's object id on the
    contact; `reason` is a reason code; `detail` is what the destination itself said of a change it did not
    take.
    """

    kind: ChangeKind
    object_id: str
    name: str = ""
    contact_id: str | None = None
    fields: ContactFields | None = None
    changed: tuple[FieldChange, ...] = ()
    reason: str | None = None
    linked: bool = True
    detail: str = ""

    @property
    def writes(self) -> bool:
        """Whether the destination is written."""
        return self.kind in WRITES

    @property
    def modified(self) -> tuple[FieldChange, ...]:
        """The fields that the write changes, in their declared order; a new contact was blank before."""
        if self.kind is ChangeKind.CREATE and self.fields is not None:
            return differences(BLANK, self.fields)
        return self.changed


class Rejection(msgspec.Struct, frozen=True):
    """A change that the destination did not take, why, and what it said; it changed nothing."""

    change: Change
    reason: RejectionReason
    detail: str = ""

    def line(self) -> Change:
        """What the log of changes says of it."""
        return msgspec.structs.replace(
            self.change, kind=ChangeKind.FAIL, reason=self.reason.value, detail=self.detail
        )


def differences(old: ContactFields, new: ContactFields) -> tuple[FieldChange, ...]:
    """The fields that differ, in their declared order."""
    if old == new:  # as nearly always
        return ()
    return tuple(
        FieldChange(name, getattr(old, name), getattr(new, name))
        for name in CONTACT_FIELDS
        if getattr(old, name) != getattr(new, name)
    )


def narrowed(change: Change, held: AbstractSet[str]) -> Change:
    """The change as far as it is about fields that the destination has."""
    if change.fields is None:
        return change
    elsewhere = (name for name, value in _values(change.fields) if value and name not in held)
    if not any(elsewhere) and all(line.field in held for line in change.changed):
        return change
    fields = msgspec.structs.replace(
        change.fields, **{name: "" for name, value in _values(change.fields) if name not in held}
    )
    return msgspec.structs.replace(
        change, fields=fields, changed=tuple(line for line in change.changed if line.field in held)
    )


def _values(fields: ContactFields) -> Iterable[tuple[str, str]]:
    return ((name, getattr(fields, name)) for name in CONTACT_FIELDS)


def shows(contact: Contact, change: Change) -> bool:
    """Whether the contact is as the change would have left it."""
    if change.kind is ChangeKind.DEACTIVATE:
        return not contact.active
    back = change.kind is not ChangeKind.REACTIVATE or contact.active
    its_own = not change.linked or contact.object_id == change.object_id
    return back and its_own and contact.fields == change.fields
