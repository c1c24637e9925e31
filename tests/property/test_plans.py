"""What is true of every plan, whatever the directory and the contacts look like."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core import mapping, scope
from shared.core.changes import WRITES, Change, ChangeKind
from shared.core.configuration import BlankPolicy, Configuration
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser, RemovalReason, UserType
from shared.core.planning import Plan, make_plan
from shared.core.run import counts
from shared.core.text import normalized_email
from tests.property.strategies import configurations, contact_lists, departures, directories

Departed = dict[str, RemovalReason]
many = settings(max_examples=80)


def applied(planned: Plan, contacts: Iterable[Contact]) -> list[Contact]:
    """The contacts after the plan's writes."""
    after = {contact.id: contact for contact in contacts}
    for line in planned.writes():
        contact_id = line.contact_id or f"created-{line.object_id}"
        assert line.fields is not None
        assert (line.kind is ChangeKind.CREATE) == (contact_id not in after)
        after[contact_id] = Contact(contact_id, line.fields, line.object_id)
    return list(after.values())


def addresses(contacts: Iterable[Contact]) -> Counter[str]:
    """How many contacts have each address."""
    return Counter(normalized_email(contact.fields.email) for contact in contacts if contact.fields.email)


@many
@given(directories, departures, contact_lists(), configurations)
def test_everybody_who_was_read_is_counted_once(
    users: list[DirectoryUser], departed: Departed, contacts: list[Contact], configuration: Configuration
) -> None:
    """The counts add up, and nobody has two lines besides those that keep."""
    planned = make_plan(users, departed, contacts, configuration)
    kinds = planned.counts()
    done = {kind: kinds[kind] for kind in WRITES}
    counted = counts(planned, kinds, done, earlier=0)
    assert counted.add_up
    assert counted.users_read == len(users)
    lines = Counter(line.object_id for line in planned.changes if line.kind is not ChangeKind.KEEP)
    assert not lines or max(lines.values()) == 1
    assert lines.keys() <= {user.id for user in users}


