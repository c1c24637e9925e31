"""What a technician decided in the review queue, and when a decision is void."""

import pytest

from shared.core.reviews import Decision, ReviewAction
from tests.unit.core.builders import BY_EMAIL, applied, contact, deactivating, lines, only, plan, user

SHARED = "match.email_shared_by_users"
TAKEN = "match.email_taken_by_linked_contact"
SEVERAL = "match.multiple_contacts"
CREATE, DISMISS = Decision(ReviewAction.CREATE), Decision(ReviewAction.DISMISS)


def link(contact_id: str | None) -> Decision:
    return Decision(ReviewAction.LINK, contact_id)


# It is this contact.


def test_a_link_settles_which_of_two_contacts_it_is() -> None:
    """The other one is left alone, now and in the next run, which needs no decision any more."""
    contacts = [contact("c1", "ada@example.com"), contact("c2", "ada@example.com")]
    planned = plan([user("ada")], contacts, decisions={"ada": link("c2")})
    assert lines(planned) == {"ada": ("link", "c2", None)}
    assert plan([user("ada")], applied(contacts, planned)).changes == ()


def test_a_link_settles_which_of_two_users_it_is() -> None:
    """The other one still waits for a decision."""
    users, contacts = [user("a", "team@x"), user("b", "team@x")], [contact("c1", "team@x")]
    planned = plan(users, contacts, decisions={"b": link("c1")})
    assert lines(planned) == {"a": ("conflict", None, SHARED), "b": ("link", "c1", None)}


def test_a_link_may_lead_to_a_contact_with_another_address() -> None:
    """It gets the user's."""
    contacts = [contact("c1", "private@x")]
    planned = plan([user("ada")], contacts, decisions={"ada": link("c1")})
    assert lines(planned) == {"ada": ("link", "c1", None)}
    assert applied(contacts, planned)[0].fields.email == "ada@example.com"


@pytest.mark.parametrize("active", [True, False])
def test_a_link_gives_the_contact_of_somebody_who_left_to_the_same_person(active: bool) -> None:
    """One write: the new object id takes the place of the old one, and leaving is undone with it."""
    former = contact("c1", "ada@example.com", "former", active=active, deactivated_by_sync=not active)
    decided = {"ada": link("c1")}
    planned = plan([user("ada")], [former], None, deactivating(), decided)
    write = only(planned)
    assert (write.object_id, write.contact_id, write.linked) == ("ada", "c1", True)
    assert write.kind.value == ("link" if active else "reactivate")
    (after,) = applied([former], planned)
    assert (after.object_id, after.active, after.deactivated_by_sync) == ("ada", True, False)
    assert plan([user("ada")], [after], None, deactivating(), decided).changes == ()


def test_a_contact_that_a_person_deactivated_stays_inactive_when_it_is_linked() -> None:
    """Only what a run did is undone by one."""
    former = contact("c1", "ada@example.com", active=False)
    planned = plan([user("ada")], [former], decisions={"ada": link("c1")})
    assert lines(planned) == {"ada": ("link", "c1", None)}
    assert not applied([former], planned)[0].active


def test_a_linked_contact_does_not_take_an_address_that_another_one_has() -> None:
    """The decision says whose the contact is, not that two contacts may have one address."""
    contacts = [contact("c1", "private@x"), contact("c2", "ada@example.com")]
    planned = plan([user("ada")], contacts, decisions={"ada": link("c1")})
    assert lines(planned) == {"ada": ("conflict", "c1", TAKEN)}


def test_nobody_else_gets_a_contact_that_was_given_away() -> None:
    """Also where its address, which is pinned, is somebody else's."""
    users = [user("ada"), user("bob")]
    pinned = contact("c1", "bob@example.com", pins=("email",))
    planned = plan(users, [pinned], decisions={"ada": link("c1")})
    assert lines(planned) == {"ada": ("link", "c1", None), "bob": ("conflict", None, SHARED)}


def test_the_former_address_of_a_contact_that_was_given_away_is_free() -> None:
    """Its new owner's address takes its place."""
    users = [user("ada"), user("bob")]
    planned = plan(users, [contact("c1", "bob@example.com")], decisions={"ada": link("c1")})
    assert lines(planned) == {"ada": ("link", "c1", None), "bob": ("create", None, None)}


def test_of_two_decisions_for_one_contact_the_first_by_object_id_counts() -> None:
    """The other one is void, and asks again."""
    users = [user("a", "team@x"), user("b", "team@x")]
    for decided in ({"a": link("c1"), "b": link("c1")}, {"b": link("c1"), "a": link("c1")}):
        planned = plan(users, [contact("c1", "team@x")], decisions=decided)
        assert lines(planned) == {"a": ("link", "c1", None), "b": ("conflict", None, SHARED)}


# Void links.

TWO = [contact("c1", "ada@example.com"), contact("c2", "ada@example.com")]


@pytest.mark.parametrize("contact_id", ["gone", None])
def test_a_link_to_a_contact_that_is_gone_is_void(contact_id: str | None) -> None:
    """The conflict is as it was."""
    planned = plan([user("ada")], TWO, decisions={"ada": link(contact_id)})
    assert lines(planned) == {"ada": ("conflict", None, SEVERAL)}


