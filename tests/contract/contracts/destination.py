"""What every Destination must do."""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

import msgspec
import pytest

from shared.core.changes import USER_WRITES, WRITES, Change, ChangeKind
from shared.core.models import Contact, ContactFields
from shared.core.run import new_run_id
from shared.ports import Destination
from tests.contract.contracts.values import HOSTILE, NOW, unique

RUN = new_run_id("0123456789abcdef", NOW)
ON_A_CONTACT = sorted(WRITES - {ChangeKind.CREATE})
"""The kinds that write a contact that is there."""


class DestinationContract:
    """Where the contacts of one customer live: at first, nobody does.

    `a_site`: a site there can be; `moves_addresses`: whether a contact's address can be changed.
    """

    a_site = "site Zoë 名前 😀"
    moves_addresses = True

    def other(self, name: str) -> ContactFields:
        """What a contact of `person("p")` may say instead."""
        if self.moves_addresses:
            return person(name)
        return msgspec.structs.replace(person("p"), name=name, job_title=name)

    @pytest.fixture
    def destination(self) -> Destination:
        raise NotImplementedError("the destination under test, with no contact in it")

    @pytest.fixture
    def elsewhere(self) -> Destination:
        raise NotImplementedError("the same customer's destination, connected to another tenant")

    async def test_a_link_counts_in_the_tenant_it_was_made_in(
        self, destination: Destination, elsewhere: Destination
    ) -> None:
        """Connected to another tenant, the customer's contacts are there and nobody's; linked again, they
        are the other tenant's."""
        await destination.apply([create("object", person("ada"))], RUN)
        (seen,) = (await contacts(elsewhere)).values()
        assert (seen.object_id, seen.fields) == (None, await kept(destination, person("ada")))
        await elsewhere.apply([Change(ChangeKind.LINK, "other", "", seen.id, person("ada"))], RUN)
        assert [c.object_id for c in (await contacts(elsewhere)).values()] == ["other"]
        assert [c.object_id for c in (await contacts(destination)).values()] == [None]

    async def test_address_and_some_name_have_a_place_everywhere(self, destination: Destination) -> None:
        """Without them nobody could be found again."""
        held = await destination.fields()
        assert "email" in held
        assert "name" in held or {"first_name", "last_name"} <= held
        assert held <= set(ContactFields.__struct_fields__)
        assert destination.batch_size >= 1
        assert destination.gaps == ()

    async def test_what_is_taken_is_not_told(self, destination: Destination) -> None:
        """Only what is not taken comes back from a batch."""
        assert list(await destination.apply([create("object", person("p"))], RUN)) == []

    async def test_an_empty_destination_has_no_contacts(self, destination: Destination) -> None:
        """Looking at nobody is no error."""
        assert await contacts(destination) == {}

    async def test_a_created_contact_is_linked_and_complete(self, destination: Destination) -> None:
        """Every field and the link are there when the contact is."""
        values = {name: f"{name} Zoë 名前 😀" for name in ContactFields.__struct_fields__}
        fields = ContactFields(**values | {"email": "zoë@example.com", "site": self.a_site})
        await destination.apply([create("object", fields)], RUN)
        (found,) = (await contacts(destination)).values()
        assert (found.object_id, found.fields) == ("object", await kept(destination, fields))

    async def test_creating_again_makes_no_second_contact(self, destination: Destination) -> None:
        """Whether the reply was lost or another run comes to it, the person has one contact."""
        await destination.apply([create("object", person("p"))], RUN)
        await destination.apply([create("object", person("p"))], RUN)
        await destination.apply([create("object", self.other("new"))], new_run_id("0123456789abcdef", NOW))
        (found,) = (await contacts(destination)).values()
        assert found.fields == await kept(destination, self.other("new"))

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
        await destination.apply([create("object", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        after = msgspec.structs.replace(self.other("new"), job_title="", last_name="New")
        update = Change(ChangeKind.UPDATE, "object", "New", before.id, after)
        await destination.apply([update], RUN)
        await destination.apply([update], RUN)
        shown = await kept(destination, after)
        assert await contacts(destination) == {before.id: Contact(before.id, shown, "object")}

    async def test_a_link_gives_the_contact_to_the_object(self, destination: Destination) -> None:
        """From then on it is the new object's; what it says is what the change says."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        link = Change(ChangeKind.LINK, "second", "p", before.id, self.other("q"))
        await destination.apply([link], RUN)
        shown = await kept(destination, self.other("q"))
        assert await contacts(destination) == {before.id: Contact(before.id, shown, "second")}

    async def test_a_contact_that_was_given_away_is_not_taken_back(self, destination: Destination) -> None:
        """When the first object returns it gets a contact of its own, again only one."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.LINK, "second", "p", before.id, person("p"))], RUN)
        await destination.apply([create("first", person("other"))], RUN)
        await destination.apply([create("first", person("other"))], RUN)
        found = await contacts(destination)
        assert found[before.id] == Contact(before.id, await kept(destination, person("p")), "second")
        assert sorted(contact.object_id or "" for contact in found.values()) == ["first", "second"]

    async def test_it_may_happen_in_the_batch_that_writes_the_other_one(
        self, destination: Destination
    ) -> None:
        """A new contact for the first object beside an update of the one that was given away."""
        await destination.apply([create("first", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.LINK, "second", "p", before.id, person("p"))], RUN)
        update = Change(ChangeKind.UPDATE, "second", "q", before.id, self.other("q"))
        await destination.apply([create("first", person("other")), update], RUN)
        found = {contact.object_id: contact.fields for contact in (await contacts(destination)).values()}
        assert found == {
            "first": await kept(destination, person("other")),
            "second": await kept(destination, self.other("q")),
        }

    async def test_every_contact_is_listed_once(self, destination: Destination) -> None:
        """More contacts than fit on a page or into a batch."""
        changes = [create(f"object-{number:04d}", person(f"p{number}")) for number in range(1_250)]
        for start in range(0, len(changes), destination.batch_size):
            await destination.apply(changes[start : start + destination.batch_size], RUN)
        listed = [contact async for page in destination.contacts(datetime.now(UTC)) for contact in page]
        assert len(listed) == len(changes)
        assert {contact.object_id for contact in listed} == {change.object_id for change in changes}

    async def test_hostile_text_is_kept_as_it_is(self, destination: Destination) -> None:
        """Any character in any field, and values of 1,000 characters."""
        texts = [text.strip() for text in HOSTILE] + ["x" * 1000, "名" * 1000]
        people = {
            f"{unique()}": await kept(
                destination,
                msgspec.structs.replace(
                    person(f"p{number}"), name=text, street=text, last_name=text, job_title=text
                ),
            )
            for number, text in enumerate(texts)
        }
        for object_id, fields in people.items():
            await destination.apply([create(object_id, fields)], RUN)
        found = {contact.object_id: contact.fields for contact in (await contacts(destination)).values()}
        assert found == people

    async def test_a_new_contact_is_active_and_nobody_decided_anything_about_it(
        self, destination: Destination
    ) -> None:
        """Linked or not."""
        await destination.apply([create("object", person("p")), create_unlinked("other", person("q"))], RUN)
        for contact in (await contacts(destination)).values():
            assert (contact.active, contact.deactivated_by_sync) == (True, False)
            assert (contact.pins, contact.keep_active) == (frozenset(), False)

    async def test_deactivating_marks_the_contact_and_changes_nothing_else(
        self, destination: Destination
    ) -> None:
        """Doing it again comes to the same, whether the contact has a link or not, with fields or without."""
        await destination.apply([create("object", person("p")), create_unlinked("other", person("q"))], RUN)
        before = await contacts(destination)
        for fields in (None, person("ignored")):
            changes = [
                Change(ChangeKind.DEACTIVATE, "whoever", "p", contact.id, fields, linked=linked)
                for contact, linked in zip(before.values(), (True, False), strict=True)
            ]
            await destination.apply(changes, RUN)
            assert await contacts(destination) == {
                contact.id: msgspec.structs.replace(contact, active=False, deactivated_by_sync=True)
                for contact in before.values()
            }

    async def test_reactivating_writes_the_fields_and_takes_the_mark_away(
        self, destination: Destination
    ) -> None:
        """Whoever returns is as the directory says now; doing it again comes to the same."""
        await destination.apply([create("object", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.DEACTIVATE, "object", "p", before.id)], RUN)
        back = Change(ChangeKind.REACTIVATE, "object", "q", before.id, self.other("q"))
        shown = await kept(destination, self.other("q"))
        for _ in range(2):
            await destination.apply([back], RUN)
            assert await contacts(destination) == {before.id: Contact(before.id, shown, "object")}

    @pytest.mark.parametrize("kind", sorted(USER_WRITES - {ChangeKind.CREATE, ChangeKind.REACTIVATE}))
    async def test_only_reactivating_brings_a_contact_back(
        self, destination: Destination, kind: ChangeKind
    ) -> None:
        """Any other write leaves a deactivated contact deactivated."""
        await destination.apply([create("object", person("p"))], RUN)
        (before,) = (await contacts(destination)).values()
        await destination.apply([Change(ChangeKind.DEACTIVATE, "object", "p", before.id)], RUN)
        await destination.apply([Change(kind, "object", "q", before.id, self.other("q"))], RUN)
        (after,) = (await contacts(destination)).values()
        shown = await kept(destination, self.other("q"))
        assert (after.fields, after.active, after.deactivated_by_sync) == (shown, False, True)

    @pytest.mark.parametrize("kind", sorted(USER_WRITES - {ChangeKind.CREATE}))
    @pytest.mark.parametrize("linked", [True, False])
    @pytest.mark.parametrize("had_a_link", [True, False])
    async def test_a_write_leaves_the_link_that_it_says(
        self, destination: Destination, kind: ChangeKind, *, linked: bool, had_a_link: bool
    ) -> None:
        """Of a linked write the user's; otherwise the contact keeps the one it has, or has none."""
        made = create("first", person("p")) if had_a_link else create_unlinked("first", person("p"))
        await destination.apply([made], RUN)
        (before,) = (await contacts(destination)).values()
        change = Change(kind, "second", "q", before.id, self.other("q"), linked=linked)
        await destination.apply([change], RUN)
        (after,) = (await contacts(destination)).values()
        assert (after.id, after.fields) == (before.id, await kept(destination, self.other("q")))
        assert after.object_id == ("second" if linked else before.object_id)

    async def test_a_contact_made_for_an_address_has_no_link_and_is_made_once(
        self, destination: Destination
    ) -> None:
        """For whichever user, however the address is spelled; the last values count."""
        fields = person("p")
        shouted = msgspec.structs.replace(fields, email=fields.email.upper(), job_title="New")
        await destination.apply([create_unlinked("object", fields)], RUN)
        await destination.apply([create_unlinked("object", fields)], RUN)
        await destination.apply([create_unlinked("another", shouted)], RUN)
        (found,) = (await contacts(destination)).values()
        wanted = await kept(destination, shouted)
        if not self.moves_addresses:  # which says the same, in the letters it was made with
            wanted = msgspec.structs.replace(wanted, email=found.fields.email)
        assert (found.object_id, found.fields) == (None, wanted)

    async def test_a_contact_with_another_address_is_somebody_else(self, destination: Destination) -> None:
        """Twice a technician changes the address: the person has a new contact, the old ones stay."""
        if not self.moves_addresses:
            pytest.skip("a contact keeps its address")
        for number in (1, 2):
            for _ in range(2):
                await destination.apply([create_unlinked("object", person("p"))], RUN)
            (mine,) = [
                contact
                for contact in (await contacts(destination)).values()
                if contact.fields.email == person("p").email
            ]
            renamed = msgspec.structs.replace(person("p"), email=f"renamed-{number}@example.com")
            update = Change(ChangeKind.UPDATE, "object", "p", mine.id, renamed, linked=False)
            await destination.apply([update], RUN)
        await destination.apply([create_unlinked("object", person("p"))], RUN)
        found = await contacts(destination)
        assert sorted(contact.fields.email for contact in found.values()) == [
            person("p").email,
            "renamed-1@example.com",
            "renamed-2@example.com",
        ]

    async def test_half_a_batch_made_for_addresses_is_done_again(self, destination: Destination) -> None:
        """Some of them exist, one of them has another address by now: everybody has one contact."""
        if not self.moves_addresses:
            pytest.skip("a contact keeps its address")
        batch = [create_unlinked(f"object-{number}", person(f"p{number}")) for number in range(5)]
        await destination.apply(batch[1:3], RUN)
        (moved, *_) = (await contacts(destination)).values()
        update = Change(ChangeKind.UPDATE, "object", "x", moved.id, person("x"), linked=False)
        await destination.apply([update], RUN)
        await destination.apply(batch, RUN)
        found = sorted(contact.fields.email for contact in (await contacts(destination)).values())
        assert found == [person(name).email for name in ("p0", "p1", "p2", "p3", "p4", "x")]

    async def test_who_has_a_link_and_who_has_an_address_never_meet(self, destination: Destination) -> None:
        """Also where an object goes by what is somebody's address."""
        email = person("p").email
        await destination.apply([create(email, person("p"))], RUN)
        await destination.apply([create_unlinked(email, person("p"))], RUN)
        found = [contact.object_id for contact in (await contacts(destination)).values()]
        assert sorted(found, key=str) == sorted([email, None], key=str)

    @pytest.mark.parametrize(
        "change",
        [
            *(
                Change(kind, "object", "p", "contact", ContactFields())
                for kind in sorted(set(ChangeKind) - WRITES)
            ),
            *(Change(kind, "object", "p", "contact") for kind in sorted(USER_WRITES - {ChangeKind.CREATE})),
            *(Change(kind, "object", "p", None, ContactFields()) for kind in sorted(ON_A_CONTACT)),
            Change(ChangeKind.CREATE, "object", "p"),
            Change(ChangeKind.CREATE, "object", "p", linked=False),
            Change(ChangeKind.CREATE, "object", "p", "contact", ContactFields()),
        ],
        ids=lambda change: f"{change.kind} {change.contact_id} {change.fields is not None}",
    )
    async def test_a_change_that_does_not_say_what_to_write_where_is_refused(
        self, destination: Destination, change: Change
    ) -> None:
        """Nothing of its batch is written."""
        with pytest.raises(ValueError, match=str(change.kind)):
            await destination.apply([create("other", person("q")), change], RUN)
        assert await contacts(destination) == {}


async def contacts(destination: Destination) -> dict[str, Contact]:
    """Every contact as it is now, by id."""
    pages = destination.contacts(datetime.now(UTC))
    return {contact.id: contact async for page in pages for contact in page}


async def kept(destination: Destination, fields: ContactFields) -> ContactFields:
    """The fields as far as they have a place there."""
    held: AbstractSet[str] = await destination.fields()
    blank = {name: "" for name in ContactFields.__struct_fields__ if name not in held}
    return msgspec.structs.replace(fields, **blank)


def person(name: str) -> ContactFields:
    return ContactFields(name=name, email=f"{name}@example.com", job_title="Title")


def create(object_id: str, fields: ContactFields) -> Change:
    return Change(ChangeKind.CREATE, object_id, fields.name, fields=fields)


def create_unlinked(object_id: str, fields: ContactFields) -> Change:
    return Change(ChangeKind.CREATE, object_id, fields.name, fields=fields, linked=False)
