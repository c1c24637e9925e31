"""Who counts as a leaver, for which reason, and what becomes of their contacts."""

from collections.abc import Callable

import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import Configuration, LeaverCause, SiteAttribute, SiteRule, Sites
from shared.core.models import Contact, DirectoryUser, RemovalReason
from shared.core.planning import Plan
from tests.unit.core.builders import (
    BY_EMAIL,
    STANDARD,
    applied,
    contact,
    deactivating,
    lines,
    only,
    plan,
    user,
)

ADA = contact("c1", "ada@example.com", "ada")
KEPT = contact("c1", "ada@example.com", "ada", keep_active=True)
DELETED, DISABLED, OUT = LeaverCause.DELETED, LeaverCause.DISABLED, LeaverCause.OUT_OF_SCOPE

Leaves = Callable[[list[Contact], Configuration], Plan]


def removed(reason: RemovalReason) -> Leaves:
    """The plan after Graph said so, or after the second absence."""
    return lambda contacts, configuration: plan([], contacts, {"ada": reason}, configuration)


def turned_into(**properties: object) -> Leaves:
    """The plan after Ada's account was changed."""
    person = user("ada", None, **properties)
    return lambda contacts, configuration: plan([person], contacts, None, configuration)


WAYS = {
    "lifecycle.soft_deleted": (DELETED, removed(RemovalReason.SOFT_DELETED)),
    "lifecycle.hard_deleted": (DELETED, removed(RemovalReason.HARD_DELETED)),
    "lifecycle.absent": (DELETED, removed(RemovalReason.ABSENT)),
    "lifecycle.disabled": (DISABLED, turned_into(enabled=False)),
    "lifecycle.out_of_scope": (OUT, turned_into(user_type="Guest")),
}
each_way = pytest.mark.parametrize(("reason", "cause", "leaves"), [(key, *way) for key, way in WAYS.items()])


def leavers(planned: Plan) -> list[tuple[str, str | None, str | None]]:
    """Kind, contact and reason of the lines about contacts of leavers."""
    return [
        (line.kind.value, line.contact_id, line.reason)
        for line in planned.changes
        if line.kind in {ChangeKind.DEACTIVATE, ChangeKind.KEEP}
    ]


# Reasons, policies, causes.


@each_way
def test_every_way_to_leave_has_its_reason(reason: str, cause: LeaverCause, leaves: Leaves) -> None:
    """The contact is deactivated, and nothing else of it is written."""
    planned = leaves([ADA], deactivating())
    assert leavers(planned) == [("deactivate", "c1", reason)]
    (write,) = planned.writes()
    assert (write.fields, write.changed, write.name) == (None, (), "Name ada")
    (after,) = applied([ADA], planned)
    assert (after.fields, after.object_id) == (ADA.fields, "ada")
    assert (after.active, after.deactivated_by_sync) == (False, True)


@each_way
@pytest.mark.parametrize("causes", [(DELETED,), (DISABLED,), (OUT,), (DELETED, OUT), tuple(LeaverCause)])
def test_only_the_causes_of_the_configuration_deactivate(
    reason: str, cause: LeaverCause, leaves: Leaves, causes: tuple[LeaverCause, ...]
) -> None:
    """The others leave the contact as it is."""
    writes = leaves([ADA], deactivating(*causes)).writes()
    assert [write.kind for write in writes] == ([ChangeKind.DEACTIVATE] if cause in causes else [])


@each_way
def test_with_leavers_kept_nobody_is_deactivated(reason: str, cause: LeaverCause, leaves: Leaves) -> None:
    """A line says so of those who left the directory."""
    planned = leaves([ADA], STANDARD)
    assert planned.writes() == ()
    assert leavers(planned) == ([("keep", "c1", reason)] if cause is DELETED else [])


@each_way
def test_a_contact_to_be_kept_active_is_never_deactivated(
    reason: str, cause: LeaverCause, leaves: Leaves
) -> None:
    """The line says that it would have been."""
    planned = leaves([KEPT], deactivating())
    assert leavers(planned) == [("keep", "c1", "lifecycle.keep_active")]
    assert planned.writes() == ()


@each_way
def test_a_contact_without_a_link_is_nobodys_and_stays(
    reason: str, cause: LeaverCause, leaves: Leaves
) -> None:
    """Also where it has the address and the name of somebody who left."""
    assert leavers(leaves([contact("c1", "ada@example.com", name="Name ada")], deactivating())) == []


@each_way
def test_by_email_alone_nobody_is_a_leaver(reason: str, cause: LeaverCause, leaves: Leaves) -> None:
    """A link that a contact carries from before does not count."""
    assert leavers(leaves([ADA], BY_EMAIL)) == []


