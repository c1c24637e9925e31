"""The review queue: who gets into it, what technicians decide, and what the syncs make of that."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from shared.app import App
from shared.core.changes import ConflictReason
from shared.core.configuration import Configuration, LeaverPolicy, Matching
from shared.core.customer import Customer
from shared.core.errors import Conflict, NotFound, Refused
from shared.core.models import Contact, ContactFields
from shared.core.reviews import Decision, Review, ReviewAction
from shared.core.run import Run, RunKind, Trigger
from tests.fakes import FakeDirectory, Process, World
from tests.property.scenarios import UNGUARDED

LEAVING = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED)
CREATE, DISMISS = Decision(ReviewAction.CREATE), Decision(ReviewAction.DISMISS)


class Place:
    """A customer whose person ada has two contacts, made by hand, with the same address."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant

    async def queue(self) -> list[Review]:
        return await self.world.app.reviews.list(await self.world.connection(self.customer))

    async def decide(self, object_id: str, decision: Decision) -> Review:
        connection = await self.world.connection(self.customer)
        return await self.world.app.reviews.decide(connection, object_id, decision)

    async def sync(self) -> Run:
        return await self.world.sync(self.customer)

    def add(self, email: str, name: str = "By hand") -> Contact:
        return self.world.contacts.add_by_hand(self.customer.connection_id, ContactFields(name, email))

    def contacts(self) -> list[Contact]:
        return self.world.contacts.contacts(self.customer.connection_id)

    def of(self, object_id: str) -> Contact | None:
        return next((one for one in self.contacts() if one.object_id == object_id), None)


async def made() -> Place:
    world = World()
    customer, tenant = await world.connected("ada", "bob")
    await world.configure(customer, LEAVING)
    place = Place(world, customer, tenant)
    for number in (1, 2):
        place.add("ada@contoso.example", f"Ada {number}")
    await place.sync()
    return place


@pytest.fixture
async def place() -> Place:
    return await made()


async def test_whoever_cannot_be_matched_is_in_the_queue(place: Place) -> None:
    """With the reason and the run; nothing is guessed, and the next sync does not ask once more."""
    (review,) = await place.queue()
    connection = await place.world.connection(place.customer)
    assert (review.object_id, review.name) == ("ada", "Person ada")
    assert (review.reason, review.decision) == (ConflictReason.MULTIPLE_CONTACTS, None)
    assert (review.run_id, connection.reviews) == (connection.last_run, 1)
    assert place.of("ada") is None
    run = await place.sync()
    assert run.counts.conflicts == 1
    assert await place.queue() == [review]


async def test_a_decided_link_is_made_by_the_next_sync(place: Place) -> None:
    """The contact that was chosen is the person's from then on; the other one is left alone."""
    first, second = (one for one in place.contacts() if one.object_id is None)
    decided = await place.decide("ada", Decision(ReviewAction.LINK, second.id))
    assert decided.decided_at == place.world.clock.now()
    run = await place.sync()
    linked = place.of("ada")
    assert linked is not None
    assert (run.counts.linked, run.counts.conflicts, linked.id) == (1, 0, second.id)
    assert next(one for one in place.contacts() if one.id == first.id) == first
    assert (await place.sync()).planned == 0


async def test_a_contact_of_its_own_is_created_whatever_others_have(place: Place) -> None:
    """Once, not with every sync."""
    await place.decide("ada", CREATE)
    run = await place.sync()
    assert (run.counts.created, run.counts.conflicts) == (1, 0)
    assert (await place.sync()).planned == 0
    assert len(place.contacts()) == 4


async def test_whoever_was_dismissed_is_left_out(place: Place) -> None:
    """For as long as the decision stands, and the syncs say so."""
    await place.decide("ada", DISMISS)
    for _ in range(2):
        run = await place.sync()
        assert run.skipped_by_reason == {"review.dismissed": 1}
        assert (run.counts.conflicts, place.of("ada")) == (0, None)


