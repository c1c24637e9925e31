"""Which contact belongs to which user by link and address; never a guess."""

from typing import Any

import pytest

from shared.core.matching import _Matcher
from tests.unit.core.builders import BY_EMAIL, applied, contact, lines, plan, user

SHARED = "match.email_shared_by_users"
TAKEN = "match.email_taken_by_linked_contact"
SEVERAL = "match.multiple_contacts"
REUSED = "match.address_of_somebody_who_left"
RECREATED = "match.object_id_changed"


def test_the_link_beats_the_email() -> None:
    """A linked contact is the user's, also where another one has the address the user had."""
    planned = plan([user("ada", "new@example.com")], [contact("c1", "old@example.com", "ada")])
    assert lines(planned) == {"ada": ("update", "c1", None)}


@pytest.mark.parametrize("written", ["ada@example.com", "ADA@Example.COM", " ada@example.com "])
def test_a_unique_email_is_adopted(written: str) -> None:
    """A contact made by hand becomes the user's, however its address is spelled."""
    assert lines(plan([user("ada")], [contact("c1", written)])) == {"ada": ("link", "c1", None)}


def test_an_address_in_another_unicode_form_is_adopted() -> None:
    """é written as one character or as two is the same address."""
    planned = plan([user("1", "jose\u0301@example.com")], [contact("c1", "JOSÉ@example.com")])
    assert lines(planned) == {"1": ("link", "c1", None)}


def test_without_a_contact_one_is_created() -> None:
    """Contacts with other addresses, or none, are no candidates."""
    contacts = [contact("c1", "other@example.com"), contact("c2", "")]
    assert lines(plan([user("ada")], contacts)) == {"ada": ("create", None, None)}


def test_two_contacts_with_the_address_are_a_conflict() -> None:
    """Which of them is the user's cannot be known."""
    contacts = [contact("c1", "ada@example.com"), contact("c2", "ADA@example.com")]
    assert lines(plan([user("ada")], contacts)) == {"ada": ("conflict", None, SEVERAL)}


def test_users_who_share_an_address_are_a_conflict() -> None:
    """Neither gets a contact, and one that is there is not touched."""
    users = [user("a", "team@example.com"), user("b", "TEAM@example.com")]
    assert lines(plan(users)) == {"a": ("conflict", None, SHARED), "b": ("conflict", None, SHARED)}
    planned = plan(users, [contact("c1", "team@example.com")])
    assert lines(planned) == {"a": ("conflict", None, SHARED), "b": ("conflict", None, SHARED)}


def test_whoever_has_the_shared_address_already_keeps_it() -> None:
    """The linked contact stays in step; only the newcomer is a conflict."""
    users = [user("a", "team@example.com", job_title="Lead"), user("b", "team@example.com")]
    planned = plan(users, [contact("c1", "team@example.com", "a")])
    assert lines(planned) == {"a": ("update", "c1", None), "b": ("conflict", None, SHARED)}


def test_of_two_that_share_the_address_already_neither_is_touched() -> None:
    """Two linked contacts with one address: nothing is guessed, nothing is written."""
    users = [user("a", "team@example.com"), user("b", "team@example.com")]
    contacts = [contact("c1", "team@example.com", "a"), contact("c2", "team@example.com", "b")]
    assert lines(plan(users, contacts)) == {"a": ("conflict", "c1", SHARED), "b": ("conflict", "c2", SHARED)}


def test_two_people_may_swap_their_addresses() -> None:
    """Both contacts move at once, so neither is in the other's way."""
    users = [user("a", "b@example.com"), user("b", "a@example.com")]
    contacts = [contact("c1", "a@example.com", "a"), contact("c2", "b@example.com", "b")]
    assert lines(plan(users, contacts)) == {"a": ("update", "c1", None), "b": ("update", "c2", None)}


def test_a_chain_of_moves_is_followed() -> None:
    """Everybody takes over the address of the next one, who moves away."""
    users = [user("a", "b@x"), user("b", "c@x"), user("c", "d@x")]
    contacts = [contact("c1", "a@x", "a"), contact("c2", "b@x", "b"), contact("c3", "c@x", "c")]
    assert {kind for kind, _, _ in lines(plan(users, contacts)).values()} == {"update"}


def test_a_chain_that_is_blocked_at_its_end_is_blocked_throughout() -> None:
    """Who cannot move stays in the way of whoever was to follow."""
    users = [user("a", "b@x"), user("b", "c@x"), user("c", "d@x")]
    contacts = [
        contact("c1", "a@x", "a"),
        contact("c2", "b@x", "b"),
        contact("c3", "c@x", "c"),
        contact("hand", "d@x"),
    ]
    assert lines(plan(users, contacts)) == {
        "a": ("conflict", "c1", TAKEN),
        "b": ("conflict", "c2", TAKEN),
        "c": ("conflict", "c3", TAKEN),
    }


