"""Short ways to say who is in the directory and who is in the PSA."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from shared.core.changes import Change, ChangeKind
from shared.core.configuration import (
    Configuration,
    LeaverCause,
    LeaverPolicy,
    Matching,
    Scope,
    SharedMailboxes,
)
from shared.core.mirror import Snapshot
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason, UserType
from shared.core.planning import Plan, make_plan
from shared.core.reviews import NO_DECISIONS, Decision
from shared.core.supplement import NOTHING, Supplement

SKU = "10000000-0000-4000-8000-000000000001"
STANDARD = Configuration()
EVERYBODY = Scope(
    user_types=(UserType.GUEST, UserType.MEMBER),
    enabled_only=False,
    shared_mailboxes=SharedMailboxes.INCLUDE,
)
BY_EMAIL = Configuration(matching=Matching.EMAIL)


def deactivating(*causes: LeaverCause, **policies: object) -> Configuration:
    """Leavers are deactivated, for these causes or for all of them."""
    return Configuration(
        leavers=LeaverPolicy.DEACTIVATE,
        leaver_causes=causes or tuple(LeaverCause),
        **policies,  # type: ignore[arg-type]
    )


def user(object_id: str, email: str | None = None, **properties: object) -> DirectoryUser:
    """A licensed member with `object_id@example.com` as address if not told otherwise."""
    values: dict[str, object] = {
        "display_name": f"Name {object_id}",
        "user_type": "Member",
        "enabled": True,
        "licences": (SKU,),
    }
    address = f"{object_id}@example.com" if email is None else email
    return DirectoryUser(object_id, mail=address, **(values | properties))  # type: ignore[arg-type]


def contact(
    contact_id: str,
    email: str = "",
    object_id: str | None = None,
    *,
    active: bool = True,
    deactivated_by_sync: bool = False,
    pins: Iterable[str] = (),
    keep_active: bool = False,
    **fields: str,
) -> Contact:
    """A contact; one that is linked has the name its user has."""
    name = fields.pop("name", f"Name {object_id}" if object_id else "By hand")
    return Contact(
        contact_id,
        ContactFields(name=name, email=email, **fields),
        object_id,
        active,
        deactivated_by_sync,
        frozenset(pins),
        keep_active,
    )


def edited(one: Contact, **fields: str) -> Contact:
    """The contact after somebody changed it in the PSA."""
    return msgspec.structs.replace(one, fields=msgspec.structs.replace(one.fields, **fields))


def snapshot(
    users: Iterable[DirectoryUser] = (),
    departed: Mapping[str, RemovalReason] | None = None,
    *,
    missing: Collection[str] = (),
    full_reads: int = 2,
    touched: Collection[str] | None = None,
    supplement: Supplement = NOTHING,
) -> Snapshot:
    """A tenant that was read in full often enough to be sure of who is not there."""
    return Snapshot(
        {person.id: person for person in users},
        dict(departed or {}),
        None if touched is None else frozenset(touched),
        changed=True,
        missing=frozenset(missing),
        full_reads=full_reads,
        supplement=supplement,
    )


def plan(
    users: Iterable[DirectoryUser] = (),
    contacts: Iterable[Contact] = (),
    departed: Mapping[str, RemovalReason] | None = None,
    configuration: Configuration = STANDARD,
    decisions: Mapping[str, Decision] = NO_DECISIONS,
    supplement: Supplement = NOTHING,
    *,
    missing: Collection[str] = (),
    full_reads: int = 2,
    touched: Collection[str] | None = None,
) -> Plan:
    """What a run would do with this tenant and these contacts."""
    read = snapshot(
        users, departed, missing=missing, full_reads=full_reads, touched=touched, supplement=supplement
    )
    return make_plan(read, contacts, configuration, decisions)


def applied(contacts: Iterable[Contact], planned: Plan) -> list[Contact]:
    """The contacts after the plan's writes, as every destination carries them out."""
    after = {one.id: one for one in contacts}
    for line in planned.writes():
        if line.kind is ChangeKind.CREATE:
            assert line.contact_id is None
            made = Contact(
                f"created-{line.object_id}-{len(after)}",
                _written(line),
                line.object_id if line.linked else None,
            )
            after[made.id] = made
            continue
        assert line.contact_id is not None
        after[line.contact_id] = _changed(after[line.contact_id], line)
    return list(after.values())


def _changed(before: Contact, line: Change) -> Contact:
    if line.kind is ChangeKind.DEACTIVATE:
        assert line.fields is None
        return msgspec.structs.replace(before, active=False, deactivated_by_sync=True)
    back = line.kind is ChangeKind.REACTIVATE
    return msgspec.structs.replace(
        before,
        fields=_written(line),
        object_id=line.object_id if line.linked else before.object_id,
        active=before.active or back,
        deactivated_by_sync=before.deactivated_by_sync and not back,
    )


def _written(line: Change) -> ContactFields:
    assert line.fields is not None
    return line.fields


def lines(planned: Plan) -> dict[str, tuple[str, str | None, str | None]]:
    """Object id → kind, contact and reason of every line; of several the last, skips before all."""
    ordered = sorted(planned.changes, key=lambda line: line.kind is not ChangeKind.SKIP)
    return {line.object_id: (line.kind.value, line.contact_id, line.reason) for line in ordered}


def only(planned: Plan) -> Change:
    """The plan's one line."""
    (line,) = planned.changes
    return line
