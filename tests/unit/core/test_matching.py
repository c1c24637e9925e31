"""Which contact belongs to which user: the link first, then a unique email, never a guess."""

from typing import Any

import pytest

from shared.core.matching import _Matcher
from tests.unit.core.builders import contact, lines, plan, user

SHARED = "match.email_shared_by_users"
TAKEN = "match.email_taken_by_linked_contact"
SEVERAL = "match.multiple_contacts"


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


def test_a_created_again_user_adopts_the_former_contact() -> None:
    """The account was deleted and made anew: same address, another object; the contact stays one."""
    planned = plan([user("new", "ada@x")], [contact("c1", "ada@x", "deleted long ago")])
    assert lines(planned) == {"new": ("link", "c1", None)}


def test_a_contact_of_a_disabled_user_is_not_adopted() -> None:
    """The directory still lists its owner, in scope or not."""
    users = [user("old", "ada@x", enabled=False), user("new", "ada@x")]
    planned = plan(users, [contact("c1", "ada@x", "old")])
    assert lines(planned) == {
        "new": ("conflict", None, TAKEN),
        "old": ("skip", None, "not_in_scope.disabled"),
    }


def test_a_contact_linked_twice_to_one_user_is_matched_by_the_lower_id() -> None:
    """The other one is left alone; the choice does not depend on the order they come in."""
    contacts = [contact("c2", "ada@example.com", "ada"), contact("c1", "ada@example.com", "ada")]
    for ordered in (contacts, contacts[::-1]):
        changed = plan([user("ada", job_title="New")], ordered)
        assert lines(changed) == {"ada": ("update", "c1", None)}


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