def test_a_newcomer_waits_for_an_address_whose_holder_cannot_move() -> None:
    """A contact is not created with an address that a stuck contact still has."""
    users = [user("a", "b@x"), user("new", "a@x")]
    contacts = [contact("c1", "a@x", "a"), contact("hand", "b@x")]
    assert lines(plan(users, contacts)) == {"a": ("conflict", "c1", TAKEN), "new": ("conflict", None, TAKEN)}


def test_a_newcomer_gets_an_address_that_becomes_free() -> None:
    """The former holder moves in the same run."""
    users = [user("a", "b@x"), user("new", "a@x")]
    planned = plan(users, [contact("c1", "a@x", "a")])
    assert lines(planned) == {"a": ("update", "c1", None), "new": ("create", None, None)}


def test_a_linked_contact_does_not_take_an_address_from_one_made_by_hand() -> None:
    """The address of the user's contact changes to one that somebody else's contact has."""
    planned = plan([user("a", "b@x")], [contact("c1", "a@x", "a"), contact("hand", "b@x")])
    assert lines(planned) == {"a": ("conflict", "c1", TAKEN)}


@pytest.mark.parametrize("name", ["Ada Lovelace", " ADA LOVELACE "])
def test_a_user_with_the_name_and_address_of_somebody_who_left_is_a_conflict(name: str) -> None:
    """It is probably the same person under a new object id; only a person can tell, so nothing is written."""
    former = contact("c1", "ada@x", "former", name="Ada Lovelace")
    planned = plan([user("new", "ada@x", display_name=name)], [former])
    assert lines(planned) == {"new": ("conflict", "c1", RECREATED)}
    assert planned.writes() == ()


def test_a_user_with_the_address_of_somebody_else_who_left_is_a_conflict() -> None:
    """The address was probably given to another person; their contact must not become this one's."""
    former = contact("c1", "ada@x", "former", name="Ada Lovelace")
    planned = plan([user("new", "ada@x", display_name="Ada Byron")], [former])
    assert lines(planned) == {"new": ("conflict", "c1", REUSED)}
    assert planned.writes() == ()


def test_the_name_of_somebody_who_left_may_be_in_two_parts() -> None:
    """Not every destination has one name for people."""
    former = contact("c1", "ada@x", "former", name="", first_name="Ada", last_name="Lovelace")
    person = user("new", "ada@x", display_name=None, given_name="Ada", surname="Lovelace")
    assert lines(plan([person], [former])) == {"new": ("conflict", "c1", RECREATED)}


def test_an_inactive_contact_of_somebody_who_left_is_not_adopted_either() -> None:
    """That a run deactivated it does not make it free."""
    former = contact("c1", "ada@x", "former", active=False, deactivated_by_sync=True)
    assert lines(plan([user("new", "ada@x")], [former])) == {"new": ("conflict", "c1", REUSED)}


@pytest.mark.parametrize(
    ("in_the_directory", "in_the_psa"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ADA@BÜCHER.example"),
        ("ada@bu\u0308cher.example", "ada@bücher.example"),
        ("ada@例え.example", "ada@xn--r8jz45g.example"),
    ],
)
def test_the_forms_of_an_international_domain_are_one_address(in_the_directory: str, in_the_psa: str) -> None:
    """The contact is adopted, not doubled."""
    planned = plan([user("ada", in_the_directory)], [contact("c1", in_the_psa)])
    assert lines(planned) == {"ada": ("link", "c1", None)}


def test_a_contact_of_a_disabled_user_is_not_adopted() -> None:
    """The directory still lists its owner, in scope or not."""
    users = [user("old", "ada@x", enabled=False), user("new", "ada@x")]
    planned = plan(users, [contact("c1", "ada@x", "old")])
    assert lines(planned) == {
        "new": ("conflict", None, TAKEN),
        "old": ("skip", None, "not_in_scope.disabled"),
    }


def test_a_second_contact_of_a_user_does_not_move_out_of_the_way() -> None:
    """Only the one that is kept in step is written, so the address of the other one is taken."""
    contacts = [contact("c1", "ada@example.com", "ada"), contact("c2", "old@x", "ada")]
    planned = plan([user("ada"), user("new", "old@x")], contacts)
    assert lines(planned) == {"new": ("conflict", None, TAKEN)}


