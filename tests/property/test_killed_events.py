"""Whatever is killed anywhere, what happened is in the feed once, and nothing else is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.app import App
from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.events import EventType
from shared.core.models import ContactFields
from shared.core.reviews import Decision, ReviewAction
from shared.core.webhooks import DeliveryState
from shared.ports import Answer
from tests.fakes import ACCOUNT, START, Process, ProcessKilled, World
from tests.fakes.webhooks import Posted
from tests.property.scenarios import CHANGES, CONNECTION, CUSTOMER, Scenario
from tests.property.situations import HELD

_PAUSED = EventType.CONNECTION_PAUSED
Told = list[tuple[str, EventType]]


@dataclass(frozen=True)
class Deed:
    """Something that somebody does, and does again when it was cut short, and what it is told as."""

    name: str
    prepare: Callable[[World], Awaitable[None]]
    act: Callable[[App, World], Awaitable[object]]
    told: EventType


async def _nothing(world: World) -> None:
    pass


async def _twins(world: World) -> None:
    for _ in range(2):
        world.contacts.add_by_hand(CONNECTION, ContactFields(name="A", email="ann@contoso.example"))
    await world.sync(CUSTOMER)


async def _decide(app: App, world: World) -> None:
    connection = await world.connection(CUSTOMER)
    review = (await world.reviews.all(CONNECTION))["ann"]
    if review.decision is None:  # whoever decided already is told so, and does not decide again
        await app.reviews.decide(connection, "ann", Decision(ReviewAction.DISMISS))


async def _psa(world: World) -> None:
    problem = DestinationProblem("destination_key_refused", "title", "detail", "technician", START)
    broken = AccountDestination(DestinationKind.ATERA, problem=problem, noticed=3)
    await world.account_destinations.put(ACCOUNT, None, broken)


async def _give_up_the_psa(app: App, world: World) -> None:
    await app.account_setup.choose(ACCOUNT, DestinationKind.BUILTIN)


DEEDS = [
    Deed("pause", _nothing, lambda app, _: app.pausing.pause(CUSTOMER), _PAUSED),
    Deed(
        "disconnect",
        _nothing,
        lambda app, _: app.onboarding.disconnect(ACCOUNT, CONNECTION),
        EventType.CONNECTION_DISCONNECTED,
    ),
    Deed("decide", _twins, _decide, EventType.REVIEW_DECIDED),
    Deed("another destination", _psa, _give_up_the_psa, EventType.DESTINATION_RECOVERED),
]


async def play(deed: Deed, process: Process) -> Told:
    """What is told of a deed that is done, and published, by a process that may die, and its successors."""
    world = World()
    await world.customers.put(CUSTOMER)
    await world.connect(world.tenant("7e4a47e4-0000-4000-8000-000000000001", "ann"), CUSTOMER)
    await deed.prepare(world)
    await world.publish()
    before = len(world.events.feed(ACCOUNT))
    mortal = world.start_app(process)

    def living() -> App:
        return mortal if process.alive else world.app

    while True:
        try:
            await deed.act(living(), world)
            break
        except ProcessKilled:
            continue
    await world.publish(living)
    assert world.poison == []
    assert (await world.connection(CUSTOMER)).outbox == ()
    return [(event.key, event.type) for event in world.events.feed(ACCOUNT)][before:]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
async def test_a_deed_that_is_cut_short_anywhere_is_told_once(deed: Deed) -> None:
    """Killed before or after any call, its own or the publisher's: one event, the same one."""
    process = Process()
    expected = await play(deed, process)
    assert [kind for _, kind in expected] == [deed.told]
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            found = await play(deed, Process(at, after=after))
            if [kind for _, kind in found] != [deed.told]:
                wrong.append(f"{'after' if after else 'before'} {at} {call}: {found}")
    assert not wrong, "\n".join(wrong)


async def _feed_of(
    scenario: Scenario, at: int | None = None, *, after: bool = False
) -> tuple[Told, list[str]]:
    world = await scenario.world()
    await world.publish()  # what led up to it
    process = scenario.process(world, at, after=after)
    await scenario.play(world, process)

    app = world.start_app(process) if process.alive else world.app

    def living() -> App:
        return app if process.alive else world.app

    await world.publish(living)
    return [(event.key, event.type) for event in world.events.feed(ACCOUNT)], process.calls


@pytest.mark.parametrize("scenario", [CHANGES, HELD[0]], ids=lambda scenario: scenario.name)
async def test_a_run_that_is_cut_short_anywhere_is_told_once(scenario: Scenario) -> None:
    """Killed before or after any call, its own or the publisher's: the same events in the same order."""
    expected, calls = await _feed_of(scenario)
    assert expected[-1][1] in {EventType.RUN_COMPLETED, EventType.RUN_HELD, EventType.RUN_CANCELED}
    wrong: list[str] = []
    for at, call in enumerate(calls, start=1):
        for after in (False, True):
            found, _ = await _feed_of(scenario, at, after=after)
            if found != expected:
                wrong.append(f"{'after' if after else 'before'} {at} {call}: {found}")
    assert not wrong, "\n".join(wrong)


async def test_a_call_that_never_came_through_is_no_event() -> None:
    """Somebody whose request died before its write, and who does not repeat it: nothing happened."""
    for at in range(1, 4):
        world = World()
        customer, _ = await world.connected("ann")
        await world.publish()
        process = Process(at)
        with pytest.raises(ProcessKilled):
            await world.start_app(process).pausing.pause(customer)
        await world.publish()
        assert [event.type for event in world.events.feed(ACCOUNT)] == [EventType.CONNECTION_ACTIVATED]


async def _sent(process: Process) -> tuple[list[tuple[str, str]], list[tuple[str, str, DeliveryState]]]:
    """What two endpoints were sent of one event, and how each delivery ended: one receiver fails at first."""
    world = World()
    customer, _ = await world.connected("ann")
    await world.publish()
    made = []
    for name in ("a", "b"):
        endpoint, _ = await world.app.webhooks.create(ACCOUNT, f"https://{name}.example.com/", (), "")
        made.append(endpoint)
    failed: set[str] = set()

    async def answer(posted: Posted) -> Answer:
        if posted.url == made[1].url and not failed:
            failed.add(posted.message_id)
            return Answer(500)
        return Answer(200)

    world.receivers.answer = answer
    mortal = world.start_app(process)

    def living() -> App:
        return mortal if process.alive else world.app

    world.clock.advance(timedelta(seconds=1))
    await world.app.pausing.pause(customer)
    await world.publish(living)
    await world.send_out(living)
    assert world.poison == []
    ends = [
        (endpoint.url, delivery.event_type.value, delivery.state)
        for endpoint in made
        for delivery in (await world.deliveries.list(endpoint.id, 10)).items
    ]
    received = {(posted.url, posted.message_id) for posted in world.receivers.posted}
    assert len(world.receivers.posted) <= 5, "a duplicate for a death, and no more"
    return sorted((url, "evt") for url, _ in received), ends


async def test_a_delivery_that_is_cut_short_anywhere_comes_through() -> None:
    """Killed before or after any call of the publisher or of a delivery: each endpoint gets the event."""
    process = Process()
    expected = await _sent(process)
    assert [state for *_, state in expected[1]] == [DeliveryState.DELIVERED] * 2
    assert len(expected[0]) == 2
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            found = await _sent(Process(at, after=after))
            if found != expected:
                wrong.append(f"{'after' if after else 'before'} {at} {call}: {found}")
    assert not wrong, "\n".join(wrong)
