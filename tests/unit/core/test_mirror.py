"""How pages of a read are folded into the mirror."""

from shared.core.mirror import UserPage, folded, replaced
from shared.core.models import DirectoryUser, RemovalReason

SOFT, HARD, ABSENT = RemovalReason.SOFT_DELETED, RemovalReason.HARD_DELETED, RemovalReason.ABSENT
ADA, BOB = DirectoryUser("ada", display_name="Ada"), DirectoryUser("bob", display_name="Bob")
ADA2 = DirectoryUser("ada", display_name="Ada the second")
BEFORE = {"ada": ADA, "bob": BOB}


def test_a_quiet_delta_changes_nothing() -> None:
    """Also where it has pages, as long as they are empty."""
    snapshot = folded(BEFORE, [UserPage(), UserPage()])
    assert snapshot.users == BEFORE
    assert not snapshot.changed
    assert (snapshot.departed, snapshot.touched) == ({}, frozenset())


def test_the_mirror_that_was_loaded_is_left_alone() -> None:
    """Folding makes a new one."""
    before = dict(BEFORE)
    folded(before, [UserPage((ADA2,), (("bob", SOFT),))])
    replaced(before, [UserPage((ADA2,))])
    assert before == BEFORE


def test_a_replayed_person_changes_nothing_but_was_touched() -> None:
    """Graph may tell again what it told before."""
    snapshot = folded(BEFORE, [UserPage((ADA,)), UserPage((ADA,))])
    assert snapshot.users == BEFORE
    assert not snapshot.changed
    assert snapshot.touched == frozenset({"ada"})


def test_the_last_state_wins() -> None:
    """In whatever pages the states come."""
    snapshot = folded(BEFORE, [UserPage((ADA2,)), UserPage((ADA,)), UserPage((ADA2,))])
    assert snapshot.users["ada"] == ADA2
    assert snapshot.changed


def test_the_reason_of_leaving_is_kept() -> None:
    """Soft deleted, then purged: the last reason counts."""
    assert folded(BEFORE, [UserPage(removed=(("ada", SOFT),))]).departed == {"ada": SOFT}
    pages = [UserPage(removed=(("ada", SOFT),)), UserPage(removed=(("ada", HARD),))]
    snapshot = folded(BEFORE, pages)
    assert snapshot.departed == {"ada": HARD}
    assert snapshot.users == {"bob": BOB}


def test_somebody_who_returns_in_the_same_delta_did_not_leave() -> None:
    """Removed, then restored."""
    snapshot = folded(BEFORE, [UserPage(removed=(("ada", SOFT),)), UserPage((ADA,))])
    assert snapshot.users == BEFORE
    assert snapshot.departed == {}
    assert not snapshot.changed


def test_somebody_restored_and_removed_again_was_gone_before() -> None:
    """A former run said so already; it is not said twice."""
    snapshot = folded({"bob": BOB}, [UserPage((ADA,)), UserPage(removed=(("ada", SOFT),))])
    assert snapshot.departed == {}
    assert not snapshot.changed
    assert snapshot.touched == frozenset({"ada"})


def test_removing_somebody_unknown_changes_nothing() -> None:
    """A purge of somebody who left long ago is told too."""
    snapshot = folded(BEFORE, [UserPage(removed=(("long gone", HARD),))])
    assert (snapshot.departed, snapshot.changed) == ({}, False)


def test_a_full_read_replaces_everything() -> None:
    """Who is not in it is gone; duplicates are one person."""
    new = DirectoryUser("cyd")
    snapshot = replaced(BEFORE, [UserPage((ADA,)), UserPage(), UserPage((new, ADA2))])
    assert snapshot.users == {"ada": ADA2, "cyd": new}
    assert snapshot.departed == {"bob": ABSENT}
    assert snapshot.touched is None
    assert snapshot.changed


def test_a_full_read_of_an_unchanged_tenant_changes_nothing() -> None:
    """Whatever order it comes in."""
    assert not replaced(BEFORE, [UserPage((BOB, ADA))]).changed
