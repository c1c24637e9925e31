"""The plan of a run: every kind of line, its reason, and that the counts add up."""

import pytest

from shared.core.changes import WRITES, ChangeKind, FieldChange, differences
from shared.core.configuration import BlankPolicy, Configuration
from shared.core.models import ContactFields, RemovalReason
from shared.core.run import counts, skipped_by_reason
from tests.unit.core.builders import contact, lines, only, plan, user


def test_a_create_holds_the_whole_contact() -> None:
    """And what it sets, field by field, in their order."""
    line = only(plan([user("ada", given_name="Ada")]))
    assert line.kind is ChangeKind.CREATE
    assert line.contact_id is None
    assert line.fields == ContactFields(name="Name ada", email="ada@example.com", first_name="Ada")
    assert line.modified == (
        FieldChange("name", "", "Name ada"),
        FieldChange("email", "", "ada@example.com"),
        FieldChange("first_name", "", "Ada"),
    )


def test_an_update_tells_old_and_new() -> None:
    """Only what differs is told; the contact after the write is whole."""
    line = only(
        plan([user("ada", job_title="New")], [contact("c1", "ada@example.com", "ada", job_title="Old")])
    )
    assert line.kind is ChangeKind.UPDATE
    assert line.modified == (FieldChange("job_title", "Old", "New"),)
    assert line.fields == ContactFields(name="Name ada", email="ada@example.com", job_title="New")


def test_a_link_writes_even_where_no_field_differs() -> None:
    """The link itself is what changes."""
    line = only(plan([user("ada")], [contact("c1", "ada@example.com", name="Name ada")]))
    assert (line.kind, line.modified, line.contact_id) == (ChangeKind.LINK, (), "c1")
    assert line.writes


def test_an_address_is_respelled_like_the_directory_has_it() -> None:
    """Another case is no reason for a conflict, but the contact follows."""
    line = only(plan([user("ada", "Ada@Example.com")], [contact("c1", "ada@example.com", "ada")]))
    assert line.modified == (FieldChange("email", "ada@example.com", "Ada@Example.com"),)


def test_a_contact_in_step_has_no_line() -> None:
    """It is counted as unchanged."""
    planned = plan([user("ada")], [contact("c1", "ada@example.com", "ada")])
    assert (planned.changes, planned.unchanged, planned.users_read) == ((), 1, 1)


def test_a_blank_keeps_and_so_changes_nothing() -> None:
    """A value that only the contact has is no difference."""
    contacts = [contact("c1", "ada@example.com", "ada", job_title="By hand")]
    assert plan([user("ada")], contacts).changes == ()
    overwriting = Configuration(blank_in_directory=BlankPolicy.OVERWRITE)
    line = only(plan([user("ada")], contacts, configuration=overwriting))
    assert line.modified == (FieldChange("job_title", "By hand", ""),)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (user("1", enabled=False), "not_in_scope.disabled"),
        (user("1", user_type="Guest"), "not_in_scope.guest"),
        (user("1", ""), "no_address"),
        (user("1", "", user_principal_name="x_y#EXT#@z.example"), "no_address"),
    ],
)
def test_whoever_is_left_out_has_a_line_with_the_reason(person: object, reason: str) -> None:
    """And a contact of theirs is left alone."""
    contacts = [contact("c1", "1@example.com", "1", job_title="Kept")]
    line = only(plan([person], contacts))  # type: ignore[list-item]
    assert (line.kind, line.reason, line.fields, line.writes) == (ChangeKind.SKIP, reason, None, False)


@pytest.mark.parametrize("reason", list(RemovalReason))
def test_the_contact_of_somebody_who_left_is_kept_and_said_so(reason: RemovalReason) -> None:
    """With the contact's name, since the directory has none any more."""
    contacts = [contact("c1", "ada@example.com", "ada"), contact("c2", "bob@example.com", "bob")]
    line = only(plan([], contacts, {"ada": reason, "nobody": reason}))
    assert (line.kind, line.object_id, line.contact_id) == (ChangeKind.KEEP, "ada", "c1")
    assert (line.reason, line.name, line.writes) == (f"lifecycle.{reason.value}", "Name ada", False)


def test_two_contacts_of_somebody_who_left_are_kept_in_order() -> None:
    """By the contacts' ids, whatever order they come in."""
    contacts = [contact("c2", "b@x", "ada"), contact("c1", "a@x", "ada")]
    departed = {"ada": RemovalReason.ABSENT}
    for ordered in (contacts, contacts[::-1]):
        assert [line.contact_id for line in plan([], ordered, departed).changes] == ["c1", "c2"]


def test_contacts_that_nobody_in_the_directory_owns_have_no_line() -> None:
    """Neither those made by hand nor those whose owner left long ago."""
    contacts = [contact("c1", "a@x"), contact("c2", "b@x", "left long ago")]
    assert plan([], contacts).changes == ()


def test_only_create_link_and_update_write() -> None:
    """The other kinds just say what was seen."""
    assert {ChangeKind.CREATE, ChangeKind.LINK, ChangeKind.UPDATE} == WRITES


def test_the_lines_are_in_order_of_the_objects() -> None:
    """Whatever order users and contacts come in."""
    users = [user("c"), user("a"), user("b", enabled=False), user("d")]
    contacts = [contact("2", "d@example.com", "d"), contact("1", "a@example.com")]
    planned = plan(users, contacts)
    assert [line.object_id for line in planned.changes] == ["a", "b", "c"]
    assert plan(reversed(users), reversed(contacts)) == planned


def test_everybody_who_was_read_is_counted_once() -> None:
    """Created, linked, updated, unchanged, skipped and conflicts make up the users read."""
    users = [
        user("new"),
        user("adopt"),
        user("change", job_title="New"),
        user("same"),
        user("off", enabled=False),
        user("guest", user_type="Guest"),
        user("twin1", "twin@x"),
        user("twin2", "twin@x"),
    ]
    contacts = [
        contact("1", "adopt@example.com"),
        contact("2", "change@example.com", "change"),
        contact("3", "same@example.com", "same"),
        contact("4", "left@example.com", "left"),
    ]
    planned = plan(users, contacts, {"left": RemovalReason.SOFT_DELETED})
    kinds = planned.counts()
    done = {kind: kinds[kind] for kind in WRITES}
    counted = counts(planned, kinds, done, earlier=0)
    assert counted.add_up
    assert (counted.users_read, counted.created, counted.linked, counted.updated) == (8, 1, 1, 1)
    assert (counted.unchanged, counted.skipped, counted.conflicts, counted.kept) == (1, 2, 2, 1)
    assert skipped_by_reason(planned) == {"not_in_scope.disabled": 1, "not_in_scope.guest": 1}
    assert [line.object_id for line in planned.writes()] == ["adopt", "change", "new"]


def test_differences_are_told_in_the_order_of_the_fields() -> None:
    """And there is none between equals."""
    old, new = ContactFields(name="a", country="x"), ContactFields(name="b", country="y")
    assert [change.field for change in differences(old, new)] == ["name", "country"]
    assert differences(old, old) == ()


def test_names_in_skip_lines_are_cleaned() -> None:
    """The change log never holds a control character, also for those who are left out."""
    assert only(plan([user("1", enabled=False, display_name="A\r\n\u202eB")])).name == "A B"


def test_a_conflict_says_whose_contact_it_is_about() -> None:
    """The line names the contact that stays as it is, if there is one."""
    planned = plan([user("a", "b@x")], [contact("c1", "a@x", "a"), contact("hand", "b@x")])
    assert lines(planned)["a"][1] == "c1"
    assert only(planned).fields is None
