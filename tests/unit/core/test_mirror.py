"""How pages of a read change the mirror, and when somebody who is not there counts as gone."""

from collections.abc import Mapping

import msgspec
import pytest

from shared.core.mirror import EMPTY, Snapshot, UserPage, folded, replaced, supplemented
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.supplement import Supplement

SOFT, HARD, ABSENT = RemovalReason.SOFT_DELETED, RemovalReason.HARD_DELETED, RemovalReason.ABSENT
ADA, BOB = DirectoryUser("ada", display_name="Ada"), DirectoryUser("bob", display_name="Bob")
ADA2 = DirectoryUser("ada", display_name="Ada the second")


def mirror(*users: DirectoryUser, missing: tuple[str, ...] = (), full_reads: int = 2) -> Snapshot:
    """What was read so far."""
    return Snapshot(
        {user.id: user for user in users},
        {},
        None,
        changed=False,
        missing=frozenset(missing),
        full_reads=full_reads,
    )


BEFORE = mirror(ADA, BOB)


def full(before: Snapshot, *users: DirectoryUser) -> Snapshot:
    """A full read that lists these users, in one page."""
    return replaced(before, [UserPage(users)])


def delta(
    before: Snapshot, *users: DirectoryUser, removed: Mapping[str, RemovalReason] | None = None
) -> Snapshot:
    """A delta that speaks of these, in one page."""
    return folded(before, [UserPage(users, tuple((removed or {}).items()))])


# Deltas.


def test_a_quiet_delta_changes_nothing() -> None:
    """Also where it has pages, as long as they are empty."""
    snapshot = folded(BEFORE, [UserPage(), UserPage()])
    assert snapshot.users == BEFORE.users
    assert not snapshot.changed
    assert (snapshot.departed, snapshot.touched) == ({}, frozenset())


def test_the_mirror_that_was_loaded_is_left_alone() -> None:
    """Reading makes a new one."""
    before = mirror(ADA, BOB, missing=("cyd",))
    folded(before, [UserPage((ADA2,), (("bob", SOFT), ("cyd", HARD)))])
    replaced(before, [UserPage((ADA2,))])
    assert before == mirror(ADA, BOB, missing=("cyd",))


def test_a_replayed_person_changes_nothing_but_was_touched() -> None:
    """Graph may tell again what it told before."""
    snapshot = folded(BEFORE, [UserPage((ADA,)), UserPage((ADA,))])
    assert snapshot.users == BEFORE.users
    assert not snapshot.changed
    assert snapshot.touched == frozenset({"ada"})


def test_the_last_state_wins() -> None:
    """In whatever pages the states come."""
    snapshot = folded(BEFORE, [UserPage((ADA2,)), UserPage((ADA,)), UserPage((ADA2,))])
    assert snapshot.users["ada"] == ADA2
    assert snapshot.changed


def test_the_reason_of_leaving_is_kept() -> None:
    """Soft deleted, then purged: the last reason counts."""
    assert delta(BEFORE, removed={"ada": SOFT}).departed == {"ada": SOFT}
    snapshot = folded(BEFORE, [UserPage(removed=(("ada", SOFT),)), UserPage(removed=(("ada", HARD),))])
    assert snapshot.departed == {"ada": HARD}
    assert snapshot.users == {"bob": BOB}
    assert snapshot.changed


def test_a_replayed_removal_is_one_removal() -> None:
    """In one page or in several."""
    once, twice = UserPage(removed=(("ada", SOFT),)), UserPage(removed=(("ada", SOFT), ("ada", SOFT)))
    assert folded(BEFORE, [once, once]) == folded(BEFORE, [twice]) == folded(BEFORE, [once])


def test_somebody_who_returns_in_the_same_delta_did_not_leave() -> None:
    """Removed, then restored."""
    snapshot = folded(BEFORE, [UserPage(removed=(("ada", SOFT),)), UserPage((ADA,))])
    assert snapshot.users == BEFORE.users
    assert snapshot.departed == {}
    assert not snapshot.changed


def test_somebody_restored_and_removed_again_was_gone_before() -> None:
    """A former run said so already; it is not said twice."""
    snapshot = folded(mirror(BOB), [UserPage((ADA,)), UserPage(removed=(("ada", SOFT),))])
    assert snapshot.departed == {}
    assert not snapshot.changed
    assert snapshot.touched == frozenset({"ada"})


def test_removing_somebody_unknown_changes_nothing() -> None:
    """A purge of somebody who left long ago is told too."""
    snapshot = delta(BEFORE, removed={"long gone": HARD})
    assert (snapshot.departed, snapshot.changed) == ({}, False)


def test_a_delta_makes_no_full_read_of_what_went_before() -> None:
    """However many deltas follow, one full read stays one."""
    snapshot = mirror(ADA, full_reads=1)
    for _ in range(3):
        snapshot = delta(snapshot, ADA2)
    assert snapshot.full_reads == 1


# Full reads.


def test_a_full_read_replaces_everything() -> None:
    """Duplicates are one person, and the last one counts."""
    new = DirectoryUser("cyd")
    snapshot = replaced(BEFORE, [UserPage((ADA,)), UserPage(), UserPage((new, ADA2))])
    assert snapshot.users == {"ada": ADA2, "cyd": new}
    assert snapshot.touched is None
    assert snapshot.changed


