"""The built-in destination: one contact per person, whatever happens twice or half."""

from __future__ import annotations

import msgspec
import pytest

from shared.adapters.builtin import BuiltinDestination, BuiltinDestinations
from shared.adapters.tables.table import TRANSACTION, Table
from shared.core.changes import Change, ChangeKind
from shared.core.models import ContactFields
from tests.contract.contracts.destination import contacts, create, create_unlinked, person
from tests.contract.contracts.values import LATER, NOW, active, unique
from tests.fakes import FakeClock
from tests.integration.storage import OwnTables

CONNECTION = active(unique())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def destinations(tables: OwnTables, clock: FakeClock) -> BuiltinDestinations:
    return BuiltinDestinations(tables, clock)


@pytest.fixture
def destination(destinations: BuiltinDestinations) -> BuiltinDestination:
    return destinations.open(CONNECTION)


async def test_created_again_a_contact_keeps_the_day_it_was_made(
    destinations: BuiltinDestinations, destination: BuiltinDestination, clock: FakeClock
) -> None:
    """A run that is delivered twice does not make everybody look new."""
    await destination.apply([create("object", person("p"))], "run_1")
    clock.advance(LATER - NOW)
    await destination.apply([create("object", person("q"))], "run_1")
    (stored,) = (await destinations.list(CONNECTION.id, 10)).items
    assert (stored.created_at, stored.updated_at) == (NOW, LATER)
    assert stored.contact.fields == person("q")


async def test_created_after_somebody_else_created_them_there_is_still_one(
    destination: BuiltinDestination,
) -> None:
    """Two workers with batches that overlap: everybody once, whoever wrote last counts."""
    mine = [create(f"object-{number:03d}", person(f"mine-{number}")) for number in range(150)]
    theirs = [create(f"object-{number:03d}", person(f"theirs-{number}")) for number in range(90, 240)]
    await destination.apply(theirs, "run_theirs")
    await destination.apply(mine, "run_mine")
    found = {contact.object_id: contact.fields.name for contact in (await contacts(destination)).values()}
    assert len(found) == 240
    assert (found["object-000"], found["object-100"], found["object-200"]) == (
        "mine-0",
        "mine-100",
        "theirs-200",
    )


async def test_made_for_addresses_by_two_workers_there_is_still_one_of_each(
    destination: BuiltinDestination,
) -> None:
    """Batches that overlap, without a link to tell people by."""
    mine = [create_unlinked(f"object-{n}", person(f"person-{n:03d}")) for n in range(150)]
    theirs = [create_unlinked(f"other-{n}", person(f"person-{n:03d}")) for n in range(90, 240)]
    await destination.apply(theirs, "run_theirs")
    await destination.apply(mine, "run_mine")
    found = (await contacts(destination)).values()
    assert sorted(contact.fields.name for contact in found) == [f"person-{n:03d}" for n in range(240)]
    assert {contact.object_id for contact in found} == {None}


async def test_a_batch_of_every_kind_is_one_stroke(
    tables: OwnTables, destination: BuiltinDestination
) -> None:
    """Creating, changing, deactivating and bringing back go together, with the run that did it."""
    made = [create(f"object-{n}", person(f"p{n}")) for n in range(4)]
    await destination.apply(made, "run_1")
    ids = {contact.object_id: contact.id for contact in (await contacts(destination)).values()}
    deactivate = Change(ChangeKind.DEACTIVATE, "object-3", "p3", ids["object-3"])
    await destination.apply([deactivate], "run_2")
    batch = [
        create("object-4", person("p4")),
        Change(ChangeKind.UPDATE, "object-0", "q0", ids["object-0"], person("q0")),
        Change(ChangeKind.MOVE_SITE, "object-1", "q1", ids["object-1"], person("q1")),
        Change(ChangeKind.DEACTIVATE, "object-2", "p2", ids["object-2"]),
        Change(ChangeKind.REACTIVATE, "object-3", "q3", ids["object-3"], person("q3")),
    ]
    await destination.apply(batch, "run_3")
    found = {contact.object_id: contact for contact in (await contacts(destination)).values()}
    assert {each: found[each].fields.name for each in sorted(found, key=str)} == {
        "object-0": "q0",
        "object-1": "q1",
        "object-2": "p2",
        "object-3": "q3",
        "object-4": "p4",
    }
    assert [each for each, contact in found.items() if not contact.active] == ["object-2"]
    assert {row["updated_by_run"] for row in await tables.entities("contacts")} == {"run_3"}