@each_way
@pytest.mark.parametrize("by_sync", [True, False])
def test_an_inactive_contact_is_not_deactivated_again(
    reason: str, cause: LeaverCause, leaves: Leaves, by_sync: bool
) -> None:
    """Whether a run did it or a person."""
    inactive = contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=by_sync)
    assert leaves([inactive], deactivating()).writes() == ()


@each_way
def test_the_run_after_a_deactivation_writes_nothing(reason: str, cause: LeaverCause, leaves: Leaves) -> None:
    """The contact is as the run would have it."""
    contacts = applied([ADA], leaves([ADA], deactivating()))
    assert leaves(contacts, deactivating()).writes() == ()


@each_way
def test_every_contact_of_a_leaver_is_deactivated(reason: str, cause: LeaverCause, leaves: Leaves) -> None:
    """In the order of their ids, whatever order they come in."""
    contacts = [contact("c2", "b@x", "ada"), contact("c1", "a@x", "ada")]
    for ordered in (contacts, contacts[::-1]):
        writes = leaves(ordered, deactivating()).writes()
        assert [write.contact_id for write in writes] == ["c1", "c2"]


# Out of scope.


@pytest.mark.parametrize(
    ("person", "policies"),
    [
        (user("ada", user_type="Guest"), {}),
        (user("ada", ""), {}),
        (user("ada", licences=()), {}),
        (
            user("ada", office_location="Bern"),
            {"sites": Sites((SiteRule(SiteAttribute.OFFICE, ("Paris",), "fr"),))},
        ),
    ],
    ids=["guest", "no address", "shared mailbox", "no site"],
)
def test_whoever_no_longer_gets_a_contact_has_left_the_scope(
    person: DirectoryUser, policies: dict[str, object]
) -> None:
    """Whatever the condition is that the person does not meet any more."""
    planned = plan([person], [ADA], None, deactivating(OUT, **policies))
    assert leavers(planned) == [("deactivate", "c1", "lifecycle.out_of_scope")]
    assert planned.counts()[ChangeKind.SKIP] == 1


def test_a_disabled_account_that_is_in_scope_is_no_leaver() -> None:
    """Where disabled accounts are wanted, being disabled is no way to leave."""
    wanted = deactivating(scope=type(STANDARD.scope)(enabled_only=False))
    assert plan([user("ada", enabled=False)], [ADA], None, wanted).changes == ()


def test_somebody_in_conflict_is_no_leaver() -> None:
    """Whoever is in scope and cannot be matched keeps the contact there is."""
    users = [user("ada", "team@x"), user("bob", "team@x")]
    planned = plan(users, [ADA], None, deactivating())
    assert planned.writes() == ()
    assert lines(planned)["ada"][:2] == ("conflict", "c1")


# Absence.


def test_somebody_absent_once_is_kept_and_counted_as_unsure() -> None:
    """One absence is noise; the next full read will tell."""
    planned = plan(
        [user("bob")], [ADA, contact("c2", "bob@example.com", "bob")], None, deactivating(), missing=["ada"]
    )
    assert leavers(planned) == [("keep", "c1", "lifecycle.absent_once")]
    assert (planned.writes(), planned.unsure) == ((), 1)


def test_somebody_absent_twice_has_left() -> None:
    """Nothing is unsure any more."""
    planned = plan([], [ADA], {"ada": RemovalReason.ABSENT}, deactivating())
    assert leavers(planned) == [("deactivate", "c1", "lifecycle.absent")]
    assert planned.unsure == 0


def test_after_a_single_full_read_nobody_is_known_to_be_absent() -> None:
    """A contact that was linked before a reconnect is not deactivated by the first read."""
    planned = plan([], [ADA], None, deactivating(), full_reads=1)
    assert leavers(planned) == [("keep", "c1", "lifecycle.absent_once")]
    assert planned.unsure == 1
    certain = plan([], [ADA], None, deactivating(), full_reads=2)
    assert leavers(certain) == [("deactivate", "c1", "lifecycle.absent")]


def test_a_removal_that_graph_tells_counts_at_once() -> None:
    """Also before the second full read."""
    planned = plan(
        [], [ADA], {"ada": RemovalReason.SOFT_DELETED}, deactivating(), full_reads=1, touched=["ada"]
    )
    assert leavers(planned) == [("deactivate", "c1", "lifecycle.soft_deleted")]


