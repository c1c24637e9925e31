"""Leavers, values, causes and limits: what every plan says and does about them."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.changes import Change, ChangeKind
from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    GroupMode,
    Groups,
    LeaverPolicy,
    Matching,
    Scope,
    SharedMailboxes,
)
from shared.core.guard import GuardRule, tripped
from shared.core.mapping import Mapper, email_of
from shared.core.mirror import EMPTY, Snapshot
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser, UserType
from shared.core.planning import Plan, make_plan
from shared.core.run import Counts, planned_counts
from shared.core.scope import Filter, SkipReason
from shared.core.supplement import Supplement
from shared.core.text import normalized_email
from tests.property.plan_cases import LEAVERS, addresses, after, in_scope, many, planned
from tests.property.strategies import (
    OBJECT_IDS,
    Case,
    cases,
    configurations,
    contact_lists,
    supplements,
    users,
)
from tests.unit.core.builders import EVERYBODY, applied

# Leavers.


@many
@given(cases)
def test_nobody_is_deactivated_who_is_to_be_kept(case: Case) -> None:
    """Not with the policy `keep`, not a contact that stays active, not twice, not without a link."""
    kept = msgspec.structs.replace(case, configuration=replace(case.configuration, leavers=LeaverPolicy.KEEP))
    assert planned(kept).counts()[ChangeKind.DEACTIVATE] == 0
    by_id = {contact.id: contact for contact in case.contacts}
    for line in planned(case).changes:
        if line.kind is ChangeKind.DEACTIVATE:
            contact = by_id[line.contact_id or ""]
            assert contact.active
            assert not contact.keep_active
            assert contact.object_id == line.object_id
            assert case.configuration.leavers is LeaverPolicy.DEACTIVATE


@many
@given(cases)
def test_nobody_is_deactivated_for_an_absence_that_is_not_certain(case: Case) -> None:
    """A leaver is in the directory and out of scope, or certainly gone, with that very reason."""
    wanted = in_scope(case)
    for line in planned(case).changes:
        if line.kind is not ChangeKind.DEACTIVATE:
            continue
        cause = (line.reason or "").removeprefix("lifecycle.")
        if line.object_id in case.snapshot.users:
            assert line.object_id not in wanted
            assert cause in case.configuration.leaver_causes
        else:
            assert case.snapshot.departure(line.object_id) == cause
            assert "deleted" in case.configuration.leaver_causes


@many
@given(cases)
def test_an_absence_that_is_not_certain_asks_for_another_read(case: Case) -> None:
    """Wherever a contact would be deactivated, were it certain."""
    certain = msgspec.structs.replace(case.snapshot, missing=frozenset(), full_reads=2)
    now, then = planned(case), planned(msgspec.structs.replace(case, snapshot=certain))
    more = then.counts()[ChangeKind.DEACTIVATE] - now.counts()[ChangeKind.DEACTIVATE]
    spared = sum(line.reason == "lifecycle.keep_active" for line in then.changes) - sum(
        line.reason == "lifecycle.keep_active" for line in now.changes
    )
    assert now.unsure == more + spared
    assert then.unsure == 0


@many
@given(cases)
def test_leaving_makes_no_difference_to_those_who_are_there(case: Case) -> None:
    """What is written for users does not depend on who left or is missing."""
    everybody_else = msgspec.structs.replace(
        case.snapshot, departed={}, missing=frozenset(), full_reads=2, touched=None
    )
    quiet = planned(msgspec.structs.replace(case, snapshot=everybody_else))
    for line in (*planned(case).changes, *quiet.changes):
        if line.kind not in LEAVERS:
            assert line in planned(case).changes
            assert line in quiet.changes


@many
@given(cases)
def test_only_what_a_run_deactivated_is_reactivated(case: Case) -> None:
    """And only for somebody who is in scope."""
    by_id = {contact.id: contact for contact in case.contacts}
    for line in planned(case).changes:
        if line.kind is ChangeKind.REACTIVATE:
            contact = by_id[line.contact_id or ""]
            assert contact.deactivated_by_sync
            assert not contact.active
            assert line.object_id in in_scope(case)


# Values.


@settings(max_examples=200)
@given(cases)
def test_everybody_in_scope_is_in_step_or_a_conflict(case: Case) -> None:
    """Nobody is forgotten: a contact with the directory's values, or a reason why not."""
    mapper = Mapper(case.configuration, case.snapshot.supplement)
    wanted, contacts = in_scope(case), after(case)
    lines = {line.object_id: line for line in planned(case).changes if line.kind not in LEAVERS}
    for object_id in case.snapshot.users:
        line = lines.get(object_id)
        assert (object_id not in wanted) == (line is not None and line.kind is ChangeKind.SKIP)
        if line is not None and line.kind in {ChangeKind.SKIP, ChangeKind.CONFLICT}:
            assert line.reason
            continue
        found = min(_contacts_of(case, object_id, contacts), key=lambda contact: contact.id)
        assert mapper.merged(found.fields, wanted[object_id], found.pins) == found.fields


