"""Syncs whose contacts live in a PSA: what a technician sees there afterwards."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.changes import Change, ChangeKind
from shared.core.configuration import Configuration, Guard, LeaverPolicy, Limit
from shared.core.models import RemovalReason
from shared.core.run import Run, RunState
from tests.fakes import World
from tests.psa.places import AteraPsa, Place, place

_ANYTHING = Limit(1_000, 100)
UNGUARDED = Guard(_ANYTHING, _ANYTHING, _ANYTHING, _ANYTHING)
LEAVERS = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED)


async def lines(world: World, run: Run) -> dict[str, Change]:
    """What the run did, by person."""
    return {change.object_id: change async for _, chunk in world.changes.chunks(run.id) for change in chunk}


async def test_everybody_gets_a_contact_and_the_second_sync_writes_nothing(there: Place) -> None:
    """One contact each, with address and name."""
    run = await there.synced()
    assert run.counts.created == 3
    assert sorted(there.by_email()) == ["ada@contoso.example", "bob@contoso.example", "cyd@contoso.example"]
    assert there.by_email()["ada@contoso.example"].name == "Person ada"
    there.calls.clear()
    again = await there.synced()
    assert (again.applied, again.counts.unchanged) == (0, 3)
    assert {call.split()[0] for call in there.calls} == {"GET"}


async def test_whoever_is_there_already_is_adopted(there: Place) -> None:
    """By a unique address, however it is spelled; tickets stay where they are."""
    hand = there.psa.add(there.customer.id, "ADA@contoso.example", "Ada ByHand", title="Typed")
    run = await there.synced()
    assert (run.counts.created, run.counts.linked) == (2, 1)
    assert {seen.id for seen in there.seen() if seen.email.lower() == "ada@contoso.example"} == {hand}
    again = await there.synced()
    assert again.applied == 0


async def test_contacts_that_are_nobodys_are_left_alone(there: Place) -> None:
    """A technician's own contact is as it was after any number of syncs."""
    supplier = there.psa.add(there.customer.id, "sales@supplier.example", "The Supplier", title="Sales")
    before = [seen for seen in there.seen() if seen.id == supplier]
    for _ in range(2):
        await there.synced()
    assert [seen for seen in there.seen() if seen.id == supplier] == before


async def test_what_changes_in_the_directory_changes_there(there: Place) -> None:
    """That, and no other field, of that contact and no other."""
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    there.tenant.change("ada", job_title="Pilot")
    run = await there.synced()
    assert (run.counts.updated, run.applied) == (1, 1)
    after = there.by_email()["ada@contoso.example"]
    assert (after.id, after.title, after.name) == (mine.id, "Pilot", mine.name)


async def test_what_a_technician_changes_is_overwritten(there: Place) -> None:
    """Every time, also when it is the same change again."""
    there.tenant.change("ada", job_title="Pilot")
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    for _ in range(3):
        there.psa.edit(mine.id, title="Typed by hand")
        run = await there.synced()
        assert run.counts.updated == 1
        assert there.by_email()["ada@contoso.example"].title == "Pilot"


async def test_a_pinned_field_stays_as_the_technician_wants_it(there: Place) -> None:
    """The pin is ours, as the PSA has no place for it."""
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    contacts = await there.world.app.contacts.of(there.customer.account_id)
    stored = await contacts.get(there.customer.connection_id, mine.id)
    assert stored is not None
    pinned = msgspec.structs.replace(stored.value.contact, pins=frozenset({"job_title"}))
    await contacts.replace(
        there.customer.connection_id, stored, msgspec.structs.replace(stored.value, contact=pinned)
    )
    there.psa.edit(mine.id, title="Pinned")
    there.tenant.change("ada", job_title="Pilot")
    run = await there.synced()
    assert run.applied == 0
    assert there.by_email()["ada@contoso.example"].title == "Pinned"


async def test_a_contact_that_was_deleted_is_made_again(there: Place) -> None:
    """The person is still in scope, so the next sync sees to it."""
    await there.synced()
    there.psa.delete(there.by_email()["ada@contoso.example"].id)
    run = await there.synced()
    assert run.counts.created == 1
    assert len(there.by_email()) == 3


async def test_contacts_that_were_merged_are_one_from_then_on(there: Place) -> None:
    """The one that is left is adopted by its address; the other is not made again."""
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    twin = there.psa.add(there.customer.id, "ada@contoso.example", "Ada Twin")
    there.psa.merge(mine.id, twin)
    run = await there.synced()
    assert (run.counts.created, run.counts.linked) == (0, 1)
    assert there.by_email()["ada@contoso.example"].id == twin
    assert (await there.synced()).applied == 0


async def test_a_contact_that_goes_while_the_run_is_at_it_is_reported(there: Place) -> None:
    """One line says so, the others are written, and the next sync makes the contact again."""
    await there.synced()
    mine = there.by_email()["bob@contoso.example"]
    for person in ("ada", "bob", "cyd"):
        there.tenant.change(person, job_title="Pilot")
    deleted: list[str] = []

    def delete() -> None:
        if not deleted:
            deleted.append(mine.id)
            there.psa.delete(mine.id)

    there.psa.on_write(delete)
    run = await there.sync()
    there.psa.on_write(None)
    told = await lines(there.world, run)
    if told["bob"].kind is ChangeKind.FAIL:  # the write may have been quicker
        assert (run.state, run.counts.failed) == (RunState.PARTIAL, 1)
        assert told["bob"].reason == "destination.contact_gone"
    assert {told[name].kind for name in ("ada", "cyd")} == {ChangeKind.UPDATE}
    await there.synced()
    assert {seen.title for seen in there.by_email().values()} == {"Pilot"}
    assert len(there.by_email()) == 3


