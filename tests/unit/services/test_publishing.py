"""From what happened to the account's feed."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.configuration import Configuration
from shared.core.connection import ConnectionState
from shared.core.events import Event
from shared.core.messages import PublishMessage, Source
from shared.core.models import ContactFields
from shared.core.reviews import Decision, ReviewAction
from shared.core.run import RunKind, Trigger
from shared.services.outbox import TellingDestinations
from tests.fakes import ACCOUNT, START, World
from tests.fakes.events import FakeEventStore


async def told(world: World) -> list[str]:
    """The types in the feed once everything is published."""
    await world.publish()
    return [event.type.value for event in world.events.feed(ACCOUNT)]


async def test_a_customers_whole_story_is_in_the_feed_in_order() -> None:
    """Connected, synced, configured, paused, resumed, disconnected."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.publish()
    await world.sync(customer)
    await world.publish()
    await world.configure(customer, Configuration(enrichments=()))
    await world.app.pausing.pause(customer)
    await world.app.pausing.resume(customer)
    await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)
    assert await told(world) == [
        "connection.activated",
        "run.completed",
        "connection.configured",
        "connection.paused",
        "connection.resumed",
        "connection.disconnected",
    ]
    connection = await world.connection(customer)
    assert (connection.outbox, connection.noticed) == ((), 5)
    assert {event.customer_id for event in world.events.feed(ACCOUNT)} == {"c-1"}


async def test_a_quiet_scheduled_run_sends_nothing() -> None:
    """It costs no call; the same run asked for by somebody is told."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.sync(customer)
    await world.publish()
    before, calls = len(world.events.feed(ACCOUNT)), len(world.notices.sent)
    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.SCHEDULE)
    await world.drain()
    assert run.id
    assert len(world.notices.sent) == calls
    await world.sync(customer)
    assert len(await told(world)) == before + 1


async def test_a_preview_tells_when_it_is_done() -> None:
    """Whoever asked for it waits for it."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.publish()
    await world.preview(customer)
    assert (await told(world))[1:] == ["run.completed"]
    assert world.events.feed(ACCOUNT)[-1].data["kind"] == "preview"


async def test_a_message_before_its_write_comes_back_and_finds_it() -> None:
    """The writer was slow; nothing is lost."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.publish()
    stored = await world.connections.get(ACCOUNT, customer.connection_id)
    assert stored is not None
    await world.notices.send(PublishMessage(ACCOUNT, Source.CONNECTION, customer.connection_id, 2))
    await world.publish(until=world.clock.now() + timedelta(minutes=2))
    assert len(world.events.feed(ACCOUNT)) == 1
    await world.app.pausing.pause(customer)
    assert await told(world) == ["connection.activated", "connection.paused"]


async def test_a_message_without_a_write_is_dropped_in_the_end() -> None:
    """It is looked for over longer than any function may run, and nothing is invented."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.publish()
    began = world.clock.now()
    for source, name in (
        (Source.CONNECTION, customer.connection_id),
        (Source.RUN, "run_x"),
        (Source.DESTINATION, ""),
    ):
        await world.notices.send(PublishMessage(ACCOUNT, source, name, 9))
    assert await told(world) == ["connection.activated"]
    assert world.clock.now() - began > timedelta(minutes=15)


async def test_a_decision_about_a_person_is_told_without_the_person() -> None:
    """The customer and the action; whose it was stays between the API and whoever asks it."""
    world = World()
    customer, _ = await world.connected("ann")
    for _ in range(2):
        world.contacts.add_by_hand(
            customer.connection_id, ContactFields(name="A", email="ann@contoso.example")
        )
    await world.sync(customer)
    connection = await world.connection(customer)
    await world.app.reviews.decide(connection, "ann", Decision(ReviewAction.DISMISS))
    assert await told(world) == [
        "connection.activated",
        "review.opened",
        "run.completed",
        "review.decided",
    ]
    opened, _, decided = world.events.feed(ACCOUNT)[1:]
    assert (opened.data, decided.data) == ({"opened": 1}, {"action": "dismiss"})
    assert b"ann" not in msgspec.json.encode([opened.data, decided.data, decided.id])


async def test_trouble_with_the_psa_is_told_once_and_so_is_its_end() -> None:
    """The account's own events name no customer."""
    world = World()
    store = TellingDestinations(world.account_destinations, world.notices, world.clock)
    first = await store.put(ACCOUNT, None, AccountDestination(DestinationKind.ATERA, set_at=START))
    problem = DestinationProblem("destination_key_refused", "title", "detail", "technician", START)
    broken = await store.put(ACCOUNT, first, msgspec.structs.replace(first.value, problem=problem))
    await store.put(ACCOUNT, broken, msgspec.structs.replace(broken.value, problem=None))
    assert await told(world) == ["destination.action_required", "destination.recovered"]
    assert {event.customer_id for event in world.events.feed(ACCOUNT)} == {None}
    kept = await world.account_destinations.get(ACCOUNT)
    assert kept is not None
    assert kept.value.outbox == ()


async def test_a_message_that_fails_on_every_delivery_comes_again() -> None:
    """What is written down is published however long it takes."""
    world = World()
    customer, _ = await world.connected("ann")
    store, world.events = world.events, _BrokenEvents(world.clock)
    world.app = world.start_app()
    await world.publish(until=world.clock.now() + timedelta(hours=2))
    assert world.events.feed(ACCOUNT) == []
    world.events = store
    world.app = world.start_app()
    assert await told(world) == ["connection.activated"]
    assert (await world.connection(customer)).state is ConnectionState.ACTIVE


class _BrokenEvents(FakeEventStore):
    async def append(self, account_id: str, events: Sequence[Event]) -> list[Event]:
        raise ValueError("somebody@example.com")
