"""The plan of a run: a pure function of the directory, the contacts and the configuration."""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from shared.core import mapping, scope
from shared.core.changes import Change, ChangeKind, differences
from shared.core.configuration import Configuration
from shared.core.matching import Match, match
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason
from shared.core.text import clean


class Plan(msgspec.Struct, frozen=True):
    """What a run would do.

    `changes` holds every user that is not left as it is, ordered by object id, so that the same inputs in
    any order give the same plan. `users_read` counts the users of the directory; with `unchanged` and the
    kinds of the changes other than `keep` it adds up.
    """

    users_read: int
    unchanged: int
    changes: tuple[Change, ...]

    def counts(self) -> Counter[ChangeKind]:
        """How many changes of each kind."""
        return Counter(change.kind for change in self.changes)

    def writes(self) -> tuple[Change, ...]:
        """The changes that write to the destination, in order."""
        return tuple(change for change in self.changes if change.writes)


def make_plan(
    users: Iterable[DirectoryUser],
    departed: Mapping[str, RemovalReason],
    contacts: Iterable[Contact],
    configuration: Configuration,
) -> Plan:
    """Decide what happens to every user of the directory and to everybody who left it.

    `departed`: object id → why, for the users this read found gone; a contact linked to one of them gets a
    `keep` line, everybody else's contact is left alone without a word.
    """
    contacts = list(contacts)
    known: set[str] = set()
    wanted: dict[str, ContactFields] = {}
    changes: list[Change] = []
    for user in users:
        known.add(user.id)
        reason = scope.left_out(user, configuration)
        if reason is None:
            fields = mapping.contact_fields(user)
            if fields.email:
                wanted[user.id] = fields
                continue
            reason = scope.SkipReason.NO_ADDRESS
        changes.append(
            Change(ChangeKind.SKIP, user.id, clean(user.display_name), reason=reason.value),
        )

    unchanged = 0
    for object_id, outcome in match(wanted, contacts, known).items():
        change = _change(object_id, wanted[object_id], outcome, configuration)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    changes.extend(_kept(departed, contacts, known))
    changes.sort(key=lambda change: (change.object_id, change.kind, change.contact_id or ""))
    return Plan(users_read=len(known), unchanged=unchanged, changes=tuple(changes))


def _change(
    object_id: str, wanted: ContactFields, outcome: Match, configuration: Configuration
) -> Change | None:
    contact = outcome.contact
    if outcome.conflict is not None:
        return Change(
            ChangeKind.CONFLICT,
            object_id,
            wanted.name,
            contact_id=contact.id if contact else None,
            reason=outcome.conflict.value,
        )
    if contact is None:
        return Change(
            ChangeKind.CREATE,
            object_id,
            wanted.name,
            fields=wanted,
            modified=differences(ContactFields(), wanted),
        )
    after = mapping.merged(contact.fields, wanted, configuration)
    modified = differences(contact.fields, after)
    if outcome.linked and not modified:
        return None
    kind = ChangeKind.UPDATE if outcome.linked else ChangeKind.LINK
    return Change(kind, object_id, after.name, contact.id, after, modified)


def _kept(
    departed: Mapping[str, RemovalReason], contacts: Iterable[Contact], known: AbstractSet[str]
) -> Iterable[Change]:
    for contact in contacts:
        object_id = contact.object_id
        if object_id is not None and object_id in departed and object_id not in known:
            yield Change(
                ChangeKind.KEEP,
                object_id,
                contact.fields.name,
                contact.id,
                reason=f"lifecycle.{departed[object_id].value}",
            )