def test_a_full_read_of_an_unchanged_tenant_changes_nothing() -> None:
    """Whatever order it comes in."""
    assert not full(BEFORE, BOB, ADA).changed


def test_the_first_full_read_is_one_and_the_second_is_enough() -> None:
    """More are not counted, so that the mirror is not written for the number alone."""
    reads = [EMPTY]
    for _ in range(4):
        reads.append(full(reads[-1], ADA))
    assert [snapshot.full_reads for snapshot in reads] == [0, 1, 2, 2, 2]
    assert [snapshot.changed for snapshot in reads[1:]] == [True, True, False, False]


# Absence.


def test_somebody_who_is_absent_once_is_missing_and_not_gone() -> None:
    """One absence is noise."""
    once = full(BEFORE, ADA)
    assert (once.departed, once.missing) == ({}, frozenset({"bob"}))
    assert once.departure("bob") is None
    assert once.changed


def test_somebody_who_is_absent_twice_is_gone() -> None:
    """And stays gone, without being said again."""
    twice = full(full(BEFORE, ADA), ADA)
    assert (twice.departed, twice.missing) == ({"bob": ABSENT}, frozenset())
    assert twice.departure("bob") is ABSENT
    assert twice.changed
    later = full(twice, ADA)
    assert (later.departed, later.missing, later.changed) == ({}, frozenset(), False)
    assert later.departure("bob") is ABSENT


def test_somebody_who_comes_back_in_between_starts_again() -> None:
    """Absent, there, absent: that is once."""
    for between in (full(full(BEFORE, ADA), ADA, BOB), delta(full(BEFORE, ADA), BOB)):
        assert between.missing == frozenset()
        again = full(between, ADA)
        assert again.departure("bob") is None
        assert again.missing == frozenset({"bob"})


def test_a_delta_between_two_absences_does_not_forget_the_first() -> None:
    """It says nothing of whoever is missing."""
    quiet = delta(full(BEFORE, ADA), ADA2)
    assert quiet.missing == frozenset({"bob"})
    assert quiet.departure("bob") is None
    assert full(quiet, ADA2).departed == {"bob": ABSENT}


@pytest.mark.parametrize("reason", [SOFT, HARD])
def test_a_removal_makes_an_absence_certain_at_once(reason: RemovalReason) -> None:
    """With the reason that Graph gives, before and after the mirror knew of an absence."""
    told = delta(full(BEFORE, ADA), removed={"bob": reason})
    assert (told.departed, told.missing) == ({"bob": reason}, frozenset())
    assert told.departure("bob") is reason
    assert told.changed
    assert delta(mirror(ADA, BOB, full_reads=1), removed={"bob": reason}).departure("bob") is reason


def test_somebody_missing_who_is_removed_and_restored_is_there() -> None:
    """In one delta."""
    before = full(BEFORE, ADA)
    snapshot = folded(before, [UserPage(removed=(("bob", SOFT),)), UserPage((BOB,))])
    assert snapshot.users == BEFORE.users
    assert (snapshot.departed, snapshot.missing) == ({}, frozenset())


def test_after_one_full_read_nobody_is_known_to_be_gone() -> None:
    """Whoever is linked from before a reconnect gets a second read too."""
    first = full(EMPTY, ADA)
    assert first.departure("bob") is None
    assert first.missing == frozenset()
    assert full(first, ADA).departure("bob") is ABSENT


def test_after_two_full_reads_whoever_is_in_neither_is_gone() -> None:
    """Also somebody whom no mirror ever knew."""
    assert BEFORE.departure("nobody") is ABSENT


# What else was read.


def test_a_supplement_changes_the_mirror_only_where_it_differs() -> None:
    """A mirror that has to be written anyway still has to be."""
    members = Supplement(group_members=frozenset({"ada"}))
    assert supplemented(BEFORE, members) == msgspec.structs.replace(BEFORE, supplement=members, changed=True)
    assert not supplemented(BEFORE, Supplement()).changed
    assert supplemented(full(BEFORE, ADA), Supplement()).changed


def test_what_else_was_read_before_stays_until_it_is_read_again() -> None:
    """A read of the users says nothing about it."""
    members = Supplement(group_members=frozenset({"ada"}))
    before = supplemented(BEFORE, members)
    assert delta(before, ADA2).supplement == full(before, ADA).supplement == members


def test_whoever_joined_or_left_the_groups_counts_as_touched() -> None:
    """By a delta that does not speak of them; a full read touches everybody anyway."""
    before = supplemented(BEFORE, Supplement(group_members=frozenset({"ada", "bob"})))
    now = Supplement(group_members=frozenset({"bob", "cyd"}))
    assert supplemented(delta(before, DirectoryUser("dan")), now).touched == frozenset({"ada", "cyd", "dan"})
    assert supplemented(full(before, ADA, BOB), now).touched is None
    assert supplemented(delta(BEFORE), now).touched == frozenset({"bob", "cyd"})
    assert supplemented(delta(before), Supplement()).touched == frozenset({"ada", "bob"})