def _contacts_of(case: Case, object_id: str, contacts: list[Contact]) -> list[Contact]:
    if case.configuration.matching is Matching.IDENTITY:
        return [contact for contact in contacts if contact.object_id == object_id]
    email = normalized_email(in_scope(case)[object_id].email)
    return [contact for contact in contacts if normalized_email(contact.fields.email) == email]


@many
@given(cases)
def test_a_run_changes_no_field_but_those_it_fills_and_no_pinned_one(case: Case) -> None:
    """Whatever is changed is told, with the value that was there and the one that is."""
    governed = Mapper(case.configuration, case.snapshot.supplement).governed
    by_id = {contact.id: contact for contact in case.contacts}
    for line in planned(case).writes():
        if line.contact_id is None or line.fields is None:
            continue
        contact = by_id[line.contact_id]
        differing = {
            name for name in CONTACT_FIELDS if getattr(contact.fields, name) != getattr(line.fields, name)
        }
        assert differing == {change.field for change in line.changed}
        assert differing <= governed - contact.pins
        for change in line.changed:
            assert change.old == getattr(contact.fields, change.field)
            assert change.new == getattr(line.fields, change.field)


@many
@given(cases)
def test_a_blank_never_deletes_what_the_policy_keeps(case: Case) -> None:
    """With `keep`, no field of the directory goes from something to nothing."""
    configuration = replace(case.configuration, blank_in_directory=BlankPolicy.KEEP)
    plan = planned(msgspec.structs.replace(case, configuration=configuration))
    kept = {"email", *configuration.fields}
    blanked = [change for line in plan.writes() for change in line.changed if not change.new]
    assert {change.field for change in blanked}.isdisjoint(kept)


@many
@given(cases)
def test_the_guard_lets_nothing_pass_but_what_is_within_its_limits(case: Case) -> None:
    """An empty directory never passes, and a first run is not held for what it creates."""
    plan = planned(case)
    first = [item.rule for item in tripped(plan, case.configuration.guard, None)]
    assert (GuardRule.EMPTY_DIRECTORY in first) == (not case.snapshot.users)
    assert not set(first) & {GuardRule.CREATIONS, GuardRule.SCOPE_DROP}
    for baseline in (0, plan.in_scope, 1_000):
        for item in tripped(plan, case.configuration.guard, baseline):
            assert item.actual > item.limit or item.rule is GuardRule.EMPTY_DIRECTORY


# Conflicts have causes, and a wider scope has no fewer people.


@many
@given(cases)
def test_a_conflict_is_never_without_cause(case: Case) -> None:
    """Somebody with addresses that no other user and no contact has always gets in step."""
    people = case.snapshot.users
    own = {
        key: normalized_email(email_of(user, case.configuration.email_source)) for key, user in people.items()
    }
    reached = {key: {own[key], *map(normalized_email, user.aliases)} for key, user in people.items()}
    held = addresses(case.contacts)
    for line in planned(case).changes:
        if line.kind is ChangeKind.CONFLICT:
            others = Counter(own[key] for key in people if key != line.object_id)
            assert any(others[email] > 0 or held[email] > 0 for email in reached[line.object_id])