async def test_what_a_person_writes_leaves_the_run_that_was_there_last(
    tables: OwnTables, destinations: BuiltinDestinations, destination: BuiltinDestination
) -> None:
    """Whoever asks why a contact changed finds the run, and a person's pins as a list."""
    await destination.apply([create("object", person("p"))], "run_1")
    (listed,) = (await destinations.list(CONNECTION.id, 10)).items
    stored = await destinations.get(CONNECTION.id, listed.contact.id)
    assert stored is not None
    pinned = msgspec.structs.replace(listed.contact, pins=frozenset({"email", "city"}))
    await destinations.replace(CONNECTION.id, stored, msgspec.structs.replace(listed, contact=pinned))
    (row,) = await tables.entities("contacts")
    assert (row["updated_by_run"], row["source"], row["pins"]) == ("run_1", "entra", '["city","email"]')


async def test_a_contact_is_given_away_more_than_once(destination: BuiltinDestination) -> None:
    """Somebody who returns twice, after the contact went to others twice, is a third contact."""
    for other in ("second", "third"):
        await destination.apply([create("first", person("p"))], "run_1")
        mine = [each for each in (await contacts(destination)).values() if each.object_id == "first"]
        assert len(mine) == 1
        link = Change(ChangeKind.LINK, other, "p", mine[0].id, person(other))
        await destination.apply([link], "run_1")
    await destination.apply([create("first", person("p"))], "run_1")
    await destination.apply([create("first", person("p"))], "run_1")
    owners = sorted(contact.object_id or "" for contact in (await contacts(destination)).values())
    assert owners == ["first", "second", "third"]


async def test_nobody_is_created_from_half_a_transaction(destination: BuiltinDestination) -> None:
    """The hundred that go together are all there, also when one of them was there before."""
    await destination.apply([create("object-050", person("p"))], "run_1")
    await destination.apply([create(f"object-{n:03d}", person(f"p{n}")) for n in range(100)], "run_1")
    assert len(await contacts(destination)) == 100


async def test_customers_do_not_see_each_other(destinations: BuiltinDestinations) -> None:
    """The same object in two customers makes two contacts, each in its own list."""
    one, other = destinations.open(active(unique())), destinations.open(active(unique()))
    await one.apply([create("object", person("one"))], "run_1")
    await other.apply([create("object", person("other"))], "run_1")
    assert [each.fields.name for each in (await contacts(one)).values()] == ["one"]
    assert [each.fields.name for each in (await contacts(other)).values()] == ["other"]
    assert not set(await contacts(one)) & set(await contacts(other))


async def test_a_list_is_cut_into_pages_anywhere(
    destinations: BuiltinDestinations, destination: BuiltinDestination
) -> None:
    """Everybody once, in order of ids, with the source they come from."""
    await destination.apply([create(f"object-{n:02d}", person(f"p{n}")) for n in range(23)], "run_1")
    whole = (await destinations.list(CONNECTION.id, 100)).items
    ids = [stored.contact.id for stored in whole]
    assert ids == sorted(ids)
    assert {stored.source for stored in whole} == {"entra"}
    for limit in (1, 7, 22, 23, 24):
        found, after = [], None
        while True:
            page = await destinations.list(CONNECTION.id, limit, after)
            assert len(page.items) <= limit
            found += page.items
            if page.after is None:
                break
            after = page.after
        assert tuple(found) == whole


async def test_a_large_customer_is_listed_whole(tables: OwnTables, destination: BuiltinDestination) -> None:
    """2,500 contacts come in several answers of the service and each of them once."""
    table, partition = Table(tables, "contacts"), CONNECTION.id
    for start in range(0, 2_500, TRANSACTION):
        await table.transaction(
            [
                ("create", {"PartitionKey": partition, "RowKey": f"{n:05d}", "object_id": f"object-{n}"})
                for n in range(start, start + TRANSACTION)
            ]
        )
    pages = [page async for page in destination.contacts(NOW)]
    assert len(pages) == 3
    listed = [contact.object_id for page in pages for contact in page]
    assert sorted(listed, key=str) == sorted((f"object-{n}" for n in range(2_500)), key=str)


async def test_a_field_that_an_older_version_did_not_write_is_blank(
    tables: OwnTables, destination: BuiltinDestination
) -> None:
    """A contact is a row; a column that is missing is a field without a value."""
    row = {"PartitionKey": CONNECTION.id, "RowKey": "1", "name": "Old", "object_id": "object"}
    await Table(tables, "contacts").insert(row)
    (found,) = (await contacts(destination)).values()
    assert found.fields == ContactFields(name="Old")
    update = Change(ChangeKind.UPDATE, "object", "Old", "1", msgspec.structs.replace(found.fields, city="X"))
    await destination.apply([update], "run_1")
    (found,) = (await contacts(destination)).values()
    assert found.fields == ContactFields(name="Old", city="X")
