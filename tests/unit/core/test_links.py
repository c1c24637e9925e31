"""What is kept of contacts in a PSA, and how a run is to see them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from shared.core.links import (
    Link,
    PendingCreate,
    Protection,
    RemoteContact,
    book_name,
    contact_seen,
    made_by,
    rewritten,
    same_value,
)
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields

LOOKED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
EARLIER, LATER = LOOKED - timedelta(minutes=1), LOOKED + timedelta(minutes=1)
TENANT, ELSEWHERE = "tenant", "another tenant"
FIELDS = ContactFields(name="Ada Lovelace", email="ada@example.com", mobile_phone="+44 20 7946 0001")
PENDING = PendingCreate("ada", linked=True, fields=FIELDS, at=LOOKED, run_id="run")


def remote(contact_id: str = "1", *, active: bool = True, **fields: str) -> RemoteContact:
    """A contact as the PSA shows it."""
    shown = msgspec.structs.replace(FIELDS, **fields)
    return RemoteContact(contact_id, "17", shown, active)


def link(**values: object) -> Link:
    """Ada's link, written before the look if not told otherwise."""
    made = Link("1", EARLIER, EARLIER, object_id="ada", tenant_id=TENANT, written=FIELDS)
    return msgspec.structs.replace(made, **values)


def seen(
    shown: RemoteContact | None,
    kept: Link | None = None,
    protection: Protection | None = None,
    *,
    tenant_id: str | None = TENANT,
    unseen: frozenset[str] = frozenset(),
) -> Contact | None:
    return contact_seen(shown, kept, protection, looked_at=LOOKED, tenant_id=tenant_id, unseen=unseen)


def test_what_is_nowhere_is_nobody() -> None:
    """Neither the PSA nor we know of it, and what people decided does not make it a contact."""
    assert seen(None) is None
    assert seen(None, None, Protection("1", keep_active=True)) is None


@pytest.mark.parametrize("active", [True, False])
def test_a_contact_without_a_link_is_as_the_psa_shows_it(active: bool) -> None:
    """And nobody's; whoever put it away, it was no sync."""
    assert seen(remote(active=active)) == Contact("1", FIELDS, active=active)


def test_a_contact_with_a_link_is_somebodys() -> None:
    """With the values that the PSA shows."""
    assert seen(remote(job_title="Pilot"), link()) == Contact(
        "1", msgspec.structs.replace(FIELDS, job_title="Pilot"), "ada"
    )


@pytest.mark.parametrize("written_at", [LOOKED, LATER])
def test_what_was_written_since_the_look_counts(written_at: datetime) -> None:
    """Values, and whether it is active; to the moment."""
    kept = link(written_at=written_at, active=False, deactivated_by_sync=True)
    shown = remote(name="Before", active=True)
    assert seen(shown, kept) == Contact("1", FIELDS, "ada", active=False, deactivated_by_sync=True)


def test_what_was_written_before_the_look_gives_way_to_it() -> None:
    """Somebody else may have edited it, or reactivated it, since."""
    kept = link(active=False, deactivated_by_sync=True)
    found = seen(remote(name="Edited"), kept)
    assert found == Contact("1", msgspec.structs.replace(FIELDS, name="Edited"), "ada")


def test_a_contact_that_was_made_since_the_look_is_there() -> None:
    """Though the look could not show it."""
    assert seen(None, link(written_at=LATER)) == Contact("1", FIELDS, "ada")


def test_a_contact_that_is_not_listed_any_more_is_gone() -> None:
    """If it was active, or a person had put it away."""
    assert seen(None, link()) is None
    assert seen(None, link(active=False)) is None


def test_a_contact_that_a_sync_put_away_is_there_though_it_is_not_listed() -> None:
    """A PSA may not list what is archived."""
    kept = link(active=False, deactivated_by_sync=True)
    assert seen(None, kept) == Contact("1", FIELDS, "ada", active=False, deactivated_by_sync=True)


@pytest.mark.parametrize("written_at", [EARLIER, LATER])
def test_a_contact_that_was_not_there_is_not_there(written_at: datetime) -> None:
    """Whoever put it away before."""
    assert seen(None, link(written_at=written_at, gone=True, deactivated_by_sync=True)) is None


