"""What is true of every plan, whatever the directory, the contacts, the configuration and the decisions."""

import random
from collections import Counter
from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.changes import ChangeKind, ConflictReason, shows
from shared.core.configuration import (
    LeaverPolicy,
    Matching,
)
from shared.core.planning import make_plan
from shared.core.reviews import ReviewAction
from shared.core.run import planned_counts, skipped_by_reason
from shared.core.text import normalized_email
from tests.property.plan_cases import LEAVERS, addresses, after, decided, in_scope, many, planned
from tests.property.strategies import (
    Case,
    cases,
    undecided,
)

# Counts, order, digest.


@many
@given(cases)
def test_everybody_who_was_read_is_counted_once(case: Case) -> None:
    """The counts add up, and nobody has two lines besides those about contacts of leavers."""
    plan = planned(case)
    counted = planned_counts(plan)
    assert counted.add_up
    assert counted.users_read == len(case.snapshot.users)
    assert counted.in_scope == plan.in_scope == len(in_scope(case))
    assert counted.in_scope == counted.users_read - counted.skipped
    assert sum(skipped_by_reason(plan).values()) == counted.skipped
    lines = Counter(line.object_id for line in plan.changes if line.kind not in LEAVERS)
    assert not lines or max(lines.values()) == 1
    assert lines.keys() <= case.snapshot.users.keys()


@many
@given(cases, st.randoms(use_true_random=False))
def test_order_does_not_matter(case: Case, chance: random.Random) -> None:
    """The same people, contacts and decisions in any order give the same plan and the same digest."""
    people, contacts = list(case.snapshot.users.items()), list(case.contacts)
    decisions, departed = list(case.decisions.items()), list(case.snapshot.departed.items())
    for part in (people, contacts, decisions, departed):
        chance.shuffle(part)
    snapshot = msgspec.structs.replace(case.snapshot, users=dict(people), departed=dict(departed))
    plan = planned(case)
    again = make_plan(snapshot, contacts, case.configuration, dict(decisions))
    assert again == plan
    assert again.digest() == plan.digest()


@many
@given(cases, cases)
def test_the_digest_is_equal_for_equal_writes_and_for_no_others(one: Case, other: Case) -> None:
    """Also where two plans differ in what they do not write."""
    first, second = planned(one), planned(other)
    assert (first.digest() == second.digest()) == (first.writes() == second.writes())


@many
@given(cases)
def test_a_plan_is_made_of_its_inputs_alone(case: Case) -> None:
    """Made again it is the same, and nothing that it was made of has changed."""
    before = msgspec.json.encode([list(case.contacts), case.snapshot.users, case.decisions])
    assert planned(case) == planned(case)
    assert msgspec.json.encode([list(case.contacts), case.snapshot.users, case.decisions]) == before


# Writes.


@settings(max_examples=200)
@given(cases)
def test_one_run_is_enough(case: Case) -> None:
    """A second run on a quiet directory writes nothing at all."""
    assert planned(case, after(case)).writes() == ()


@many
@given(cases)
def test_after_a_run_every_contact_shows_what_was_written(case: Case) -> None:
    """Whatever kind of write it was."""
    contacts = after(case)
    for line in planned(case).writes():
        if line.contact_id is not None:
            found = [contact for contact in contacts if contact.id == line.contact_id]
        else:
            found = [contact for contact in contacts if contact.id.startswith(f"created-{line.object_id}-")]
        assert [shows(contact, line) for contact in found] == [True]


@many
@given(cases)
def test_no_contact_is_in_two_writes(case: Case) -> None:
    """Whatever the order of the writes, the end is the same."""
    written = Counter(line.contact_id for line in planned(case).writes() if line.contact_id is not None)
    assert not written or max(written.values()) == 1


@many
@given(cases)
def test_no_two_users_get_one_contact(case: Case) -> None:
    """What is written for one user is never the contact of another one who is in the directory."""
    owners = {contact.id: contact.object_id for contact in case.contacts}
    if case.configuration.matching is Matching.EMAIL:
        return  # links lead nowhere there, and no contact is in two writes
    for line in planned(case).writes():
        owner = owners.get(line.contact_id or "")
        assert owner in (None, line.object_id) or owner not in case.snapshot.users


@many
@given(undecided)
def test_no_address_gets_a_second_contact(case: Case) -> None:
    """Two contacts have one address after a run only if two had it before."""
    before = addresses(case.contacts)
    assert {
        email for email, number in addresses(after(case)).items() if number > max(before[email], 1)
    } == set()