def test_a_contact_linked_twice_to_one_user_is_matched_by_the_lower_id() -> None:
    """The other one is left alone; the choice does not depend on the order they come in."""
    contacts = [contact("c2", "ada@example.com", "ada"), contact("c1", "ada@example.com", "ada")]
    for ordered in (contacts, contacts[::-1]):
        changed = plan([user("ada", job_title="New")], ordered)
        assert lines(changed) == {"ada": ("update", "c1", None)}


def test_a_pinned_email_is_the_address_that_counts() -> None:
    """Whoever the directory gives that address to gets no contact with it."""
    pinned = contact("c1", "b@x", "a", pins=("email",))
    planned = plan([user("a", "a@x"), user("b", "b@x")], [pinned])
    assert lines(planned) == {"b": ("conflict", None, SHARED)}


def test_the_address_that_a_pinned_contact_does_not_take_is_free() -> None:
    """Whoever the directory gives it to besides gets a contact with it."""
    pinned = contact("c1", "psa@x", "a", pins=("email",))
    planned = plan([user("a", "a@x"), user("new", "a@x")], [pinned])
    assert lines(planned) == {"new": ("create", None, None)}


def test_a_pinned_email_counts_only_on_the_contact_that_is_kept_in_step() -> None:
    """Of two contacts linked to one user that is the one with the lower id."""
    contacts = [
        contact("c1", "ada@example.com", "ada"),
        contact("c2", "second@x", "ada", pins=("email",)),
        contact("c3", "third@x", "ada", pins=("email",)),
    ]
    for ordered in (contacts, contacts[::-1]):
        assert plan([user("ada")], ordered).changes == ()


def test_contacts_that_are_to_have_no_email_are_not_in_each_others_way() -> None:
    """Somebody blanked the field and pinned it, on more than one contact."""
    contacts = [contact(f"c{name}", "", name, pins=("email",)) for name in ("a", "b")]
    planned = plan([user("a", job_title="New"), user("b")], contacts)
    assert lines(planned) == {"a": ("update", "ca", None)}
    assert applied(contacts, planned)[0].fields.email == ""


# By email alone.


def test_by_email_alone_a_link_leads_nowhere() -> None:
    """Neither to the linked contact nor away from somebody else's."""
    contacts = [contact("c1", "old@x", "ada"), contact("c2", "ada@example.com", "bob", name="Name ada")]
    assert (
        plan([user("ada"), user("bob", "old@x", display_name="Name ada")], contacts, None, BY_EMAIL).changes
        == ()
    )


def test_by_email_alone_two_contacts_with_the_address_are_a_conflict() -> None:
    """As they are with links."""
    contacts = [contact("c1", "ada@example.com", "ada"), contact("c2", "ada@example.com")]
    assert lines(plan([user("ada")], contacts, None, BY_EMAIL)) == {"ada": ("conflict", None, SEVERAL)}


def test_by_email_alone_users_who_share_an_address_are_a_conflict() -> None:
    """Whoever the contact is linked to."""
    users = [user("a", "team@x"), user("b", "TEAM@x")]
    planned = plan(users, [contact("c1", "team@x", "a")], None, BY_EMAIL)
    assert lines(planned) == {"a": ("conflict", None, SHARED), "b": ("conflict", None, SHARED)}


def test_by_email_alone_no_alias_is_looked_at() -> None:
    """The contact with the alias stays as it is, and the user gets one with the address."""
    planned = plan([user("ada", aliases=("alias@x",))], [contact("c1", "alias@x")], None, BY_EMAIL)
    assert lines(planned) == {"ada": ("create", None, None)}


def test_by_email_alone_no_write_touches_a_link() -> None:
    """Neither is one made nor is one taken away."""
    contacts = [contact("c1", "ada@example.com", "somebody"), contact("c2", "bob@example.com")]
    planned = plan([user("ada"), user("bob"), user("new")], contacts, None, BY_EMAIL)
    assert {line.linked for line in planned.writes()} == {False}
    assert [one.object_id for one in applied(contacts, planned)] == ["somebody", None, None]


def test_a_chain_of_taken_addresses_costs_no_more_than_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody takes the next one's address and the first cannot: a tenant must not hold up the others."""
    length, looks = 2_000, 0
    moves_away = _Matcher._moves_away

    def counted(*args: Any) -> bool:
        nonlocal looks
        looks += 1
        return moves_away(*args)

    monkeypatch.setattr(_Matcher, "_moves_away", counted)
    users = [user("0", enabled=False), *(user(f"{n}", f"{n - 1}@example.com") for n in range(1, length))]
    contacts = [contact(f"c{n}", f"{n}@example.com", f"{n}") for n in range(length)]
    planned = lines(plan(users, contacts))
    assert {planned[f"{n}"] for n in range(1, length)} == {
        ("conflict", f"c{n}", TAKEN) for n in range(1, length)
    }
    assert looks < 3 * length