def test_an_absence_is_told_by_the_full_read_that_notices_it_and_by_no_delta() -> None:
    """Where nothing would come of it; otherwise as long as it is unsure."""
    assert leavers(plan([], [ADA], missing=["ada"])) == [("keep", "c1", "lifecycle.absent_once")]
    assert plan([], [ADA], missing=["ada"], touched=[]).changes == ()
    unsure = plan([], [ADA], None, deactivating(), missing=["ada"], touched=[])
    assert leavers(unsure) == [("keep", "c1", "lifecycle.absent_once")]


@pytest.mark.parametrize(
    ("one", "configuration"),
    [
        (ADA, STANDARD),
        (ADA, deactivating(DISABLED)),
        (contact("c1", "ada@example.com", "ada", active=False), deactivating()),
        (contact("c1", "ada@example.com"), deactivating()),
    ],
    ids=["kept", "other cause", "inactive", "not linked"],
)
def test_an_absence_that_changes_nothing_is_not_unsure(one: Contact, configuration: Configuration) -> None:
    """No second read is needed for it."""
    assert plan([], [one], None, configuration, missing=["ada"]).unsure == 0


def test_people_who_left_long_ago_are_not_spoken_of_again() -> None:
    """The run that noticed it said so; a later one speaks only of what it does."""
    assert plan([], [ADA]).changes == ()
    assert leavers(plan([], [ADA], None, deactivating())) == [("deactivate", "c1", "lifecycle.absent")]


def test_leavers_without_a_contact_have_no_line() -> None:
    """There is nothing to keep or to deactivate."""
    assert plan([], [], {"ada": RemovalReason.HARD_DELETED}, deactivating()).changes == ()


@pytest.mark.parametrize(
    ("name", "first_name", "last_name"), [("Ada", "", ""), ("", "Ada", ""), ("", "", "Ada")]
)
def test_a_leavers_line_has_the_name_on_the_contact(name: str, first_name: str, last_name: str) -> None:
    """The directory has none any more."""
    one = contact("c1", "ada@x", "ada", name=name, first_name=first_name, last_name=last_name)
    assert only(plan([], [one], {"ada": RemovalReason.ABSENT})).name == "Ada"


def test_a_leaver_without_a_name_is_shown_by_the_address() -> None:
    """Better than nothing."""
    one = contact("c1", "ada@x", "ada", name="")
    assert only(plan([], [one], {"ada": RemovalReason.ABSENT})).name == "ada@x"


# Coming back.


def test_whoever_returns_is_reactivated_and_in_step_again() -> None:
    """In one write, which undoes the mark of the run."""
    left = contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=True)
    person = user("ada", job_title="New")
    planned = plan([person], [left], None, deactivating())
    line = only(planned)
    assert (line.kind.value, [change.field for change in line.changed]) == ("reactivate", ["job_title"])
    (after,) = applied([left], planned)
    assert (after.active, after.deactivated_by_sync, after.fields.job_title) == (True, False, "New")
    assert plan([person], [after], None, deactivating()).changes == ()


def test_what_a_run_deactivated_comes_back_whatever_the_policy_is_now() -> None:
    """It was a run's doing."""
    left = contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=True)
    assert only(plan([user("ada")], [left], None, STANDARD)).kind is ChangeKind.REACTIVATE


def test_what_a_person_deactivated_stays_inactive() -> None:
    """It is kept in step all the same."""
    left = contact("c1", "ada@example.com", "ada", active=False)
    planned = plan([user("ada", job_title="New")], [left], None, deactivating())
    assert only(planned).kind is ChangeKind.UPDATE
    assert not applied([left], planned)[0].active


def test_what_a_person_activated_again_is_not_reactivated() -> None:
    """It is active already, whatever the mark says."""
    back = contact("c1", "ada@example.com", "ada", active=True, deactivated_by_sync=True)
    assert plan([user("ada")], [back], None, deactivating()).changes == ()


@pytest.mark.parametrize("person", [user("ada", enabled=False), user("ada", user_type="Guest")])
def test_whoever_returns_out_of_scope_is_not_reactivated(person: DirectoryUser) -> None:
    """Being in the directory is not enough."""
    left = contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=True)
    assert plan([person], [left], None, deactivating()).writes() == ()


def test_whoever_returns_into_a_conflict_is_not_reactivated() -> None:
    """Not before it is settled whose address it is."""
    left = contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=True)
    users = [user("ada", "team@x"), user("bob", "team@x")]
    assert plan(users, [left], None, deactivating()).writes() == ()


def test_by_email_alone_nobody_is_reactivated() -> None:
    """Without links nobody is deactivated either."""
    left = contact("c1", "ada@example.com", active=False, deactivated_by_sync=True, name="Name ada")
    assert plan([user("ada")], [left], None, BY_EMAIL).changes == ()