@many
@given(directories, contact_lists(), configurations)
def test_one_run_is_enough(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """A second run on a quiet directory writes nothing at all."""
    first = make_plan(users, {}, contacts, configuration)
    second = make_plan(users, {}, applied(first, contacts), configuration)
    assert second.writes() == ()


@many
@given(directories, departures, contact_lists(), configurations, st.randoms(use_true_random=False))
def test_order_does_not_matter(
    users: list[DirectoryUser],
    departed: Departed,
    contacts: list[Contact],
    configuration: Configuration,
    chance: object,
) -> None:
    """The same people and contacts in any order give the same plan."""
    planned = make_plan(users, departed, contacts, configuration)
    shuffled_users, shuffled_contacts, shuffled_departed = list(users), list(contacts), list(departed.items())
    for part in (shuffled_users, shuffled_contacts, shuffled_departed):
        chance.shuffle(part)  # type: ignore[attr-defined]
    again = make_plan(shuffled_users, dict(shuffled_departed), shuffled_contacts, configuration)
    assert again == planned


@many
@given(directories, contact_lists(), configurations)
def test_no_contact_is_written_twice(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """Whatever the order of the writes, the end is the same."""
    planned = make_plan(users, {}, contacts, configuration)
    written = Counter(line.contact_id for line in planned.writes() if line.contact_id is not None)
    assert not written or max(written.values()) == 1


@many
@given(directories, contact_lists(), configurations)
def test_no_address_gets_a_second_contact(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """Two contacts have one address after a run only if two had it before."""
    before = addresses(contacts)
    after = addresses(applied(make_plan(users, {}, contacts, configuration), contacts))
    assert {email for email, number in after.items() if number > max(before[email], 1)} == set()


@many
@given(directories, contact_lists(), configurations)
def test_contacts_that_are_not_ours_never_change(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """Only the linked contact of somebody in scope, and one that is adopted, is written."""
    planned = make_plan(users, {}, contacts, configuration)
    by_id = {contact.id: contact for contact in contacts}
    known = {user.id for user in users}
    in_scope = {user.id for user in users if scope.left_out(user, configuration) is None}
    for line in planned.writes():
        assert line.object_id in in_scope
        if line.contact_id is None:
            continue
        owner = by_id[line.contact_id].object_id
        if line.kind is ChangeKind.UPDATE:
            assert owner == line.object_id
        else:
            assert line.kind is ChangeKind.LINK
            assert owner not in known
            assert addresses([by_id[line.contact_id]]).keys() == _addresses_of(line)


def _addresses_of(line: Change) -> set[str]:
    assert line.fields is not None
    return {normalized_email(line.fields.email)}


@many
@given(directories, contact_lists(), configurations)
def test_everybody_in_scope_is_in_step_or_a_conflict(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """Nobody is forgotten: one linked contact with the directory's values, or a reason why not."""
    planned = make_plan(users, {}, contacts, configuration)
    after = applied(planned, contacts)
    lines = {line.object_id: line for line in planned.changes}
    for user in users:
        wanted = mapping.contact_fields(user)
        line = lines.get(user.id)
        left_out = scope.left_out(user, configuration) is not None or not wanted.email
        assert left_out == (line is not None and line.kind is ChangeKind.SKIP)
        if left_out or (line is not None and line.kind is ChangeKind.CONFLICT):
            assert line is not None
            assert line.reason
            continue
        found = min((contact for contact in after if contact.object_id == user.id), key=lambda c: c.id)
        assert mapping.merged(found.fields, wanted, configuration) == found.fields


@many
@given(directories, contact_lists(), configurations)
def test_a_conflict_is_never_without_cause(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """Somebody with an address that no other user and no contact has always gets in step."""
    planned = make_plan(users, {}, contacts, configuration)
    wanted = Counter(normalized_email(mapping.email_of(user)) for user in users)
    held = addresses(contacts)
    for line in planned.changes:
        if line.kind is ChangeKind.CONFLICT:
            user = next(user for user in users if user.id == line.object_id)
            email = normalized_email(mapping.email_of(user))
            assert wanted[email] > 1 or held[email] > 0


@many
@given(directories, contact_lists(), configurations)
def test_a_blank_never_deletes_what_the_policy_keeps(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration
) -> None:
    """With `keep`, no field goes from something to nothing."""
    keeping = msgspec.structs.replace(configuration, blank_in_directory=BlankPolicy.KEEP)
    planned = make_plan(users, {}, contacts, keeping)
    assert [change for line in planned.changes for change in line.modified if not change.new] == []


@many
@given(directories, departures, contact_lists(), configurations)
def test_leaving_never_writes(
    users: list[DirectoryUser], departed: Departed, contacts: list[Contact], configuration: Configuration
) -> None:
    """Who left makes no difference to what is written for those who are there."""
    with_leavers = make_plan(users, departed, contacts, configuration)
    without = make_plan(users, {}, contacts, configuration)
    assert with_leavers.writes() == without.writes()
    kept = [line for line in with_leavers.changes if line.kind is ChangeKind.KEEP]
    linked = {contact.object_id for contact in contacts} - {user.id for user in users}
    assert {line.object_id for line in kept} == departed.keys() & linked


@given(directories, contact_lists(), st.sampled_from(BlankPolicy))
def test_a_wider_scope_leaves_out_nobody_more(
    users: list[DirectoryUser], contacts: list[Contact], blank: BlankPolicy
) -> None:
    """Everybody in a narrow scope is in every wider one."""

    def skipped(configuration: Configuration) -> set[str]:
        planned = make_plan(users, {}, contacts, configuration)
        return {line.object_id for line in planned.changes if line.kind is ChangeKind.SKIP}

    kinds = [frozenset[UserType](), frozenset({UserType.MEMBER}), frozenset(UserType)]
    for narrow, wide in pairwise(kinds):
        for enabled_only in (True, False):
            small = Configuration(user_types=narrow, enabled_only=enabled_only, blank_in_directory=blank)
            large = Configuration(user_types=wide, enabled_only=enabled_only, blank_in_directory=blank)
            assert skipped(large) <= skipped(small)
            assert skipped(msgspec.structs.replace(small, enabled_only=False)) <= skipped(small)


@given(contact_lists(), contact_lists(), st.sampled_from(BlankPolicy))
def test_merging_again_changes_nothing(one: list[Contact], other: list[Contact], blank: BlankPolicy) -> None:
    """The contact after the sync is a fixed point, made of nothing but the two sides."""
    configuration = Configuration(blank_in_directory=blank)
    for current in (contact.fields for contact in one):
        for wanted in (contact.fields for contact in other):
            after = mapping.merged(current, wanted, configuration)
            assert mapping.merged(after, wanted, configuration) == after
            for name in CONTACT_FIELDS:
                assert getattr(after, name) in (getattr(current, name), getattr(wanted, name))
                if getattr(wanted, name):
                    assert getattr(after, name) == getattr(wanted, name)


def test_an_empty_directory_and_no_contacts_is_an_empty_plan() -> None:
    """The smallest case of all."""
    assert make_plan([], {}, [], Configuration()) == Plan(0, 0, ())
    assert applied(Plan(0, 0, ()), []) == []
    assert addresses([Contact("1", ContactFields())]) == Counter()
