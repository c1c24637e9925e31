"""Which contact belongs to which user: the link first, then a unique email, never a guess."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from shared.core.changes import ConflictReason
from shared.core.models import Contact, ContactFields
from shared.core.text import normalized_email


class Match(msgspec.Struct, frozen=True, gc=False):
    """The outcome for one user.

    `contact` is the user's contact, or None where one is to be created; `linked` tells a contact that
    carries the user's object id from one that is adopted by email; `conflict` says why there is no answer.
    """

    contact: Contact | None = None
    linked: bool = False
    conflict: ConflictReason | None = None


def match(
    wanted: Mapping[str, ContactFields], contacts: Iterable[Contact], known_object_ids: AbstractSet[str]
) -> dict[str, Match]:
    """Pair every user in scope with a contact.

    `wanted`: object id → fields of the users in scope. `known_object_ids`: every object the directory
    lists, in scope or not; a contact linked to one of them is never adopted by somebody else.
    """
    matcher = _Matcher(wanted, contacts, known_object_ids)
    found: dict[str, Match] = {}
    stuck: set[str] = set()
    emails = matcher.emails()
    while emails:
        matches = matcher.matches(emails, stuck)
        found |= matches
        conflicts = {object_id for object_id, match in matches.items() if match.conflict} - stuck
        # A contact that cannot move blocks whoever was to take over its address: look again, but only there,
        # or a directory in which everybody takes the next one's address costs the square of its size.
        stuck |= conflicts
        emails = matcher.held_by(conflicts)
    return found


class _Matcher:
    def __init__(
        self,
        wanted: Mapping[str, ContactFields],
        contacts: Iterable[Contact],
        known_object_ids: AbstractSet[str],
    ) -> None:
        self._known = known_object_ids
        self._wanted_email = {key: normalized_email(fields.email) for key, fields in wanted.items()}
        self._by_object_id: dict[str, Contact] = {}
        self._by_email: dict[str, list[Contact]] = defaultdict(list)
        self._held: dict[str, list[str]] = defaultdict(list)
        for contact in sorted(contacts, key=lambda contact: contact.id):
            if contact.object_id is not None:
                self._by_object_id.setdefault(contact.object_id, contact)
            if contact.fields.email:
                email = normalized_email(contact.fields.email)
                self._by_email[email].append(contact)
                if contact.object_id is not None:
                    self._held[contact.object_id].append(email)
        self._users_by_email: dict[str, list[str]] = defaultdict(list)
        for object_id, email in self._wanted_email.items():
            self._users_by_email[email].append(object_id)

    def emails(self) -> AbstractSet[str]:
        """Every address that somebody is to have."""
        return self._users_by_email.keys()

    def held_by(self, object_ids: AbstractSet[str]) -> AbstractSet[str]:
        """Those of them that are on the contacts of these users now."""
        held = {email for object_id in object_ids for email in self._held.get(object_id, ())}
        return held & self._users_by_email.keys()

    def matches(self, emails: AbstractSet[str], stuck: AbstractSet[str]) -> dict[str, Match]:
        """The outcome for whoever is to have one of the addresses."""
        result: dict[str, Match] = {}
        for email in emails:
            object_ids = self._users_by_email[email]
            holders = self._by_email.get(email, [])
            keeper = object_ids[0] if len(object_ids) == 1 else self._keeper(object_ids, holders)
            staying = [contact for contact in holders if not self._moves_away(contact, email, stuck)]
            for object_id in object_ids:
                linked = self._by_object_id.get(object_id)
                if object_id != keeper:
                    result[object_id] = Match(linked, linked is not None, ConflictReason.EMAIL_SHARED)
                elif linked is not None:
                    result[object_id] = self._by_link(linked, staying, email)
                else:
                    result[object_id] = self._by_unique_email(staying)
        return result

    def _keeper(self, object_ids: list[str], holders: list[Contact]) -> str | None:
        """Of several users with one address, the one whose linked contact has it already."""
        linked = [contact.object_id for contact in holders if contact.object_id in object_ids]
        return linked[0] if len(linked) == 1 else None

    def _moves_away(self, contact: Contact, email: str, stuck: AbstractSet[str]) -> bool:
        """Whether this run gives the contact another address."""
        owner = contact.object_id
        return owner is not None and owner not in stuck and self._wanted_email.get(owner, email) != email

    def _by_link(self, linked: Contact, staying: list[Contact], email: str) -> Match:
        has_it_already = normalized_email(linked.fields.email) == email
        blocked = not has_it_already and bool(staying)
        return Match(linked, True, ConflictReason.EMAIL_TAKEN if blocked else None)

    def _by_unique_email(self, staying: list[Contact]) -> Match:
        if any(contact.object_id in self._known for contact in staying):
            return Match(conflict=ConflictReason.EMAIL_TAKEN)
        if len(staying) > 1:
            return Match(conflict=ConflictReason.MULTIPLE_CONTACTS)
        return Match(contact=staying[0]) if staying else Match()
