"""Which contact belongs to which user: the link, a unique address, a unique alias; never a guess."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from shared.core.changes import ConflictReason
from shared.core.grouped import Grouped
from shared.core.models import Contact, ContactFields
from shared.core.reviews import NO_DECISIONS, Decision, ReviewAction
from shared.core.text import normalized_email

_NO_ALIASES: Mapping[str, tuple[str, ...]] = {}


class Match(msgspec.Struct, frozen=True, gc=False):
    """The outcome for one user.

    `contact` is the user's contact, or None where one is to be created; `linked` tells a contact that
    carries the user's object id from one that is adopted; `conflict` says why there is no answer.
    """

    contact: Contact | None = None
    linked: bool = False
    conflict: ConflictReason | None = None


def match_by_email(wanted: Mapping[str, ContactFields], contacts: Iterable[Contact]) -> dict[str, Match]:
    """Pair every user in scope with the contact that has the address, whoever that contact is linked to."""
    by_email, users = Grouped[str, Contact](), Grouped[str, str]()
    for contact in contacts:
        if contact.fields.email:
            by_email.add(normalized_email(contact.fields.email), contact)
    for object_id, fields in wanted.items():
        users.add(normalized_email(fields.email), object_id)
    found: dict[str, Match] = {}
    for email in users:
        object_ids, holders = users[email], by_email[email]
        if len(object_ids) > 1:
            outcome = Match(conflict=ConflictReason.EMAIL_SHARED)
        elif len(holders) > 1:
            outcome = Match(conflict=ConflictReason.MULTIPLE_CONTACTS)
        else:
            outcome = Match(holders[0], linked=True) if holders else Match()
        found |= dict.fromkeys(object_ids, outcome)
    return found


def match_by_identity(
    wanted: Mapping[str, ContactFields],
    contacts: Iterable[Contact],
    known_object_ids: AbstractSet[str],
    aliases: Mapping[str, tuple[str, ...]] = _NO_ALIASES,
    decisions: Mapping[str, Decision] = NO_DECISIONS,
) -> dict[str, Match]:
    """Pair every user in scope with a contact.

    `wanted`: object id → fields of the users in scope. `known_object_ids`: every object the directory lists,
    in scope or not. `aliases`: object id → other addresses. `decisions`: what technicians said
    of users without a contact; they alone give a contact that is linked to one object to another.
    """
    matcher = _Matcher(wanted, contacts, known_object_ids, aliases, decisions)
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
    return found | matcher.apart()


class _Matcher:
    def __init__(
        self,
        wanted: Mapping[str, ContactFields],
        contacts: Iterable[Contact],
        known_object_ids: AbstractSet[str],
        aliases: Mapping[str, tuple[str, ...]],
        decisions: Mapping[str, Decision],
    ) -> None:
        self._wanted, self._known, self._aliases = wanted, known_object_ids, aliases
        self._by_object_id: dict[str, Contact] = {}
        self._by_email = Grouped[str, Contact]()
        self._doubles = Grouped[str, Contact]()
        contacts = sorted(contacts, key=lambda contact: contact.id)
        self._given = self._gifts(contacts, decisions)
        for contact in contacts:
            owner = self._owner(contact)
            if owner is not None and self._by_object_id.setdefault(owner, contact) is not contact:
                self._doubles.add(owner, contact)
            if contact.fields.email:
                self._by_email.add(normalized_email(contact.fields.email), contact)
        self._wanted_email = {key: self._address(key, fields) for key, fields in wanted.items()}
        self._apart = {
            key
            for key, email in self._wanted_email.items()
            if not email or _action(decisions, key) is ReviewAction.CREATE
        }
        self._addresses_apart = {self._wanted_email[key] for key in self._apart}
        self._users_by_email = Grouped[str, str]()
        for object_id, email in self._wanted_email.items():
            if object_id not in self._apart:
                self._users_by_email.add(email, object_id)
        self._users_by_alias = self._holders_of_useful_aliases()

    def emails(self) -> AbstractSet[str]:
        """Every address that somebody is to have."""
        return self._users_by_email.keys()

    def held_by(self, object_ids: AbstractSet[str]) -> AbstractSet[str]:
        """Those of them that are on the contacts of these users now."""
        owned = [self._by_object_id[key] for key in object_ids if key in self._by_object_id]
        doubles = [contact for key in object_ids for contact in self._doubles[key]]
        held = {normalized_email(contact.fields.email) for contact in (*owned, *doubles)}
        return held & self._users_by_email.keys()

    def apart(self) -> dict[str, Match]:
        """Whoever is to have a contact of their own, whatever others have, or one without an address."""
        return {
            object_id: Match(contact, linked=contact is not None and contact.object_id == object_id)
            for object_id in self._apart
            for contact in [self._by_object_id.get(object_id)]
        }

    def matches(self, emails: AbstractSet[str], stuck: AbstractSet[str]) -> dict[str, Match]:
        """The outcome for whoever is to have one of the addresses."""
        result: dict[str, Match] = {}
        for email in emails:
            object_ids = self._users_by_email[email]
            holders = self._by_email[email]
            keeper = object_ids[0] if len(object_ids) == 1 else self._keeper(object_ids, holders)
            staying = [contact for contact in holders if not self._moves_away(contact, email, stuck)]
            for object_id in object_ids:
                mine = self._by_object_id.get(object_id)
                if object_id != keeper:
                    linked = mine is not None and mine.object_id == object_id
                    result[object_id] = Match(mine, linked, ConflictReason.EMAIL_SHARED)
                elif mine is not None:
                    result[object_id] = self._by_link(object_id, mine, staying, email)
                elif staying:
                    result[object_id] = self._by_unique_email(object_id, staying)
                else:
                    result[object_id] = self._by_unique_alias(object_id)
        return result

    def _gifts(self, contacts: list[Contact], decisions: Mapping[str, Decision]) -> dict[str, str]:
        """Contact id → the user without one that a technician gave it to; never one that is somebody's."""
        if not decisions:
            return {}
        linked = {contact.object_id for contact in contacts}
        free = {contact.id for contact in contacts if contact.object_id not in self._known}
        gifts: dict[str, str] = {}
        for object_id, decision in sorted(decisions.items()):
            contact_id = decision.contact_id
            useful = object_id in self._wanted and object_id not in linked
            if decision.action is ReviewAction.LINK and useful and contact_id in free:
                gifts.setdefault(contact_id, object_id)
        return gifts

    def _owner(self, contact: Contact) -> str | None:
        return self._given.get(contact.id, contact.object_id)

    def _address(self, object_id: str, fields: ContactFields) -> str:
        """The address, normalized, that the user's contact is to have: where it is pinned, the one it has."""
        mine = self._by_object_id.get(object_id)
        pinned = mine is not None and "email" in mine.pins
        return normalized_email((mine.fields if mine is not None and pinned else fields).email)

    def _keeper(self, object_ids: list[str], holders: list[Contact]) -> str | None:
        """Of several users with one address, the one whose own contact has it already."""
        owners = [owner for contact in holders if (owner := self._owner(contact)) in object_ids]
        return owners[0] if len(owners) == 1 else None

    def _moves_away(self, contact: Contact, email: str, stuck: AbstractSet[str]) -> bool:
        """Whether this run gives the contact another address."""
        owner = self._owner(contact)
        return (
            owner is not None
            and owner not in stuck
            and self._by_object_id[owner] is contact
            and self._wanted_email.get(owner, email) != email
        )

    def _by_link(self, object_id: str, mine: Contact, staying: list[Contact], email: str) -> Match:
        has_it_already = normalized_email(mine.fields.email) == email
        blocked = not has_it_already and bool(staying)
        conflict = ConflictReason.EMAIL_TAKEN if blocked else None
        return Match(mine, mine.object_id == object_id, conflict)

    def _by_unique_email(self, object_id: str, staying: list[Contact]) -> Match:
        if any(self._owner(contact) in self._known for contact in staying):
            return Match(conflict=ConflictReason.EMAIL_TAKEN)
        if len(staying) > 1:
            return Match(conflict=ConflictReason.MULTIPLE_CONTACTS)
        contact = staying[0]
        if contact.object_id is None:
            return Match(contact)
        # It is somebody's who left. The same name suggests the same person under a new object id, another
        # one that the address was given away; but only a person can tell.
        same = _name(contact.fields) == _name(self._wanted[object_id])
        reason = ConflictReason.OBJECT_ID_CHANGED if same else ConflictReason.ADDRESS_REUSED
        return Match(contact, conflict=reason)

    def _holders_of_useful_aliases(self) -> dict[str, set[str]]:
        """Who has each alias that may lead to a contact.

        Whoever has found a contact by other means counts too, or what is a conflict in one run would be none
        in the next.
        """
        without = self._wanted.keys() - self._apart - self._by_object_id.keys()
        useful = {address for object_id in without for address in self._useful_aliases(object_id)}
        holders: dict[str, set[str]] = {address: set() for address in useful}
        if useful:  # as hardly ever
            for object_id in self._wanted.keys() & self._aliases.keys():
                for address in useful.intersection(map(normalized_email, self._aliases[object_id])):
                    holders[address].add(object_id)
        return holders

    def _by_unique_alias(self, object_id: str) -> Match:
        aliases = self._useful_aliases(object_id)
        if any(len(self._users_by_alias[address]) > 1 for address in aliases):
            return Match(conflict=ConflictReason.ALIAS_SHARED)
        found = [contact for address in aliases for contact in self._by_email[address]]
        if len(found) > 1:
            return Match(conflict=ConflictReason.MULTIPLE_CONTACTS)
        return Match(found[0]) if found else Match()

    def _useful_aliases(self, object_id: str) -> list[str]:
        """Addresses that lead to contacts of nobody, and that nobody is to have as their own."""
        return [
            address
            for address in dict.fromkeys(map(normalized_email, self._aliases.get(object_id, ())))
            if address not in self._users_by_email
            and address not in self._addresses_apart
            and address in self._by_email
            and all(self._owner(contact) is None for contact in self._by_email[address])
        ]


def _action(decisions: Mapping[str, Decision], object_id: str) -> ReviewAction | None:
    decision = decisions.get(object_id)
    return None if decision is None else decision.action


def _name(fields: ContactFields) -> str:
    return (fields.name or f"{fields.first_name} {fields.last_name}").strip().casefold()
