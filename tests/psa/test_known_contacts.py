"""The contacts of a PSA as they are shown here: what a sync wrote, and what people decided about them."""

from __future__ import annotations

import msgspec
import pytest

from shared.core.errors import ConcurrentUpdate, Refused
from shared.ports import ContactStore, Stored, StoredContact
from tests.psa.places import Place


async def known(there: Place) -> ContactStore:
    """The contacts after a sync."""
    await there.synced()
    return await there.world.app.contacts.of(there.customer.account_id)


async def one(there: Place, store: ContactStore) -> Stored[StoredContact]:
    (first, *_) = (await store.list(there.customer.connection_id, 10)).items
    stored = await store.get(there.customer.connection_id, first.contact.id)
    assert stored is not None
    return stored


async def test_everybody_whom_a_sync_wrote_is_listed(there: Place) -> None:
    """With their values and links, in any cut; nobody else's contact is, nor is the PSA asked."""
    there.psa.add(there.customer.id, "sales@supplier.example", "The Supplier")
    store = await known(there)
    there.calls.clear()
    found, after = [], None
    while True:
        page = await store.list(there.customer.connection_id, 2, after)
        found += page.items
        after = page.after
        if after is None:
            break
    assert sorted(item.contact.object_id or "" for item in found) == ["ada", "bob", "cyd"]
    assert {item.contact.id for item in found} <= {seen.id for seen in there.seen()}
    assert {item.source for item in found} == {"entra"}
    assert there.calls == []


async def test_what_people_decide_is_kept_here(there: Place) -> None:
    """Pins and that a contact stays active; a sync leaves them."""
    store = await known(there)
    stored = await one(there, store)
    protected = msgspec.structs.replace(stored.value.contact, pins=frozenset({"email"}), keep_active=True)
    value = msgspec.structs.replace(stored.value, contact=protected)
    await store.replace(there.customer.connection_id, stored, value)
    await there.synced()
    again = await one(there, store)
    assert (again.value.contact.pins, again.value.contact.keep_active) == (frozenset({"email"}), True)
    assert store.edits_fields is False


async def test_of_two_decisions_at_once_the_second_is_told(there: Place) -> None:
    """It was made about a contact that was different by then."""
    store = await known(there)
    stored = await one(there, store)
    kept = msgspec.structs.replace(stored.value.contact, keep_active=True)
    value = msgspec.structs.replace(stored.value, contact=kept)
    await store.replace(there.customer.connection_id, stored, value)
    with pytest.raises(ConcurrentUpdate):
        await store.replace(there.customer.connection_id, stored, value)


async def test_values_are_edited_in_the_psa(there: Place) -> None:
    """A change of one here would be lost at the next look."""
    store = await known(there)
    stored = await one(there, store)
    fields = msgspec.structs.replace(stored.value.contact.fields, job_title="Typed here")
    for contact in (
        msgspec.structs.replace(stored.value.contact, fields=fields),
        msgspec.structs.replace(stored.value.contact, active=False),
        msgspec.structs.replace(stored.value.contact, object_id="somebody else"),
    ):
        with pytest.raises(Refused) as refused:
            await store.replace(
                there.customer.connection_id, stored, msgspec.structs.replace(stored.value, contact=contact)
            )
        assert (refused.value.status, refused.value.code) == (409, "contact_lives_in_the_psa")


async def test_a_contact_that_is_gone_is_not_shown(there: Place) -> None:
    """Once a look has found out."""
    store = await known(there)
    stored = await one(there, store)
    there.tenant.remove("ada")
    there.tenant.remove("bob")
    there.tenant.remove("cyd")
    there.psa.delete(stored.value.contact.id)
    await there.sync()
    assert await store.get(there.customer.connection_id, stored.value.contact.id) is None
    assert await store.get(there.customer.connection_id, "unknown") is None
    assert len((await store.list(there.customer.connection_id, 10)).items) == 2
