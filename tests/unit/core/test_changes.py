"""Changes as far as a destination can take them, and those that it did not take."""

import pytest

from shared.core.changes import Change, ChangeKind, FieldChange, Rejection, RejectionReason, narrowed
from shared.core.models import ALL_FIELDS, CONTACT_FIELDS, ContactFields

FULL = ContactFields(**dict.fromkeys(CONTACT_FIELDS, "new"))
UPDATE = Change(
    ChangeKind.UPDATE,
    "ada",
    "Ada",
    "1",
    FULL,
    tuple(FieldChange(name, "old", "new") for name in CONTACT_FIELDS),
)


@pytest.mark.parametrize("held", [frozenset({"name", "email"}), frozenset({"licence"}), frozenset()])
def test_a_change_is_narrowed_to_the_fields_there_are(held: frozenset[str]) -> None:
    """The others are blank, and no line speaks of them; everything else about the change stays."""
    assert narrowed(UPDATE, held) == Change(
        ChangeKind.UPDATE,
        "ada",
        "Ada",
        "1",
        ContactFields(**dict.fromkeys(held, "new")),
        tuple(FieldChange(name, "old", "new") for name in CONTACT_FIELDS if name in held),
    )


def test_a_change_that_is_about_nothing_else_is_the_same_one() -> None:
    """Not even a copy: most are."""
    fields = ContactFields(name="Ada", email="ada@example.com")
    create = Change(ChangeKind.CREATE, "ada", "Ada", fields=fields)
    for change, held in ((UPDATE, ALL_FIELDS), (create, frozenset({"name", "email", "city"}))):
        assert narrowed(change, held) is change


def test_a_value_that_was_taken_away_has_no_line_either_where_its_field_is_not_there() -> None:
    """Though the contact's fields do not show that the change was about it."""
    lines = (FieldChange("licence", "E3", ""), FieldChange("city", "", "Bern"))
    change = Change(ChangeKind.UPDATE, "ada", "Ada", "1", ContactFields(name="Ada", city="Bern"), lines)
    assert narrowed(change, frozenset({"name", "city"})).changed == lines[1:]
    assert narrowed(change, frozenset({"name", "city", "licence"})) is change


@pytest.mark.parametrize(
    "kind", [ChangeKind.DEACTIVATE, ChangeKind.SKIP, ChangeKind.CONFLICT, ChangeKind.KEEP]
)
def test_a_change_without_fields_is_about_none(kind: ChangeKind) -> None:
    """Whatever the destination has."""
    change = Change(kind, "ada", "Ada", "1", reason="some.reason")
    assert narrowed(change, frozenset()) is change


@pytest.mark.parametrize("reason", list(RejectionReason))
@pytest.mark.parametrize("detail", ["", "Email has already been taken"])
def test_a_change_that_was_not_taken_has_a_line_of_its_own(reason: RejectionReason, detail: str) -> None:
    """Whose it was and what it was to say, why it was not taken, and what was said of it."""
    line = Rejection(UPDATE, reason, detail).line()
    assert line == Change(
        ChangeKind.FAIL, "ada", "Ada", "1", FULL, UPDATE.changed, reason.value, linked=True, detail=detail
    )
    assert not line.writes


def test_the_line_of_a_create_that_was_not_taken_still_names_its_values() -> None:
    """So that a technician sees what is not there."""
    create = Change(ChangeKind.CREATE, "ada", "Ada", fields=FULL, linked=False)
    line = Rejection(create, RejectionReason.INVALID, "no").line()
    assert (line.fields, line.contact_id, line.linked) == (FULL, None, False)