@many
@given(st.lists(users(), max_size=6, unique_by=lambda user: user.id), supplements)
def test_a_wider_scope_leaves_out_nobody_more(people: list[DirectoryUser], supplement: Supplement) -> None:
    """Everybody in a narrow scope is in every wider one."""
    widening = [
        Scope(
            user_types=(UserType.MEMBER,),
            groups=Groups(GroupMode.ALL),
            departments=("Bern",),
            domains=("x.example",),
            licensed_only=True,
            shared_mailboxes=SharedMailboxes.LEAVE_OUT_LIKELY,
        )
    ]
    for wider in (
        {"user_types": tuple(UserType)},
        {"enabled_only": False},
        {"groups": Groups()},
        {"departments": ("Bern", "Basel")},
        {"departments": ()},
        {"domains": ("x.example", "bücher.example")},
        {"domains": ()},
        {"licensed_only": False},
        {"shared_mailboxes": SharedMailboxes.INCLUDE},
    ):
        widening.append(replace(widening[-1], **wider))
    assert widening[-1] == EVERYBODY

    def left_out(scope: Scope) -> set[str]:
        ask = Filter(Configuration(scope=scope), supplement).left_out
        return {user.id for user in people if ask(user) is not None}

    for narrow, wide in pairwise(widening):
        assert left_out(wide) <= left_out(narrow)
    assert left_out(widening[-1]) == set()


@many
@given(users(), configurations, supplements)
def test_the_reason_is_the_first_condition_that_is_not_met(
    user: DirectoryUser, configuration: Configuration, supplement: Supplement
) -> None:
    """And without a reason all conditions are met."""
    scope = Filter(configuration, supplement)
    unmet = [reason for reason, met in scope.clauses(user) if not met]
    assert scope.left_out(user) == (unmet[0] if unmet else None)
    assert len({reason for reason, _ in scope.clauses(user)}) == len(list(scope.clauses(user)))
    assert not set(unmet) & {SkipReason.NO_ADDRESS, SkipReason.NO_SITE, SkipReason.DISMISSED}


# Merging.


@many
@given(contact_lists(), contact_lists(), configurations, supplements)
def test_merging_again_changes_nothing(
    one: list[Contact], other: list[Contact], configuration: Configuration, supplement: Supplement
) -> None:
    """The contact after the sync is a fixed point, made of nothing but the two sides."""
    mapper = Mapper(configuration, supplement)
    for current, pins in ((contact.fields, contact.pins) for contact in one):
        for wanted in (contact.fields for contact in other):
            merged = mapper.merged(current, wanted, pins)
            assert mapper.merged(merged, wanted, pins) == merged
            for name in CONTACT_FIELDS:
                named = (wanted.email,) if name == "name" else ()
                assert getattr(merged, name) in (getattr(current, name), getattr(wanted, name), *named)
                if name in pins or name not in mapper.governed:
                    assert getattr(merged, name) == getattr(current, name)
                elif getattr(wanted, name):
                    assert getattr(merged, name) == getattr(wanted, name)


@many
@given(st.sampled_from(OBJECT_IDS), users(), configurations, supplements)
def test_what_nobody_reads_makes_no_difference_to_a_contact(
    other: str, user: DirectoryUser, configuration: Configuration, supplement: Supplement
) -> None:
    """The fields of a user do not depend on who else there is, nor, unenriched, on the object id."""
    plain = replace(configuration, enrichments=())
    fields = Mapper(plain, supplement).fields(user)
    assert Mapper(plain, supplement).fields(msgspec.structs.replace(user, id=other)) == fields
    assert {name for name in CONTACT_FIELDS if getattr(fields, name)} <= Mapper(plain, supplement).governed


# The smallest cases.


def test_an_empty_directory_and_no_contacts_is_an_empty_plan() -> None:
    """Nothing comes of nothing."""
    empty: Snapshot = msgspec.structs.replace(EMPTY, full_reads=2)
    assert make_plan(empty, [], Configuration()) == Plan(0, 0, ())
    assert planned_counts(Plan(0, 0, ())) == Counts()
    assert applied([], Plan(0, 0, ())) == []
    assert addresses([Contact("1", ContactFields())]) == Counter()


def test_a_line_says_of_itself_whether_it_writes() -> None:
    """Only lines that write are in the digest."""
    skip = Change(ChangeKind.SKIP, "ada")
    assert not skip.writes
    assert Plan(1, 0, (skip,)).digest() == Plan(0, 0, ()).digest()