@many
@given(cases)
def test_an_address_gets_a_second_contact_only_where_a_technician_wants_one(case: Case) -> None:
    """Somebody was to have a contact of their own with that address."""
    wanted, before = in_scope(case), addresses(case.contacts)
    own = {normalized_email(wanted[key].email) for key in decided(case, ReviewAction.CREATE) if key in wanted}
    doubled = {email for email, number in addresses(after(case)).items() if number > max(before[email], 1)}
    assert doubled <= own


@settings(max_examples=200)
@given(cases)
def test_contacts_that_are_not_ours_never_change(case: Case) -> None:
    """Only a linked contact, and one that is adopted by address, alias or decision, is written."""
    by_id = {contact.id: contact for contact in case.contacts}
    wanted, gifts = in_scope(case), decided(case, ReviewAction.LINK)
    for line in planned(case).writes():
        if line.kind is ChangeKind.DEACTIVATE:
            assert by_id[line.contact_id or ""].object_id == line.object_id
            continue
        assert line.object_id in wanted
        if line.contact_id is None:
            assert line.kind is ChangeKind.CREATE
            continue
        contact = by_id[line.contact_id]
        address = normalized_email(contact.fields.email)
        own_address = address == normalized_email(wanted[line.object_id].email)
        if case.configuration.matching is Matching.EMAIL:
            assert own_address
            continue
        given_away = (
            line.object_id in gifts
            and gifts[line.object_id].contact_id == contact.id
            and contact.object_id not in case.snapshot.users
        )
        aliases = map(normalized_email, case.snapshot.users[line.object_id].aliases)
        adopted = contact.object_id is None and (own_address or address in aliases)
        linked = contact.object_id == line.object_id
        assert linked or adopted or given_away
        assert (line.kind is ChangeKind.LINK) <= (not linked)


@many
@given(cases)
def test_contacts_that_no_line_writes_stay_as_they_are(case: Case) -> None:
    """And none disappears."""
    written = {line.contact_id for line in planned(case).writes()}
    left = {contact.id: contact for contact in after(case)}
    for contact in case.contacts:
        if contact.id not in written:
            assert left[contact.id] == contact
    assert left.keys() >= {contact.id for contact in case.contacts}


@many
@given(cases)
def test_nobody_out_of_scope_is_written_but_as_a_leaver(case: Case) -> None:
    """Somebody who gets no contact and has no linked one is never touched."""
    wanted = in_scope(case)
    links = {contact.object_id for contact in case.contacts}
    for line in planned(case).writes():
        if line.object_id not in wanted:
            assert line.kind is ChangeKind.DEACTIVATE
            assert line.object_id in links


@many
@given(cases)
def test_a_conflict_writes_nothing(case: Case) -> None:
    """Neither for the user nor to the contact in question, unless that is a leaver's."""
    plan = planned(case)
    conflicts = [line for line in plan.changes if line.kind is ChangeKind.CONFLICT]
    touched = {line.object_id for line in plan.writes()}
    kept_in_step = {line.contact_id for line in plan.writes() if line.kind is not ChangeKind.DEACTIVATE}
    for line in conflicts:
        assert line.object_id not in touched
        assert line.contact_id is None or line.contact_id not in kept_in_step
        assert line.reason in set(ConflictReason)
        assert (line.fields, line.changed) == (None, ())


# By email alone.


@many
@given(cases)
def test_by_email_alone_links_are_neither_read_nor_written(case: Case) -> None:
    """Whatever contacts are linked to, the plan is the same, and what they are linked to stays."""
    configuration = replace(case.configuration, leavers=LeaverPolicy.KEEP, matching=Matching.EMAIL)
    case = msgspec.structs.replace(case, configuration=configuration)
    plan = planned(case)
    assert not any(line.linked for line in plan.writes())
    assert {line.kind for line in plan.writes()} <= {
        ChangeKind.CREATE,
        ChangeKind.UPDATE,
        ChangeKind.MOVE_SITE,
    }
    unlinked = [msgspec.structs.replace(contact, object_id=None) for contact in case.contacts]
    assert planned(case, unlinked).changes == plan.changes
    links = {contact.id: contact.object_id for contact in case.contacts}
    assert all(links.get(contact.id) == contact.object_id for contact in after(case))
