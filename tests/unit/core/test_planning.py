"""The plan of a run: every kind of line, its reason, and that the counts add up."""

import msgspec
import pytest

from shared.core.changes import USER_WRITES, WRITES, Change, ChangeKind, FieldChange, differences, shows
from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    SiteAttribute,
    SiteRule,
    Sites,
    Unmatched,
)
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason
from shared.core.planning import completing
from shared.core.run import Counts, planned_counts, skipped_by_reason
from tests.unit.core.builders import BY_EMAIL, applied, contact, deactivating, lines, only, plan, user


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
def test_whoever_is_left_out_has_a_line_with_the_reason(person: DirectoryUser, reason: str) -> None:
    """And a contact of theirs is left alone."""
    contacts = [contact("c1", "1@example.com", "1", job_title="Kept")]
    line = only(plan([person], contacts))
    assert (line.kind, line.reason, line.fields, line.writes) == (ChangeKind.SKIP, reason, None, False)


def test_contacts_that_nobody_in_the_directory_owns_have_no_line() -> None:
    """Neither those made by hand nor those whose owner left long ago."""
    contacts = [contact("c1", "a@x"), contact("c2", "b@x", "left long ago")]
    assert plan([], contacts).changes == ()


def test_the_kinds_that_only_say_something_do_not_write() -> None:
    """What was seen, or what was not taken; deactivating is the only write for somebody not in scope."""
    silent = {ChangeKind.KEEP, ChangeKind.SKIP, ChangeKind.CONFLICT, ChangeKind.FAIL}
    assert {kind for kind in ChangeKind if Change(kind, "ada").writes} == set(ChangeKind) - silent == WRITES
    assert {ChangeKind.DEACTIVATE} == WRITES - USER_WRITES


def test_the_lines_are_in_order_of_the_objects() -> None:
    """Whatever order users and contacts come in."""
    users = [user("c"), user("a"), user("b", enabled=False), user("d")]
    contacts = [contact("2", "d@example.com", "d"), contact("1", "a@example.com")]
    planned = plan(users, contacts)
    assert [line.object_id for line in planned.changes] == ["a", "b", "c"]
    assert plan(reversed(users), reversed(contacts)) == planned


EVERYTHING = [
    user("new"),
    user("adopt"),
    user("change", job_title="New"),
    user("back"),
    user("moves", office_location="Bern"),
    user("same"),
    user("off", enabled=False),
    user("guest", user_type="Guest"),
    user("twin1", "twin@x"),
    user("twin2", "twin@x"),
]
EVERYBODYS = [
    contact("1", "adopt@example.com"),
    contact("2", "change@example.com", "change"),
    contact("3", "same@example.com", "same"),
    contact("4", "left@example.com", "left"),
    contact("5", "back@example.com", "back", active=False, deactivated_by_sync=True),
    contact("6", "moves@example.com", "moves", site="fr"),
    contact("7", "off@example.com", "off", keep_active=True),
]
DOING_EVERYTHING = deactivating(
    sites=Sites((SiteRule(SiteAttribute.OFFICE, ("Bern",), "ch"),), Unmatched.NO_SITE)
)


def test_everybody_who_was_read_is_counted_once() -> None:
    """Every kind of write, unchanged, skipped and conflicts make up the users read; leavers come besides."""
    departed = {"left": RemovalReason.SOFT_DELETED}
    planned = plan(EVERYTHING, EVERYBODYS, departed, DOING_EVERYTHING)
    counted = planned_counts(planned)
    assert counted.add_up
    assert counted == Counts(
        users_read=10,
        created=1,
        linked=1,
        updated=1,
        moved=1,
        reactivated=1,
        unchanged=1,
        skipped=2,
        conflicts=2,
        kept=1,
        deactivated=1,
        in_scope=8,
    )
    assert skipped_by_reason(planned) == {"not_in_scope.disabled": 1, "not_in_scope.guest": 1}
    assert [line.object_id for line in planned.writes()] == [
        "adopt",
        "back",
        "change",
        "left",
        "moves",
        "new",
    ]


def test_the_run_after_every_kind_of_write_writes_nothing() -> None:
    """Each is durable, and none calls for another."""
    departed = {"left": RemovalReason.SOFT_DELETED}
    after = applied(EVERYBODYS, plan(EVERYTHING, EVERYBODYS, departed, DOING_EVERYTHING))
    again = plan(EVERYTHING, after, departed, DOING_EVERYTHING)
    assert again.writes() == ()
    assert again.unchanged == 6