async def test_a_leaver_is_deactivated_and_comes_back(there: Place) -> None:
    """Never deleted; what a technician sees is that the contact is not active any more."""
    await there.configure(LEAVERS)
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    there.tenant.remove("ada", RemovalReason.SOFT_DELETED)
    run = await there.synced()
    assert run.counts.deactivated == 1
    gone = there.by_email()["ada@contoso.example"]
    assert (gone.id, gone.active, gone.name) == (mine.id, False, mine.name)
    assert (await there.synced()).applied == 0
    there.tenant.restore("ada")
    back = await there.synced()
    assert back.counts.reactivated == 1
    assert there.by_email()["ada@contoso.example"] == mine
    assert (await there.synced()).applied == 0


async def test_numbers_that_the_psa_writes_in_its_own_way_are_left_so(there: Place) -> None:
    """They say the same, so the second sync has nothing to do."""
    there.psa.account.behaviour.phones = "digits"  # type: ignore[attr-defined]
    there.tenant.change("ada", business_phone="+44 (20) 7946-0000")
    await there.synced()
    assert there.by_email()["ada@contoso.example"].phone == "442079460000"
    assert (await there.synced()).applied == 0
    there.tenant.change("ada", business_phone="+44 20 7946 0001")
    assert (await there.synced()).counts.updated == 1
    assert there.by_email()["ada@contoso.example"].phone == "442079460001"


async def test_a_text_that_is_cut_is_not_written_for_ever() -> None:
    """Atera: what was written twice in vain counts as written; a technician's change still does not."""
    async with place(DestinationKind.ATERA, "ada") as there:
        there.atera.behaviour.text_limit = 20
        there.tenant.change("ada", job_title="Chief Pilot of the Fleet")
        for _ in range(2):
            await there.synced()
        mine = there.by_email()["ada@contoso.example"]
        assert mine.title == "Chief Pilot of the F"
        assert (await there.synced()).applied == 0
        there.psa.edit(mine.id, title="Typed")
        assert (await there.synced()).counts.updated == 1
        assert there.by_email()["ada@contoso.example"].title == "Chief Pilot of the F"


async def test_a_value_that_is_refused_is_told_in_the_psas_words() -> None:
    """Syncro: one line for the person, the others are written; put right in the directory it goes through."""
    async with place(DestinationKind.SYNCRO, "ada", "bob") as there:
        there.syncro.behaviour.text_limit = 20
        there.tenant.change("ada", job_title="Chief Pilot of the Fleet")
        run = await there.sync()
        assert (run.state, run.counts.created, run.counts.failed) == (RunState.PARTIAL, 1, 1)
        told = (await lines(there.world, run))["ada"]
        assert (told.kind, told.reason) == (ChangeKind.FAIL, "destination.invalid")
        assert told.detail == "Title is too long (maximum is 20 characters)"
        there.tenant.change("ada", job_title="Chief Pilot")
        assert (await there.synced()).counts.created == 1


async def test_another_address_is_no_second_person(there: Place) -> None:
    """Where an address can be changed the contact has the new one; where not, a new contact has it, is linked
    from then on, and the old one is left."""
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    there.tenant.change("ada", mail="ada.lovelace@contoso.example")
    run = await there.synced()
    assert run.counts.updated == 1
    found = there.by_email()
    if isinstance(there.psa, AteraPsa):
        assert found["ada@contoso.example"] == mine
        assert found["ada.lovelace@contoso.example"].id != mine.id
    else:
        assert found["ada.lovelace@contoso.example"].id == mine.id
        assert len(found) == 3
    assert (await there.synced()).applied == 0
    there.tenant.change("ada", job_title="Pilot")
    await there.synced()
    assert there.by_email()["ada.lovelace@contoso.example"].title == "Pilot"


async def test_a_preview_shows_what_the_sync_then_does(there: Place) -> None:
    """The same plan, and nothing is written for it."""
    there.world.clock.advance(timedelta(minutes=10))
    preview = await there.world.preview(there.customer)
    assert there.seen() == []
    assert {call.split()[0] for call in there.calls} == {"GET"}
    run = await there.synced()
    assert (run.counts, run.planned) == (preview.counts, preview.planned)


async def test_one_person_is_synced_alone(there: Place) -> None:
    """The others wait for their turn."""
    run = await there.world.sync_one(there.customer, "ada")
    assert (run.state, run.counts.created) == (RunState.SUCCEEDED, 1)
    assert [seen.email for seen in there.seen()] == ["ada@contoso.example"]
    assert (await there.synced()).counts.created == 2


async def test_another_customers_contacts_do_not_matter(there: Place) -> None:
    """Neither for matching nor for anything else, although they have the same addresses."""
    there.psa.allow_duplicates()
    other = there.psa.add_customer("Fabrikam")
    foreign = there.psa.add(other, "ada@contoso.example", "Foreign Ada")
    run = await there.synced()
    assert run.counts.created == 3
    assert [(seen.id, seen.name) for seen in there.psa.seen(other)] == [(foreign, "Foreign Ada")]


@pytest.mark.parametrize("leavers", list(LeaverPolicy))
async def test_the_contact_of_a_former_address_goes_by_what_becomes_of_leavers(leavers: LeaverPolicy) -> None:
    """In Atera: left, or archived."""
    async with place(DestinationKind.ATERA, "ada", configuration=Configuration(leavers=leavers)) as there:
        await there.synced()
        there.tenant.change("ada", mail="ada.lovelace@contoso.example")
        await there.synced()
        former = there.by_email()["ada@contoso.example"]
        assert former.active is (leavers is LeaverPolicy.KEEP)
        assert there.by_email()["ada.lovelace@contoso.example"].active
        assert (await there.synced()).applied == 0