def test_a_contact_that_was_gone_may_come_back() -> None:
    """A look that was begun after it was missed shows it; one that was begun before does not."""
    kept = Link("1", EARLIER, EARLIER, gone=True)
    assert seen(remote(), kept) == Contact("1", FIELDS)
    assert seen(remote(), msgspec.structs.replace(kept, written_at=LATER)) is None


@pytest.mark.parametrize(
    ("mine", "linked", "object_id"),
    [
        (TENANT, TENANT, "ada"),
        (TENANT, None, "ada"),
        (None, TENANT, "ada"),
        (None, None, "ada"),
        (TENANT, ELSEWHERE, None),
    ],
)
def test_a_link_into_another_tenant_is_none(
    mine: str | None, linked: str | None, object_id: str | None
) -> None:
    """The contact is there, and may be linked anew."""
    for written_at in (EARLIER, LATER):
        found = seen(remote(), link(tenant_id=linked, written_at=written_at), tenant_id=mine)
        assert found == Contact("1", FIELDS, object_id)


def test_a_contact_that_a_person_put_away_was_not_put_away_by_a_sync() -> None:
    """Only what a sync put away, and is still so, may be brought back by one."""
    by_hand = seen(remote(active=False), link())
    by_sync = seen(remote(active=False), link(active=False, deactivated_by_sync=True))
    back = seen(remote(active=True), link(active=False, deactivated_by_sync=True))
    for found, marks in ((by_hand, (False, False)), (by_sync, (False, True)), (back, (True, False))):
        assert found is not None
        assert (found.active, found.deactivated_by_sync) == marks


def test_what_people_decided_is_part_of_the_contact() -> None:
    """Linked or not, listed or written a moment ago."""
    protection = Protection("1", frozenset({"name"}), keep_active=True)
    for kept in (None, link(), link(written_at=LATER)):
        found = seen(remote(), kept, protection)
        assert found is not None
        assert (found.pins, found.keep_active) == (frozenset({"name"}), True)


# Values.


def test_fields_that_the_psa_does_not_show_are_as_they_were_written() -> None:
    """Where there is a link; of a contact that is nobody's there is nothing to say."""
    shown, unseen = remote(licence=""), frozenset({"licence"})
    kept = link(written=msgspec.structs.replace(FIELDS, licence="E3", department="Engines"))
    found = seen(shown, kept, unseen=unseen)
    assert found is not None
    assert (found.fields.licence, found.fields.department) == ("E3", "")
    nobodys = seen(shown, unseen=unseen)
    assert nobodys is not None
    assert nobodys.fields.licence == ""


@pytest.mark.parametrize(
    ("shown", "seen_as"),
    [
        ("Analyst of En", "Analyst of Engines"),  # as the PSA made it when it was written
        ("Analyst", "Analyst"),
        ("", ""),
        ("Analyst of Engines", "Analyst of Engines"),
    ],
)
def test_what_the_psa_made_of_a_value_is_not_corrected(shown: str, seen_as: str) -> None:
    """As long as it says that and nothing else."""
    kept = link(
        written=msgspec.structs.replace(FIELDS, job_title="Analyst of Engines"),
        rewritten={"job_title": "Analyst of En"},
    )
    found = seen(remote(job_title=shown), kept)
    assert found is not None
    assert found.fields.job_title == seen_as


