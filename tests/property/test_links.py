"""What a run sees of contacts in a PSA, whatever the PSA makes of values and whoever edits them."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.core.links import (
    Link,
    PendingCreate,
    Protection,
    RemoteContact,
    contact_seen,
    made_by,
    rewritten,
    same_value,
)
from shared.core.models import ALL_FIELDS, CONTACT_FIELDS, Contact, ContactFields
from shared.core.text import clean
from tests.property.strategies import EMAILS, hostile_text

WRITTEN_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOOKED_AT = WRITTEN_AT + timedelta(minutes=1)
PHONES = ("mobile_phone", "business_phone")

many = settings(max_examples=150)
names = st.sampled_from(CONTACT_FIELDS)
cleaned = hostile_text.map(clean)
phones = st.text("0123456789+-() x", max_size=12).map(clean)
"""Anything that may be in a directory as somebody's number."""
numbers = phones.filter(lambda text: not text or any(map(str.isdecimal, text)))
SPACES = " \t\u00a0\u2003\n"


@st.composite
def contact_fields(draw: st.DrawFn, phone: st.SearchStrategy[str] = phones) -> ContactFields:
    """What a sync writes: most fields blank, the others any text."""
    values = draw(st.dictionaries(names, cleaned, max_size=5))
    values |= {name: draw(phone) for name in PHONES}
    return ContactFields(**values | {"email": draw(st.sampled_from(EMAILS))})


def respelled(fields: ContactFields, seed: int) -> ContactFields:
    """What a PSA may make of values without changing what they say."""
    chance = random.Random(seed)
    return ContactFields(**{name: _respelled(name, getattr(fields, name), chance) for name in CONTACT_FIELDS})


def _respelled(name: str, value: str, chance: random.Random) -> str:
    if not value:
        return value
    if name in PHONES:
        digits = "".join(filter(str.isdecimal, value))
        return chance.choice(["", "+", "("]) + chance.choice(["", " ", ") "]).join(digits)
    if name == "email":
        return f" {value.upper() if value.isascii() else value}"
    form = unicodedata.normalize(chance.choice(["NFC", "NFD"]), value)
    spaced = "".join(chance.choice(SPACES) * chance.randint(1, 3) if each == " " else each for each in form)
    return chance.choice(["", " "]) + spaced + chance.choice(["", "\n"])


def changed_otherwise(fields: ContactFields, seed: int) -> ContactFields:
    """Whatever a PSA may make of values: cut, dropped, in capitals, its own."""
    chance = random.Random(seed)
    return ContactFields(
        **{
            name: chance.choice([value, value[:3], value.upper(), "", f"{value}.", "n/a"])
            for name in CONTACT_FIELDS
            for value in [getattr(fields, name)]
        }
    )


def seen(shown: RemoteContact | None, link: Link | None, **options: object) -> Contact:
    values: dict[str, object] = {"looked_at": LOOKED_AT, "tenant_id": "tenant"}
    found = contact_seen(shown, link, None, **(values | options))  # type: ignore[arg-type]
    assert found is not None
    return found


def link_of(written: ContactFields, made_of: dict[str, str] | None = None) -> Link:
    return Link("1", WRITTEN_AT, WRITTEN_AT, "ada", "tenant", written=written, rewritten=made_of or {})


@many
@given(contact_fields(numbers), st.integers(0, 2**32))
def test_a_contact_that_is_spelled_otherwise_is_seen_as_it_was_written(
    written: ContactFields, seed: int
) -> None:
    """Numbers in other groups, texts with other white space or composed otherwise: nothing to correct."""
    shown = RemoteContact("1", "17", respelled(written, seed))
    assert seen(shown, link_of(written)).fields == written
    assert rewritten(written, shown.fields, CONTACT_FIELDS) == {}


@many
@given(contact_fields(), st.integers(0, 2**32))
def test_whatever_the_psa_made_of_values_they_are_seen_as_they_were_written(
    written: ContactFields, seed: int
) -> None:
    """Once that was read back, and as long as it stays so."""
    shown = RemoteContact("1", "17", changed_otherwise(written, seed))
    made_of = rewritten(written, shown.fields, CONTACT_FIELDS)
    assert seen(shown, link_of(written, made_of)).fields == written