async def test_a_conflict_that_is_gone_leaves_the_queue(place: Place) -> None:
    """One of the two contacts has another address, so there is nothing to decide about."""
    await _settled(place)
    run = await place.sync()
    assert (run.counts.linked, await place.queue()) == (1, [])
    assert (await place.world.connection(place.customer)).reviews == 0
    with pytest.raises(NotFound):
        await place.decide("ada", DISMISS)


async def test_another_reason_is_asked_about_anew(place: Place) -> None:
    """The review says what is the matter now."""
    for contact in place.contacts():
        if contact.object_id is None:
            moved = msgspec.structs.replace(contact.fields, email=f"{contact.id}@contoso.example")
            place.world.contacts.set_by_hand(place.customer.connection_id, contact.id, fields=moved)
    place.tenant.hire("ada-2", mail="ada@contoso.example")
    place.world.clock.advance(timedelta(hours=1))
    await place.sync()
    found = {review.object_id: review.reason for review in await place.queue()}
    assert found == dict.fromkeys(("ada", "ada-2"), ConflictReason.EMAIL_SHARED)
    assert {review.opened_at for review in await place.queue()} == {place.world.clock.now()}


async def test_the_former_contact_of_somebody_who_came_back_under_another_id(place: Place) -> None:
    """It was deactivated; given to the new object id it is active, linked and up to date after one sync."""
    place.tenant.remove("bob")
    await place.sync()
    former = place.of("bob")
    assert former is not None
    assert not former.active
    place.tenant.hire("bob-2", mail="bob@contoso.example", display_name="Person bob", job_title="Back")
    await place.sync()
    review = next(review for review in await place.queue() if review.object_id == "bob-2")
    assert (review.reason, review.contact_id) == (ConflictReason.OBJECT_ID_CHANGED, former.id)
    await place.decide("bob-2", Decision(ReviewAction.LINK, former.id))
    await place.sync()
    back = place.of("bob-2")
    assert back is not None
    assert (back.id, back.active, back.deactivated_by_sync) == (former.id, True, False)
    assert back.fields.job_title == "Back"
    assert (await place.sync()).planned == 0


async def test_a_reused_address_is_told_from_a_changed_id(place: Place) -> None:
    """Another name suggests another person; only a person can tell."""
    place.tenant.remove("bob")
    await place.sync()
    place.tenant.hire("zoe", mail="bob@contoso.example")
    await place.sync()
    reasons = {review.object_id: review.reason for review in await place.queue()}
    assert reasons["zoe"] == ConflictReason.ADDRESS_REUSED


@pytest.mark.parametrize(
    "decision",
    [
        Decision(ReviewAction.LINK),
        Decision(ReviewAction.CREATE, "contact"),
        Decision(ReviewAction.DISMISS, "contact"),
    ],
)
async def test_a_contact_goes_with_a_link_and_with_nothing_else(place: Place, decision: Decision) -> None:
    """Whatever else is sent is refused, and the review stays open."""
    with pytest.raises(Refused, match="invalid_decision"):
        await place.decide("ada", decision)
    assert [review.decision for review in await place.queue()] == [None]


async def test_nobody_decides_twice(place: Place) -> None:
    """The second technician is told that somebody was quicker; the first decision stands."""
    await place.decide("ada", DISMISS)
    with pytest.raises(Conflict, match="review_already_resolved"):
        await place.decide("ada", CREATE)
    assert [review.decision for review in await place.queue()] == [DISMISS]


async def test_nobody_decides_about_somebody_who_is_not_in_the_queue(place: Place) -> None:
    """Neither about people without conflict nor about anybody else."""
    for object_id in ("bob", "nobody", ""):
        with pytest.raises(NotFound):
            await place.decide(object_id, DISMISS)


async def test_open_reviews_come_first(place: Place) -> None:
    """Each part by name."""
    for person, name in (("x1", "Zed"), ("x2", "Amy"), ("x3", "Moe")):
        place.tenant.hire(person, mail="same@contoso.example", display_name=name)
    await place.sync()
    await place.decide("x2", DISMISS)
    assert [review.name for review in await place.queue()] == ["Moe", "Person ada", "Zed", "Amy"]


