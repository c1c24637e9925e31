"""The built-in destination: one contact per person, whatever happens twice or half."""

from __future__ import annotations

import msgspec
import pytest

from shared.adapters.builtin import BuiltinDestination, BuiltinDestinations
from shared.adapters.tables.table import TRANSACTION, Table
from shared.core.changes import Change, ChangeKind
from shared.core.models import ContactFields
from tests.contract.contracts.destination import contacts, create, person
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
    pages = [page async for page in destination.contacts()]
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
