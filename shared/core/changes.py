"""The lines of a plan: small frozen values that can be counted, ordered, printed and stored."""

from enum import StrEnum

import msgspec

from shared.core.models import CONTACT_FIELDS, ContactFields


class ChangeKind(StrEnum):
    """What happens to one person."""

    CREATE = "create"
    LINK = "link"
    UPDATE = "update"
    KEEP = "keep"
    SKIP = "skip"
    CONFLICT = "conflict"


WRITES = frozenset({ChangeKind.CREATE, ChangeKind.LINK, ChangeKind.UPDATE})
"""The kinds that write to the destination."""


class ConflictReason(StrEnum):
    """Why a person could not be matched without guessing."""

    EMAIL_SHARED = "match.email_shared_by_users"
    EMAIL_TAKEN = "match.email_taken_by_linked_contact"
    MULTIPLE_CONTACTS = "match.multiple_contacts"


class FieldChange(msgspec.Struct, frozen=True, gc=False):
    """One field with its old and its new value."""

    field: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, gc=False):
    """One line of a plan.

    `contact_id` is None for a contact that does not exist yet; `fields` is the whole contact after the
    write and None when nothing is written; `reason` is a reason code.
    """

    kind: ChangeKind
    object_id: str
    name: str = ""
    contact_id: str | None = None
    fields: ContactFields | None = None
    modified: tuple[FieldChange, ...] = ()
    reason: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the destination is written."""
        return self.kind in WRITES


def differences(old: ContactFields, new: ContactFields) -> tuple[FieldChange, ...]:
    """The fields that differ, in their declared order."""
    if old == new:  # as nearly always
        return ()
    return tuple(
        FieldChange(name, getattr(old, name), getattr(new, name))
        for name in CONTACT_FIELDS
        if getattr(old, name) != getattr(new, name)
    )