def test_a_value_that_the_psa_drops_is_seen_as_it_was_written() -> None:
    """Though a blank is otherwise never taken for a value."""
    written = msgspec.structs.replace(FIELDS, state="Greater London")
    dropped = seen(remote(state=""), link(written=written, rewritten={"state": ""}))
    blanked = seen(remote(state=""), link(written=written))
    assert dropped is not None
    assert blanked is not None
    assert (dropped.fields.state, blanked.fields.state) == ("Greater London", "")


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("mobile_phone", "+44 20 7946 0001", "442079460001"),
        ("business_phone", "+44 (0)20-7946", "44 020 7946"),
        ("email", "Ada@Example.com", "ada@example.com "),
        ("email", "ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("name", "Zoe\u0301  Łukasz", "Zoé Łukasz"),
        ("city", "New York", "New  York "),
    ],
)
def test_a_value_that_is_only_spelled_otherwise_is_the_same(name: str, written: str, shown: str) -> None:
    """A phone number by its digits, an address without case, a text without regard to white space."""
    kept = link(written=msgspec.structs.replace(FIELDS, **{name: written}))
    found = seen(remote(active=True, **{name: shown}), kept)
    assert found is not None
    assert getattr(found.fields, name) == written


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("name", "Ada", "Ada", True),
        ("name", "Ada", "ada", False),
        ("name", "Ada", "Ada B", False),
        ("name", "e\u0301", "é", True),
        ("name", "a b", "ab", False),
        ("name", "a b", "a\u00a0b", True),
        ("email", "A@B.example", "a@b.example", True),
        ("email", "a@b.example", "a@c.example", False),
        ("mobile_phone", "+1 (555) 010-0001", "15550100001", True),
        ("mobile_phone", "+1 555", "+1 556", False),
        ("mobile_phone", "555 x 12", "55512", True),
        ("mobile_phone", "ask Ada", "ask Bob", False),
        ("mobile_phone", "none", "555", False),
        ("postal_code", "SW1 2AB", "SW12AB", False),
        ("street", "1", "1 ", True),
        *((name, "", "x", False) for name in CONTACT_FIELDS),
        *((name, "", " ", False) for name in CONTACT_FIELDS),
        *((name, "", "", True) for name in CONTACT_FIELDS),
    ],
)
def test_two_spellings_say_the_same_or_not(name: str, one: str, other: str, same: bool) -> None:
    """Whichever is named first; a blank says something else than any value."""
    assert same_value(name, one, other) is same
    assert same_value(name, other, one) is same


def test_what_was_rewritten_is_told_by_field() -> None:
    """Of those that were asked about; not what only is spelled otherwise."""
    wanted = ContactFields(name="Ada  L", state="Greater London", city="London", business_phone="+44 1")
    shown = ContactFields(name="Ada L", state="", city="Londo", business_phone="441", job_title="Pilot")
    assert rewritten(wanted, shown, {"name", "state", "business_phone"}) == {"state": ""}
    assert rewritten(wanted, shown, CONTACT_FIELDS) == {"state": "", "city": "Londo", "job_title": "Pilot"}
    assert rewritten(wanted, wanted, CONTACT_FIELDS) == {}
    assert rewritten(wanted, shown, ()) == {}


# Creates whose answers nobody saw.


def test_the_contact_that_a_create_made_is_the_one_with_its_address() -> None:
    """However the address is spelled; nobody else is."""
    others = [remote("1", email="bob@example.com"), remote("2", email="")]
    assert made_by(PENDING, others, frozenset()) is None
    assert made_by(PENDING, [], frozenset()) is None
    mine = remote("3", email="ADA@example.com ")
    assert made_by(PENDING, [*others, mine], frozenset()) == mine


def test_a_contact_that_was_there_before_is_not_the_one_that_was_made() -> None:
    """It was written down beside the create."""
    pending = msgspec.structs.replace(PENDING, beside=("1",))
    assert made_by(pending, [remote("1")], frozenset()) is None
    assert made_by(pending, [remote("1"), remote("2")], frozenset()) == remote("2")


def test_a_contact_that_is_somebodys_is_not_the_one_that_was_made() -> None:
    """Of two creates with one address each finds its own."""
    assert made_by(PENDING, [remote("1")], {"1"}) is None
    assert made_by(PENDING, [remote("1"), remote("2")], {"2"}) == remote("1")


def test_of_several_the_one_that_says_what_was_asked_for_was_made() -> None:
    """In spite of how the PSA spells it, and of which is newer."""
    mine = remote("7", mobile_phone="442079460001")
    others = [remote("8", name="Somebody"), remote("9", mobile_phone="")]
    for order in permutations([mine, *others]):
        assert made_by(PENDING, order, frozenset()) == mine


def test_of_several_that_say_the_same_the_newest_was_made() -> None:
    """Ids are numbers that grow: 10 is newer than 9."""
    for order in permutations([remote("9"), remote("10"), remote("2")]):
        assert made_by(PENDING, order, frozenset()) == remote("10")


def test_every_connection_has_a_book_in_every_psa_account() -> None:
    """No two share one."""
    names = {
        book_name(connection, account) for connection in ("a", "b") for account in ("atera 1", "atera 2")
    }
    assert len(names) == 4
