"""What is kept of a contact after a write."""

from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from shared.core.changes import Change, ChangeKind
from shared.core.connection import Connection
from shared.core.links import Link
from shared.core.models import Contact, ContactFields


class After(msgspec.Struct, frozen=True):
    """A contact as it is after a write: what it was to say, what the PSA made of that, and whether it is
    active."""

    contact_id: str
    written: ContactFields
    active: bool
    made_of: dict[str, str] = {}


def link_after(
    after: After,
    change: Change,
    contact: Contact | None,
    *,
    before: Link | None,
    connection: Connection,
    now: datetime,
) -> Link:
    """The link to keep. `contact`: as the run saw it, None for one that was made; `before`: its link."""
    takes = change.linked and change.kind is not ChangeKind.DEACTIVATE
    former = Link(after.contact_id, now, now) if before is None else before
    put_away = contact is not None and contact.deactivated_by_sync and not after.active
    return Link(
        after.contact_id,
        written_at=now,
        created_at=former.created_at,
        object_id=change.object_id if takes else former.object_id,
        tenant_id=connection.tenant_id if takes else former.tenant_id,
        active=after.active,
        deactivated_by_sync=put_away or change.kind is ChangeKind.DEACTIVATE,
        written=after.written,
        rewritten=after.made_of,
    )


def link_gone(contact_id: str, now: datetime) -> Link:
    """What is kept of a contact that is not there any more, until a look confirms it."""
    return Link(contact_id, written_at=now, created_at=now, gone=True)


def with_fields(fields: ContactFields, source: ContactFields, names: AbstractSet[str]) -> ContactFields:
    """The fields, with those of `names` as in `source`."""
    if not names:
        return fields
    return msgspec.structs.replace(fields, **{name: getattr(source, name) for name in names})