async def test_what_cannot_be_done_is_asked_for_again(place: Place) -> None:
    """The chosen contact meanwhile became somebody else's: the decision is void, and the review open."""
    spare = place.add("cyd@contoso.example")
    await place.decide("ada", Decision(ReviewAction.LINK, spare.id))
    place.tenant.hire("cyd")
    (contact,) = [one for one in place.contacts() if one.id == spare.id]
    place.world.contacts.set_by_hand(place.customer.connection_id, contact.id, object_id="cyd")
    await place.sync()
    (review,) = await place.queue()
    assert (review.object_id, review.decision, review.reason) == (
        "ada",
        None,
        ConflictReason.MULTIPLE_CONTACTS,
    )
    assert place.of("ada") is None


async def test_a_decision_during_a_sync_counts_for_it_or_for_the_next(place: Place) -> None:
    """Whenever the technician decides, in the end the person is left out, and the decision is there."""
    process = Process()
    app = place.world.start_app(process)
    await _sync_with(place, app)
    for at in range(1, len(process.calls) + 1):
        other = await made()

        async def dismiss(other: Place = other) -> None:
            await other.decide("ada", DISMISS)

        await _sync_with(other, other.world.start_app(Process(at, action=dismiss)))
        run = await other.sync()
        assert (run.counts.skipped, run.counts.conflicts, other.of("ada")) == (1, 0, None)
        assert [review.decision for review in await other.queue()] == [DISMISS]


async def test_a_decision_is_not_lost_to_a_sync_that_closes_the_review(place: Place) -> None:
    """The conflict is gone by itself while somebody decides: what was accepted counts in the next sync."""
    process = Process()
    await _settled(place)
    await _sync_with(place, place.world.start_app(process))
    closing = process.calls.index("FakeReviews.remove") + 1
    for at in range(1, len(process.calls) + 1):
        other = await made()
        await _settled(other)
        accepted: list[Review] = []

        async def dismiss(other: Place = other, accepted: list[Review] = accepted) -> None:
            with suppress(NotFound):
                accepted.append(await other.decide("ada", DISMISS))

        await _sync_with(other, other.world.start_app(Process(at, action=dismiss)))
        assert bool(accepted) is (at <= closing)
        if at != closing:  # there, the review is taken away at the same moment
            run = await other.sync()
            assert run.counts.skipped == len(accepted)
            assert [review.decision for review in await other.queue()] == [DISMISS] * len(accepted)


async def _settled(place: Place) -> None:
    """A technician gives one of the two contacts another address, so the conflict is gone."""
    second = [one for one in place.contacts() if one.object_id is None][1]
    moved = ContactFields("Ada 2", "elsewhere@contoso.example")
    place.world.contacts.set_by_hand(place.customer.connection_id, second.id, fields=moved)


async def _sync_with(place: Place, app: App) -> None:
    await place.world.app.runs.start(place.customer, RunKind.SYNC, Trigger.API)
    await place.world.drain(lambda: app)


async def test_a_one_user_run_goes_by_decisions_and_leaves_the_queue_alone(place: Place) -> None:
    """It neither opens nor closes reviews, for it has looked at one person only."""
    first = next(one for one in place.contacts() if one.object_id is None)
    await place.decide("ada", Decision(ReviewAction.LINK, first.id))
    before = await place.queue()
    run = await place.world.sync_one(place.customer, "ada")
    linked = place.of("ada")
    assert linked is not None
    assert (run.counts.linked, linked.id, await place.queue()) == (1, first.id, before)
    place.tenant.hire("dup", mail="bob@contoso.example")
    await place.world.sync_one(place.customer, "dup")
    assert await place.queue() == before


async def test_matched_by_address_alone_everybody_in_conflict_is_asked_about(place: Place) -> None:
    """Two contacts with one address are no better without links; deciding to leave somebody out works too."""
    by_email = replace(LEAVING, leavers=LeaverPolicy.KEEP, matching=Matching.EMAIL)
    await place.world.configure(place.customer, by_email)
    await place.sync()
    (review,) = await place.queue()
    assert review.reason == ConflictReason.MULTIPLE_CONTACTS
    await place.decide("ada", DISMISS)
    assert (await place.sync()).skipped_by_reason == {"review.dismissed": 1}