@many
@given(contact_fields(), names, hostile_text, st.integers(0, 2**32))
def test_a_value_that_was_edited_is_seen(written: ContactFields, name: str, value: str, seed: int) -> None:
    """To anything that says something else, also to a blank; the other fields are seen as written."""
    shown = changed_otherwise(written, seed)
    made_of = rewritten(written, shown, CONTACT_FIELDS)
    assume(not same_value(name, getattr(written, name), value) and made_of.get(name) != value)
    edited = RemoteContact("1", "17", msgspec.structs.replace(shown, **{name: value}))
    found = seen(edited, link_of(written, made_of)).fields
    assert found == msgspec.structs.replace(written, **{name: value})


@many
@given(contact_fields(), contact_fields(), st.sets(names, max_size=4))
def test_fields_that_are_not_shown_are_seen_as_written_whatever_is_shown(
    written: ContactFields, shown: ContactFields, unseen: set[str]
) -> None:
    """The others are those that the PSA shows, or say the same."""
    found = seen(RemoteContact("1", "17", shown), link_of(written), unseen=frozenset(unseen)).fields
    for name in CONTACT_FIELDS:
        value = getattr(found, name)
        assert same_value(name, value, getattr(written if name in unseen else shown, name))


@many
@given(contact_fields(), contact_fields(), st.booleans(), st.integers(0, 3))
def test_what_was_written_since_the_look_is_seen_whatever_is_shown(
    written: ContactFields, shown: ContactFields, active: bool, minutes: int
) -> None:
    """Or nothing is shown at all."""
    kept = msgspec.structs.replace(
        link_of(written), written_at=LOOKED_AT + timedelta(minutes=minutes), active=active
    )
    for remote in (None, RemoteContact("1", "17", shown, active=not active)):
        assert seen(remote, kept) == Contact("1", written, "ada", active=active)


@many
@given(contact_fields(), st.frozensets(names), st.booleans(), st.booleans())
def test_a_contact_that_nobody_wrote_is_as_it_is_shown(
    shown: ContactFields, pins: frozenset[str], keep_active: bool, active: bool
) -> None:
    """With what people decided about it."""
    protection = Protection("1", pins, keep_active)
    found = contact_seen(
        RemoteContact("1", "17", shown, active),
        None,
        protection,
        looked_at=LOOKED_AT,
        tenant_id="tenant",
        unseen=ALL_FIELDS,
    )
    assert found == Contact("1", shown, active=active, pins=pins, keep_active=keep_active)


@settings(max_examples=400)
@given(
    names, hostile_text | phones | st.sampled_from(EMAILS), hostile_text | phones | st.sampled_from(EMAILS)
)
def test_saying_the_same_goes_both_ways(name: str, one: str, other: str) -> None:
    """Everything says the same as itself, and no value as a blank."""
    assert same_value(name, one, one)
    assert same_value(name, one, other) is same_value(name, other, one)
    assert same_value(name, one, "") is (one == "")


@many
@given(
    st.lists(st.tuples(st.integers(1, 30), contact_fields()), max_size=8), st.randoms(use_true_random=False)
)
def test_which_contact_was_made_does_not_depend_on_their_order(
    listed: list[tuple[int, ContactFields]], chance: random.Random
) -> None:
    """One with the address that neither was there before nor is somebody's, if there is any."""
    contacts = [RemoteContact(str(number), "17", fields) for number, fields in dict(listed).items()]
    wanted = chance.choice([fields for _, fields in listed]) if listed else ContactFields(email="a@x.example")
    pending = PendingCreate("ada", linked=True, fields=wanted, at=WRITTEN_AT, run_id="run", beside=("1", "2"))
    taken = {"3", "4"}
    found = made_by(pending, contacts, taken)
    eligible = [
        contact
        for contact in contacts
        if same_value("email", contact.fields.email, wanted.email) and contact.id not in {*"1234"}
    ]
    assert (found in eligible) if eligible else (found is None)
    chance.shuffle(contacts)
    assert made_by(pending, contacts, taken) == found
