"""Other addresses of a user lead to a contact where nothing better does, and where they lead to one only."""

import pytest

from shared.core.reviews import Decision, ReviewAction
from tests.unit.core.builders import applied, contact, lines, plan, user

SEVERAL = "match.multiple_contacts"
SHARED = "match.alias_shared_by_users"


def test_a_unique_alias_is_adopted() -> None:
    """The contact becomes the user's and gets the address the user has now."""
    contacts = [contact("c1", "maiden@x.example")]
    planned = plan([user("ada", aliases=("maiden@x.example", "other@x.example"))], contacts)
    assert lines(planned) == {"ada": ("link", "c1", None)}
    (after,) = applied(contacts, planned)
    assert (after.object_id, after.fields.email) == ("ada", "ada@example.com")


def test_the_address_itself_comes_before_an_alias() -> None:
    """The contact with the alias is left alone."""
    contacts = [contact("c1", "alias@x.example"), contact("c2", "ada@example.com")]
    planned = plan([user("ada", aliases=("alias@x.example",))], contacts)
    assert lines(planned) == {"ada": ("link", "c2", None)}


def test_a_link_comes_before_an_alias() -> None:
    """Whoever has a contact needs no other."""
    contacts = [contact("c1", "ada@example.com", "ada"), contact("c2", "alias@x.example")]
    assert plan([user("ada", aliases=("alias@x.example",))], contacts).changes == ()


def test_an_alias_that_is_somebodys_own_address_leads_nowhere() -> None:
    """The contact is adopted by whoever is to have the address."""
    users = [user("ada", aliases=("bob@example.com",)), user("bob")]
    planned = plan(users, [contact("c1", "bob@example.com")])
    assert lines(planned) == {"ada": ("create", None, None), "bob": ("link", "c1", None)}


def test_an_alias_that_is_the_address_of_somebody_with_a_contact_of_their_own_leads_nowhere() -> None:
    """That a technician keeps two people apart makes the address no less theirs."""
    users = [user("ada", aliases=("bob@example.com",)), user("bob")]
    decided = {"bob": Decision(ReviewAction.CREATE)}
    planned = plan(users, [contact("c1", "bob@example.com")], decisions=decided)
    assert lines(planned) == {"ada": ("create", None, None), "bob": ("create", None, None)}


def test_an_alias_of_two_users_is_a_conflict_for_both() -> None:
    """Whose contact it is cannot be known."""
    users = [user("a", aliases=("team@x.example",)), user("b", aliases=("team@x.example",))]
    planned = plan(users, [contact("c1", "team@x.example")])
    assert lines(planned) == {"a": ("conflict", None, SHARED), "b": ("conflict", None, SHARED)}


@pytest.mark.parametrize("owner", ["a", None])
def test_an_alias_of_two_users_one_of_whom_has_a_contact_is_a_conflict(owner: str | None) -> None:
    """Both have the address; or else the run after the one that found the contact would decide otherwise."""
    users = [user("a", aliases=("team@x.example",)), user("b", aliases=("team@x.example",))]
    contacts = [contact("c1", "team@x.example"), contact("c2", "a@example.com", owner, name="Name a")]
    planned = plan(users, contacts)
    assert lines(planned)["b"] == ("conflict", None, SHARED)
    assert lines(plan(users, applied(contacts, planned))) == {"b": ("conflict", None, SHARED)}


def test_an_alias_that_two_users_share_and_no_contact_has_does_not_matter() -> None:
    """Both get their own contacts."""
    users = [user("a", aliases=("team@x.example",)), user("b", aliases=("team@x.example",))]
    assert lines(plan(users)) == {"a": ("create", None, None), "b": ("create", None, None)}


@pytest.mark.parametrize(
    "contacts",
    [
        [contact("c1", "one@x.example"), contact("c2", "ONE@x.example")],
        [contact("c1", "one@x.example"), contact("c2", "two@x.example")],
    ],
    ids=["one alias", "two aliases"],
)
def test_aliases_that_lead_to_two_contacts_are_a_conflict(contacts: list[object]) -> None:
    """Through one alias or through two."""
    planned = plan([user("ada", aliases=("one@x.example", "two@x.example"))], contacts)  # type: ignore[arg-type]
    assert lines(planned) == {"ada": ("conflict", None, SEVERAL)}


@pytest.mark.parametrize("owner", ["bob", "somebody who left"])
def test_a_linked_contact_is_not_adopted_through_an_alias(owner: str) -> None:
    """Neither that of somebody in the directory nor that of somebody who left."""
    users = [user("ada", aliases=("alias@x.example",)), user("bob", enabled=False)]
    planned = plan(users, [contact("c1", "alias@x.example", owner)])
    assert lines(planned)["ada"] == ("create", None, None)
    assert [line.object_id for line in planned.writes()] == ["ada"]


def test_an_alias_of_somebody_out_of_scope_is_nobodys() -> None:
    """Only users who are to have a contact are counted."""
    users = [user("a", aliases=("team@x.example",)), user("b", aliases=("team@x.example",), enabled=False)]
    planned = plan(users, [contact("c1", "team@x.example")])
    assert lines(planned)["a"] == ("link", "c1", None)


@pytest.mark.parametrize(
    "alias",
    ["ada@bücher.example", "ada@xn--bcher-kva.example", "ada@bu\u0308cher.example", "ADA@BÜCHER.EXAMPLE"],
)
@pytest.mark.parametrize("written", ["ada@bücher.example", "ada@xn--bcher-kva.example"])
def test_an_alias_is_compared_like_any_address(alias: str, written: str) -> None:
    """In whatever form the two sides have its domain."""
    planned = plan([user("ada", aliases=(alias,))], [contact("c1", written)])
    assert lines(planned) == {"ada": ("link", "c1", None)}


def test_one_alias_in_two_forms_is_one_alias() -> None:
    """It leads to one contact, not to two."""
    aliases = ("ada@bücher.example", "ada@xn--bcher-kva.example")
    planned = plan([user("ada", aliases=aliases)], [contact("c1", "ada@bücher.example")])
    assert lines(planned) == {"ada": ("link", "c1", None)}


def test_the_users_own_address_among_the_aliases_changes_nothing() -> None:
    """Directories list it there too."""
    assert lines(plan([user("ada", aliases=("ada@example.com",))])) == {"ada": ("create", None, None)}


def test_the_old_address_of_a_contact_that_moves_away_is_no_alias_of_anybody() -> None:
    """Its owner is known, so nobody else gets it."""
    users = [user("ada", aliases=("old@x.example",)), user("bob")]
    planned = plan(users, [contact("c1", "old@x.example", "bob")])
    assert lines(planned) == {"ada": ("create", None, None), "bob": ("update", "c1", None)}
