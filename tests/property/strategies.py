"""Directories and contacts in which everything that can collide does.

Identities are drawn one by one, so that they collide and a failure shrinks. What merely varies beside them is
drawn from pools made in advance, as drawing every property of everybody would take most of the time.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

import msgspec
from hypothesis import strategies as st

from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    EmailSource,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    LeaverCause,
    LeaverPolicy,
    Matching,
    PatternField,
    Scope,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
    Unmatched,
)
from shared.core.mirror import Snapshot
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser, RemovalReason, UserType
from shared.core.presets import PRESETS
from shared.core.reviews import Decision, ReviewAction
from shared.core.supplement import Gap, Registration, SubscribedProduct, Supplement

T = TypeVar("T")

OBJECT_IDS = [f"object-{letter}" for letter in "abcdef"]
CONTACT_IDS = [f"contact-{number}" for number in range(6)]
EMAILS = [
    "a@x.example",
    "A@X.example",
    "b@x.example",
    "c@x.example",
    "josé@x.example",
    "jose\u0301@x.example",
    "a@bücher.example",
    "a@xn--bcher-kva.example",
    "",
]
SKUS = [
    "3b555118-da6a-4418-894f-7df1e2096870",
    "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
    "11111111-2222-4333-8444-555555555555",
]
GROUP = "20000000-0000-4000-8000-000000000001"
TEXTS = ["", "one", "two", "  two ", "thr\x00ee"]
PLACES = [None, "Bern", "BERN", " bern ", "Basel", ""]

object_ids = st.sampled_from(OBJECT_IDS)
emails = st.sampled_from(EMAILS)
hostile_text = st.text(max_size=40) | st.text(
    st.sampled_from("a \t\n\x00\x1b\x85\u00a0\u2028\u202e\u2066\u200f\u0301e\u212a\u1fef\u00e9İßﬁ@.#"),
    max_size=20,
)


def pool(make: Callable[[random.Random], T], size: int = 60) -> st.SearchStrategy[T]:
    """One of so many values, the same in every run."""
    return st.sampled_from([make(random.Random(number)) for number in range(size)])


def some(chance: random.Random, values: Iterable[T], least: int = 0, most: int = 3) -> tuple[T, ...]:
    """A few of the values, each once, in any order."""
    known = list(values)
    return tuple(chance.sample(known, chance.randint(least, min(most, len(known)))))


# Who is in the directory.


def _person(chance: random.Random) -> DirectoryUser:
    return DirectoryUser(
        "",
        display_name=chance.choice([None, *TEXTS]),
        given_name=chance.choice([None, *TEXTS]),
        job_title=chance.choice([None, *TEXTS]),
        department=chance.choice(PLACES),
        office_location=chance.choice(PLACES),
        street=chance.choice([None, "one", "one\ntwo"]),
        user_type=chance.choice([None, "Member", "Member", "Guest"]),
        enabled=chance.choice([True, True, True, False, None]),
        licences=some(chance, SKUS),
    )


_people = pool(_person)
_aliases = pool(lambda chance: some(chance, EMAILS[:-1]) if chance.random() < 0.5 else ())


@st.composite
def users(draw: st.DrawFn, object_id: str | None = None) -> DirectoryUser:
    """Somebody who shares id, address, alias or all of them with others."""
    return msgspec.structs.replace(
        draw(_people),
        id=object_id or draw(object_ids),
        mail=draw(st.sampled_from([*EMAILS, None])),
        user_principal_name=draw(st.sampled_from([*EMAILS, None, "guest_y.example#EXT#@x.example"])),
        aliases=draw(_aliases),
    )


directories = st.lists(users(), max_size=6, unique_by=lambda user: user.id)


# Who is in the PSA.


def _contact(chance: random.Random) -> Contact:
    fields = ContactFields(
        name=chance.choice(TEXTS),
        job_title=chance.choice(TEXTS),
        office=chance.choice(TEXTS),
        site=chance.choice(["", "site-1", "by hand"]),
        licence=chance.choice(TEXTS),
    )
    return Contact(
        "",
        fields,
        active=chance.random() < 0.7,
        deactivated_by_sync=chance.random() < 0.5,
        pins=frozenset(some(chance, ["email", *CONTACT_FIELDS]) if chance.random() < 0.5 else ()),
        keep_active=chance.random() < 0.2,
    )


_contacts = pool(_contact)


@st.composite
def contact_lists(draw: st.DrawFn) -> list[Contact]:
    """Contacts that are linked or not, doubled or not, active or not, with whatever pins."""
    made = []
    for contact_id in CONTACT_IDS[: draw(st.integers(0, 6))]:
        contact = draw(_contacts)
        fields = msgspec.structs.replace(contact.fields, email=draw(emails))
        link = draw(st.none() | object_ids | st.just("object-gone"))
        made.append(msgspec.structs.replace(contact, id=contact_id, fields=fields, object_id=link))
    return made


# What a run is told to do.

everybody = Scope(user_types=tuple(UserType), enabled_only=False, shared_mailboxes=SharedMailboxes.INCLUDE)
_SITES: Sequence[tuple[SiteRule, ...]] = [
    (),
    (),
    (SiteRule(SiteAttribute.OFFICE, ("Bern",), "site-1"),),
    (
        SiteRule(SiteAttribute.DEPARTMENT, ("basel", ""), "site-2"),
        SiteRule(SiteAttribute.OFFICE, ("Bern", ""), "site-1"),
    ),
]


def _scope(chance: random.Random) -> Scope:
    """Filters that are off more often than on, so that there is somebody in scope."""

    def sometimes(value: T, otherwise: T) -> T:
        return value if chance.random() < 0.25 else otherwise

    return Scope(
        user_types=some(chance, UserType, 1),
        enabled_only=chance.random() < 0.5,
        groups=sometimes(
            chance.choice([Groups(GroupMode.ALL), Groups(GroupMode.SELECTED, (GROUP,))]), Groups()
        ),
        departments=sometimes(("Bern", ""), ()),
        offices=sometimes(("bern",), ()),
        domains=sometimes(chance.choice([("x.example",), ("bücher.example",)]), ()),
        licensed_only=sometimes(True, False),
        skus=sometimes((SKUS[0],), ()),
        shared_mailboxes=chance.choice(list(SharedMailboxes)),
        exclusions=sometimes((Exclusion(PatternField.EMAIL, "^b@"),), ()),
    )


def _configuration(chance: random.Random) -> Configuration:
    by_email = chance.random() < 0.25
    return Configuration(
        scope=everybody if chance.random() < 0.5 else _scope(chance),
        sites=Sites(chance.choice(_SITES), chance.choice(list(Unmatched))),
        email_source=chance.choice(list(EmailSource)),
        matching=Matching.EMAIL if by_email else Matching.IDENTITY,
        fields=tuple(SyncedField) if chance.random() < 0.5 else some(chance, SyncedField, 1, 6),
        blank_in_directory=chance.choice(list(BlankPolicy)),
        leavers=LeaverPolicy.KEEP
        if by_email
        else chance.choice([LeaverPolicy.KEEP, *[LeaverPolicy.DEACTIVATE] * 2]),
        leaver_causes=some(chance, LeaverCause, 1),
        enrichments=some(chance, Enrichment, 0, 4),
    )


configurations = pool(_configuration, 120) | st.sampled_from(list(PRESETS.values()))


# What was read.


def _gap(chance: random.Random, enrichment: Enrichment) -> Gap:
    permanent = chance.random() < 0.5
    return Gap(enrichment.value, "code", "What.", "How.", "nobody", permanent=permanent)


def _supplement(chance: random.Random) -> Supplement:
    def by_object_id(make: Callable[[], T]) -> dict[str, T] | None:
        found = {object_id: make() for object_id in some(chance, OBJECT_IDS, 0, 6)}
        return found if chance.random() < 0.7 else None

    purposes = ["user", "shared", "room", "others"]
    methods = ["email", "mobilePhone", "fido2", "new"]
    days = {email: chance.choice([None, date(2026, 3, 1)]) for email in some(chance, EMAILS)}
    return Supplement(
        group_members=frozenset(some(chance, OBJECT_IDS, 0, 6)),
        purposes=by_object_id(lambda: chance.choice(purposes)),
        registrations=by_object_id(lambda: Registration(chance.random() < 0.5, some(chance, methods))),
        activity=days if chance.random() < 0.7 else None,
        products=chance.choice([None, (SubscribedProduct(SKUS[2], "NEW_THING", 5, 1),)]),
        gaps=tuple(_gap(chance, enrichment) for enrichment in some(chance, Enrichment, 0, 2)),
    )


supplements = pool(_supplement)
departures = st.dictionaries(object_ids, st.sampled_from(RemovalReason), max_size=3)
_absent = pool(lambda chance: frozenset(some(chance, [*OBJECT_IDS, "object-gone"])))
_touched = pool(lambda chance: frozenset(some(chance, OBJECT_IDS)))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A tenant after a complete read, full or not, first or not, in which some are missing or have left."""
    people = {user.id: user for user in draw(directories)}
    departed = {key: reason for key, reason in draw(departures).items() if key not in people}
    return Snapshot(
        people,
        departed,
        draw(st.none() | _touched),
        changed=True,
        missing=draw(_absent) - people.keys() - departed.keys(),
        full_reads=draw(st.sampled_from([1, 2, 2])),
        supplement=draw(supplements),
    )


def _decision(chance: random.Random) -> Decision:
    contact_id = chance.choice([None, *CONTACT_IDS[:3], "contact-gone"])
    return Decision(chance.choice(list(ReviewAction)), contact_id)


decided = pool(lambda chance: {key: _decision(chance) for key in some(chance, OBJECT_IDS, 1, 4)})


class Case(msgspec.Struct, frozen=True):
    """Everything a plan is made of."""

    snapshot: Snapshot
    contacts: list[Contact]
    configuration: Configuration
    decisions: dict[str, Decision]


cases = st.builds(Case, snapshots(), contact_lists(), configurations, st.just({}) | decided)
undecided = st.builds(Case, snapshots(), contact_lists(), configurations, st.just({}))