def test_the_digest_names_the_writes_and_nothing_else() -> None:
    """Equal for the same writes in any order of input; another for any other value written."""
    planned = plan([user("ada"), user("bob")])
    assert plan([user("bob"), user("ada")]).digest() == planned.digest()
    assert plan([user("ada"), user("bob"), user("off", enabled=False)]).digest() == planned.digest()
    others = [
        plan([user("ada")]),
        plan([user("ada"), user("bob", job_title="New")]),
        plan([user("ada"), user("bob")], configuration=BY_EMAIL),
        plan([user("ada"), user("bob")], [contact("c1", "bob@example.com")]),
        plan(),
    ]
    digests = {each.digest() for each in (planned, *others)}
    assert len(digests) == 6
    assert {len(digest) for digest in digests} == {64}


def test_the_digest_tells_two_contacts_and_two_reasons_apart() -> None:
    """A plan that deactivates somebody else, or for another reason, is another plan."""
    contacts = [contact("c1", "a@x", "a"), contact("c2", "b@x", "b")]
    plans = [
        plan([], contacts, None, deactivating(), missing=["b"]),
        plan([], contacts, None, deactivating(), missing=["a"]),
        plan([], contacts, {"a": RemovalReason.HARD_DELETED}, deactivating(), missing=["b"]),
    ]
    assert [len(each.writes()) for each in plans] == [1, 1, 1]
    assert len({each.digest() for each in plans}) == 3


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


# What a write leaves behind.


@pytest.mark.parametrize(
    ("kind", "linked", "shown", "not_shown"),
    [
        (ChangeKind.UPDATE, True, {}, [{"fields": ContactFields(name="B")}, {"object_id": "bob"}]),
        (ChangeKind.LINK, True, {}, [{"fields": ContactFields(name="B")}, {"object_id": None}]),
        (ChangeKind.CREATE, True, {}, [{"fields": ContactFields(name="B")}]),
        (ChangeKind.UPDATE, False, {"object_id": "bob"}, [{"fields": ContactFields(name="B")}]),
        (ChangeKind.REACTIVATE, True, {}, [{"active": False}, {"fields": ContactFields(name="B")}]),
        (
            ChangeKind.DEACTIVATE,
            True,
            {"active": False, "fields": ContactFields(name="B")},
            [{"active": True}],
        ),
    ],
)
def test_a_contact_shows_a_change_or_does_not(
    kind: ChangeKind, linked: bool, shown: dict[str, object], not_shown: list[dict[str, object]]
) -> None:
    """Fields, link and activity are as the write would have left them, where it writes them."""
    done = Contact("c1", ContactFields(name="A"), "ada")
    fields = None if kind is ChangeKind.DEACTIVATE else done.fields
    change = Change(kind, "ada", contact_id="c1", fields=fields, linked=linked)
    assert shows(msgspec.structs.replace(done, **shown), change)
    for different in not_shown:
        assert not shows(msgspec.structs.replace(done, **different), change)


def test_after_a_plan_every_contact_shows_its_change() -> None:
    """Whatever kind of write it was."""
    departed = {"left": RemovalReason.SOFT_DELETED}
    planned = plan(EVERYTHING, EVERYBODYS, departed, DOING_EVERYTHING)
    after = {one.id: one for one in applied(EVERYBODYS, planned)}
    by_object_id = {one.object_id: one for one in after.values()}
    for line in planned.writes():
        assert shows(after[line.contact_id] if line.contact_id else by_object_id[line.object_id], line)


def test_what_is_missing_from_a_contact_that_a_run_was_making_is_part_of_making_it() -> None:
    """A run that is taken up again tells the person as created, and everybody else as the plan has it."""
    people = [user("ada", job_title="Pilot"), user("bob", job_title="Pilot"), user("cyd")]
    contacts = [contact("c1", "ada@example.com", "ada"), contact("c2", "bob@example.com", "bob")]
    found = plan(people, contacts)
    assert {line.object_id: line.kind for line in found.changes} == {
        "ada": ChangeKind.UPDATE,
        "bob": ChangeKind.UPDATE,
        "cyd": ChangeKind.CREATE,
    }
    after = completing(found, frozenset({"ada", "cyd", "nobody"}))
    lines = {line.object_id: line for line in after.changes}
    assert (lines["ada"].kind, lines["ada"].contact_id) == (ChangeKind.CREATE, None)
    assert lines["ada"].fields == found.changes[0].fields
    assert lines["bob"] == found.changes[1]
    assert lines["cyd"] == found.changes[2]
    assert completing(found, frozenset()) is found
