"""What every Destination must do."""

import msgspec
import pytest

from shared.core.changes import Change, ChangeKind
from shared.core.models import Contact, ContactFields
from shared.core.run import new_run_id
from shared.ports import Destination
from tests.contract.contracts.values import HOSTILE, NOW, unique

RUN = new_run_id("0123456789abcdef", NOW)


class DestinationContract:
    """Where the contacts of one customer live: at first, nobody does."""

    @pytest.fixture
    def destination(self) -> Destination:
        raise NotImplementedError("the destination under test, with no contact in it")

    async def test_an_empty_destination_has_no_contacts(self, destination: Destination) -> None:
        """Looking at nobody is no error."""
        assert await contacts(destination) == {}

    async def test_a_created_contact_is_linked_and_complete(self, destination: Destination) -> None:
        """Every field and the link are there when the contact is."""
        values = {name: f"{name} Zoë 名前 😀" for name in ContactFields.__struct_fields__}
        fields = ContactFields(**values | {"email": "zoë@example.com"})
        await destination.apply([create("object", fields)], RUN)
        (found,) = (await contacts(destination)).values()
        assert (found.object_id, found.fields) == ("object", fields)

    async def test_creating_again_makes_no_second_contact(self, destination: Destination) -> None:
        """Whether the reply was lost or another run comes to it, the person has one contact."""
        await destination.apply([create("object", person("old"))], RUN)
        await destination.apply([create("object", person("old"))], RUN)
        await destination.apply([create("object", person("new"))], new_run_id("0123456789abcdef", NOW))
        (found,) = (await contacts(destination)).values()
        assert found.fields == person("new")

    async def test_a_batch_that_was_half_done_is_done_again(self, destination: Destination) -> None:
        """Some of a batch exists already: afterwards all of it does, once."""
        batch = [create(f"object-{number}", person(f"p{number}")) for number in range(5)]
        await destination.apply(batch[1:3], RUN)
        await destination.apply(batch, RUN)
        found = await contacts(destination)
        assert sorted(contact.object_id or "" for contact in found.values()) == [
            change.object_id for change in batch
        ]

    async def test_an_update_changes_the_fields_and_keeps_the_link(self, destination: Destination) -> None:
        """The contact is the same, its values are the new ones, a blank too."""
        await destination.apply([create("object", person("old"))], RUN)
        (before,) = (await contacts(destination)).values()
        after = ContactFields(name="New", email="new@example.com")
        update = Change(ChangeKind.UPDATE, "object", "New", before.id, after)
        await destination.apply([update], RUN)
        await destination.apply([update], RUN)
        assert await contacts(destination) == {before.id: Contact(before.id, after, "object")}

    async def test_a_link_gives_the_contact_to_the_object(self, destination: Destination) -> None:
        """From then on it is the new object's; what it says is what the change says."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        link = Change(ChangeKind.LINK, "second", "p", before.id, person("q"))
        await destination.apply([link], RUN)
        assert await contacts(destination) == {before.id: Contact(before.id, person("q"), "second")}

    async def test_a_contact_that_was_given_away_is_not_taken_back(self, destination: Destination) -> None:
        """When the first object returns it gets a contact of its own, again only one."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.LINK, "second", "p", before.id, person("p"))], RUN)
        await destination.apply([create("first", person("other"))], RUN)
        await destination.apply([create("first", person("other"))], RUN)
        found = await contacts(destination)
        assert found[before.id] == Contact(before.id, person("p"), "second")
        assert sorted(contact.object_id or "" for contact in found.values()) == ["first", "second"]

    async def test_it_may_happen_in_the_batch_that_writes_the_other_one(
        self, destination: Destination
    ) -> None:
        """A new contact for the first object beside an update of the one that was given away."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.LINK, "second", "p", before.id, person("p"))], RUN)
        update = Change(ChangeKind.UPDATE, "second", "q", before.id, person("q"))
        await destination.apply([create("first", person("other")), update], RUN)
        found = {contact.object_id: contact.fields for contact in (await contacts(destination)).values()}
        assert found == {"first": person("other"), "second": person("q")}

    async def test_every_contact_is_listed_once(self, destination: Destination) -> None:
        """More contacts than fit on a page or into a batch."""
        changes = [create(f"object-{number:04d}", person(f"p{number}")) for number in range(1_250)]
        for start in range(0, len(changes), destination.batch_size):
            await destination.apply(changes[start : start + destination.batch_size], RUN)
        listed = [contact async for page in destination.contacts() for contact in page]
        assert len(listed) == len(changes)
        assert {contact.object_id for contact in listed} == {change.object_id for change in changes}

    async def test_hostile_text_is_kept_as_it_is(self, destination: Destination) -> None:
        """Any character in any field, and values of 1,000 characters."""
        texts = [text.strip() for text in HOSTILE] + ["x" * 1000, "名" * 1000]
        people = {
            f"{unique()}": msgspec.structs.replace(person(f"p{number}"), name=text, street=text)
            for number, text in enumerate(texts)
        }
        for object_id, fields in people.items():
            await destination.apply([create(object_id, fields)], RUN)
        found = {contact.object_id: contact.fields for contact in (await contacts(destination)).values()}
        assert found == people


async def contacts(destination: Destination) -> dict[str, Contact]:
    """Every contact by id."""
    return {contact.id: contact async for page in destination.contacts() for contact in page}


def person(name: str) -> ContactFields:
    return ContactFields(name=name, email=f"{name}@example.com", job_title="Title")


def create(object_id: str, fields: ContactFields) -> Change:
    return Change(ChangeKind.CREATE, object_id, fields.name, fields=fields)
