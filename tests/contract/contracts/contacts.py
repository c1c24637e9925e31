"""What every ContactStore must do."""

import asyncio
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest

from shared.core.changes import Change, ChangeKind
from shared.core.errors import ConcurrentUpdate
from shared.core.models import Contact, ContactFields
from shared.ports import ContactStore, Destinations, Stored, StoredContact
from tests.contract.contracts.destination import ON_A_CONTACT, RUN, contacts, create, person
from tests.contract.contracts.values import HOSTILE, LATER, active, unique


class Contacts(ContactStore, Destinations, Protocol):
    """What the PSA's front end and the runs look at from two sides."""


class ContactStoreContract:
    """The contacts of the built-in destination, as people see and change them."""

    @pytest.fixture
    def store(self) -> Contacts:
        raise NotImplementedError("the store under test")

    async def test_a_contact_is_found_as_it_is_listed(self, store: Contacts) -> None:
        """With its source and its dates."""
        connection = active(unique())
        await store.open(connection).apply([create("object", person("p"))], RUN)
        (listed,) = (await store.list(connection.id, 10)).items
        found = await store.get(connection.id, listed.contact.id)
        assert found is not None
        assert found.value == listed
        assert found.value.source == "entra"

    async def test_an_unknown_contact_is_none(self, store: Contacts) -> None:
        """Also one that belongs to another connection, and whatever the id is made of."""
        connection = active(unique())
        await store.open(connection).apply([create("object", person("p"))], RUN)
        (listed,) = (await store.list(connection.id, 10)).items
        assert await store.get(unique(), listed.contact.id) is None
        for text in ("", unique(), *HOSTILE):
            assert await store.get(connection.id, text) is None

    async def test_what_a_person_changed_is_kept(self, store: Contacts) -> None:
        """Everything about the contact, seen from both sides, and then everything back again."""
        connection_id, stored = await one_contact(store)
        before = stored.value
        changed = StoredContact(
            Contact(
                before.contact.id,
                ContactFields(**{name: f"{name} Zoë 名前 😀" for name in ContactFields.__struct_fields__}),
                "another-object",
                active=False,
                deactivated_by_sync=True,
                pins=frozenset({"job_title", "email", "Zoë / 名前"}),
                keep_active=True,
            ),
            before.source,
            before.created_at,
            LATER,
        )
        for value in (changed, msgspec.structs.replace(before, updated_at=LATER)):
            stored = await store.replace(connection_id, stored, value)
            found = await store.get(connection_id, before.contact.id)
            assert stored.value == value
            assert found == stored
            assert (await store.list(connection_id, 10)).items == (value,)
            destination = store.open(active(unique(), connection_id))
            assert await contacts(destination) == {value.contact.id: value.contact}

    async def test_a_link_can_be_taken_away(self, store: Contacts) -> None:
        """The contact is nobody's then."""
        connection_id, stored = await one_contact(store)
        unlinked = msgspec.structs.replace(stored.value.contact, object_id=None)
        await store.replace(connection_id, stored, msgspec.structs.replace(stored.value, contact=unlinked))
        found = await store.get(connection_id, unlinked.id)
        assert found is not None
        assert found.value.contact == unlinked

    async def test_a_write_over_what_was_read_succeeds_once(self, store: Contacts) -> None:
        """Whoever read it before that changes nothing."""
        connection_id, first = await one_contact(store)
        second = await store.replace(connection_id, first, renamed(first, "second"))
        with pytest.raises(ConcurrentUpdate):
            await store.replace(connection_id, first, renamed(first, "too late"))
        third = await store.replace(connection_id, second, renamed(first, "third"))
        assert await store.get(connection_id, first.value.contact.id) == third

    async def test_of_many_writers_one_wins(self, store: Contacts) -> None:
        """Twenty people who read the same contact: one succeeds, and what they wrote is there."""
        connection_id, stored = await one_contact(store)

        async def write(number: int) -> str | None:
            try:
                await store.replace(connection_id, stored, renamed(stored, str(number)))
            except ConcurrentUpdate:
                return None
            return str(number)

        winners = [name for name in await asyncio.gather(*map(write, range(20))) if name is not None]
        found = await store.get(connection_id, stored.value.contact.id)
        assert found is not None
        assert [found.value.contact.fields.name] == winners

    async def test_what_a_run_wrote_in_the_meantime_is_not_lost(self, store: Contacts) -> None:
        """A person who read the contact before finds out."""
        connection_id, stored = await one_contact(store)
        contact = stored.value.contact
        update = Change(ChangeKind.UPDATE, "object", "q", contact.id, person("q"))
        await store.open(active(unique(), connection_id)).apply([update], RUN)
        with pytest.raises(ConcurrentUpdate):
            await store.replace(connection_id, stored, renamed(stored, "too late"))
        found = await store.get(connection_id, contact.id)
        assert found is not None
        assert found.value.contact.fields == person("q")

    async def test_a_contact_that_is_not_there_is_not_written(self, store: Contacts) -> None:
        """Nor does it come into being, in this connection or in another one."""
        connection_id, stored = await one_contact(store)
        elsewhere = unique()
        with pytest.raises(ConcurrentUpdate):
            await store.replace(elsewhere, stored, stored.value)
        assert (await store.list(elsewhere, 10)).items == ()
        assert (await store.list(connection_id, 10)).items == (stored.value,)

    @pytest.mark.parametrize("kind", [*ON_A_CONTACT, ChangeKind.CREATE])
    async def test_no_run_writes_over_what_people_decided(self, store: Contacts, kind: ChangeKind) -> None:
        """Pins and the wish to keep somebody active stay, whatever a run does to the contact."""
        connection_id, stored = await one_contact(store)
        decided = msgspec.structs.replace(
            stored.value.contact, pins=frozenset({"job_title", "city"}), keep_active=True
        )
        await store.replace(connection_id, stored, msgspec.structs.replace(stored.value, contact=decided))
        creates = kind is ChangeKind.CREATE
        change = Change(kind, "object", "q", None if creates else decided.id, person("q"))
        await store.open(active(unique(), connection_id)).apply([change], RUN)
        (found,) = (await store.list(connection_id, 10)).items
        assert (found.contact.pins, found.contact.keep_active) == (decided.pins, True)

    async def test_a_run_and_a_person_leave_the_day_a_contact_was_made(self, store: Contacts) -> None:
        """Only the day of the last change moves."""
        connection_id, stored = await one_contact(store)
        later = stored.value.updated_at + timedelta(days=1)
        await store.replace(connection_id, stored, msgspec.structs.replace(stored.value, updated_at=later))
        change = Change(ChangeKind.DEACTIVATE, "object", "p", stored.value.contact.id)
        await store.open(active(unique(), connection_id)).apply([change], RUN)
        found = await store.get(connection_id, stored.value.contact.id)
        assert found is not None
        assert found.value.created_at == stored.value.created_at
        assert found.value.updated_at != later


async def one_contact(store: Contacts) -> tuple[str, Stored[StoredContact]]:
    """A new connection with one contact, as it is read."""
    connection = active(unique())
    await store.open(connection).apply([create("object", person("p"))], RUN)
    (listed,) = (await store.list(connection.id, 10)).items
    found = await store.get(connection.id, listed.contact.id)
    assert found is not None
    return connection.id, found


def renamed(stored: Stored[StoredContact], name: str) -> StoredContact:
    contact = stored.value.contact
    fields = msgspec.structs.replace(contact.fields, name=name)
    return msgspec.structs.replace(stored.value, contact=msgspec.structs.replace(contact, fields=fields))