@pytest.mark.parametrize("enabled", [True, False])
def test_a_link_to_a_contact_of_somebody_in_the_directory_is_void(enabled: bool) -> None:
    """In scope or not: a decision takes nothing from anybody who is there."""
    users = [user("ada"), user("bob", enabled=enabled)]
    planned = plan(users, [contact("c1", "bob@example.com", "bob")], decisions={"ada": link("c1")})
    assert lines(planned)["ada"] == ("create", None, None)
    assert [line.object_id for line in planned.writes()] == ["ada"]


@pytest.mark.parametrize(("own", "other"), [("c1", "c2"), ("c2", "c1")])
def test_a_link_for_somebody_who_has_a_contact_is_void(own: str, other: str) -> None:
    """The link that is there counts, whatever the order of the contacts."""
    contacts = [contact(own, "ada@example.com", "ada"), contact(other, "other@x")]
    assert plan([user("ada")], contacts, decisions={"ada": link(other)}).changes == ()


def test_a_link_for_somebody_out_of_scope_is_void() -> None:
    """The contact is free for whoever is in scope."""
    users = [user("a", "team@x", enabled=False), user("b", "team@x")]
    planned = plan(users, [contact("c1", "team@x")], decisions={"a": link("c1")})
    assert lines(planned)["b"] == ("link", "c1", None)


# A contact of their own.


def test_a_contact_of_their_own_is_created_whatever_others_have() -> None:
    """Once: the next run finds it by its link."""
    users = [user("a", "team@x"), user("b", "team@x")]
    contacts = [contact("c1", "team@x", "a")]
    planned = plan(users, contacts, decisions={"b": CREATE})
    assert lines(planned) == {"b": ("create", None, None)}
    after = applied(contacts, planned)
    assert [one.fields.email for one in after] == ["team@x", "team@x"]
    assert plan(users, after, decisions={"b": CREATE}).changes == ()
    assert plan(users, after).counts().total() == 2, "without the decision both would be in conflict"


def test_a_contact_of_their_own_leaves_the_one_of_somebody_who_left_alone() -> None:
    """The re-used address is on both contacts then; a leaver is still a leaver."""
    former = contact("c1", "ada@example.com", "former")
    planned = plan([user("ada")], [former], None, deactivating(), {"ada": CREATE})
    assert lines(planned) == {
        "ada": ("create", None, None),
        "former": ("deactivate", "c1", "lifecycle.absent"),
    }


def test_a_contact_of_their_own_settles_the_matter_for_the_others() -> None:
    """Who remains with the address adopts the contact as if alone."""
    users, contacts = [user("a", "team@x"), user("b", "team@x")], [contact("c1", "team@x")]
    planned = plan(users, contacts, decisions={"b": CREATE})
    assert lines(planned) == {"a": ("link", "c1", None), "b": ("create", None, None)}


# Left out.


def test_whoever_is_dismissed_gets_no_contact() -> None:
    """The reason says who left them out, and a contact made by hand is not adopted."""
    planned = plan([user("ada")], [contact("c1", "ada@example.com")], decisions={"ada": DISMISS})
    assert lines(planned) == {"ada": ("skip", None, "review.dismissed")}
    assert planned.in_scope == 0


def test_a_linked_contact_of_somebody_dismissed_is_left_alone() -> None:
    """Nobody left; the contact is neither kept in step nor deactivated."""
    linked = contact("c1", "ada@example.com", "ada", job_title="By hand")
    planned = plan([user("ada")], [linked], None, deactivating(), {"ada": DISMISS})
    assert lines(planned) == {"ada": ("skip", None, "review.dismissed")}
    assert planned.writes() == ()


def test_somebody_out_of_scope_stays_out_for_the_first_reason() -> None:
    """A dismissal is the last of the reasons."""
    planned = plan([user("ada", enabled=False)], decisions={"ada": DISMISS})
    assert lines(planned) == {"ada": ("skip", None, "not_in_scope.disabled")}


def test_a_dismissal_settles_the_matter_for_the_others() -> None:
    """Who remains with the address is alone with it."""
    users = [user("a", "team@x"), user("b", "team@x")]
    planned = plan(users, [contact("c1", "team@x")], decisions={"a": DISMISS})
    assert lines(planned)["b"] == ("link", "c1", None)


def test_a_decision_about_somebody_who_is_not_there_is_void() -> None:
    """Nothing comes of it."""
    for decision in (link("c1"), CREATE, DISMISS):
        assert plan([], [contact("c1", "ada@example.com")], decisions={"ada": decision}).changes == ()


def test_by_email_alone_only_a_dismissal_counts() -> None:
    """Without links nobody could remember what else was decided."""
    users, contacts = [user("a", "team@x"), user("b", "team@x")], [contact("c1", "team@x")]
    for decision in (link("c1"), CREATE):
        planned = plan(users, contacts, None, BY_EMAIL, {"a": decision})
        assert set(lines(planned).values()) == {("conflict", None, SHARED)}
    planned = plan(users, contacts, None, BY_EMAIL, {"a": DISMISS})
    assert lines(planned) == {"a": ("skip", None, "review.dismissed"), "b": ("update", "c1", None)}
