"""From the feed to the endpoints: tried until it comes through, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.core.errors import Conflict, NotFound
from shared.core.events import EventType
from shared.core.messages import DeliverMessage
from shared.core.webhooks import FAILING_FOR, Delivery, DeliveryState, DisabledReason, Endpoint
from shared.ports import Answer, DeliveryFailed
from shared.services.delivering import AT_ONCE
from shared.services.webhook_endpoints import EndpointChange
from tests.fakes import ACCOUNT, World
from tests.fakes.webhooks import Posted

URL = "https://psa.example.com/hook?token=abc"


async def endpoint(world: World, *types: EventType, url: str = URL) -> Endpoint:
    made, _ = await world.app.webhooks.create(ACCOUNT, url, types, "PSA")
    return made


async def deliveries(world: World, of: Endpoint) -> list[Delivery]:
    return list((await world.app.webhooks.sent(ACCOUNT, of.id, 100, None)).items)


async def read(world: World, of: Endpoint) -> Endpoint:
    return await world.app.webhooks.get(ACCOUNT, of.id)


def answering(*statuses: int | str) -> Callable[[Posted], Awaitable[Answer]]:
    """One answer after the other, the last one from then on; a word is a failure without an answer."""
    left = list(statuses)

    async def answer(posted: Posted) -> Answer:
        status = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(status, str):
            raise DeliveryFailed(status)
        return Answer(status)

    return answer


@pytest.fixture
def world() -> World:
    return World()


async def told(world: World) -> list[dict[str, Any]]:
    """What the receivers got once everything is on its way."""
    await world.publish()
    await world.send_out(until=world.clock.now() + timedelta(seconds=1))
    return [msgspec.json.decode(posted.body) for posted in world.receivers.posted]


async def test_an_endpoint_is_sent_what_the_feed_has(world: World) -> None:
    """The same document under the event's own id, signed with the endpoint's secret."""
    made, secret = await world.app.webhooks.create(ACCOUNT, URL, (), "")
    await world.connected("ann")
    (body,) = await told(world)
    (event,) = world.events.feed(ACCOUNT)
    assert body == {
        "id": event.id,
        "type": "connection.activated",
        "timestamp": "2026-03-02T00:00:00Z",
        "customer_id": "c-1",
        "connection_id": event.connection_id,
        "run_id": None,
        "data": event.data,
    }
    (posted,) = world.receivers.posted
    assert (posted.url, posted.message_id, posted.secrets) == (URL, event.id, (secret,))
    (delivery,) = await deliveries(world, made)
    assert (delivery.state, delivery.attempts, delivery.status) == (DeliveryState.DELIVERED, 1, 204)


async def test_each_endpoint_is_sent_what_it_asked_for(world: World) -> None:
    """By type; one that is made later, or another account's, gets nothing."""
    runs = await endpoint(world, EventType.RUN_COMPLETED)
    everything = await endpoint(world)
    await world.app.webhooks.create("another account", URL, (), "")
    customer, _ = await world.connected("ann")
    await world.sync(customer)
    world.clock.advance(timedelta(seconds=1))
    late = await endpoint(world)
    await told(world)
    assert [d.event_type.value for d in await deliveries(world, runs)] == ["run.completed"]
    assert sorted(d.event_type.value for d in await deliveries(world, everything)) == [
        "connection.activated",
        "run.completed",
    ]
    assert await deliveries(world, late) == []
    assert len(world.receivers.posted) == 3


async def test_what_fails_is_tried_again_until_it_comes_through(world: World) -> None:
    """At its times, with the same id; then the endpoint is as good as before."""
    made = await endpoint(world)
    world.receivers.answer = answering(500, "timeout", 302, 200)
    await world.connected("ann")
    await world.publish()
    began = world.clock.now()
    await world.send_out()
    assert world.clock.now() - began == timedelta(seconds=5 + 300 + 1800)
    (delivery,) = await deliveries(world, made)
    assert (delivery.state, delivery.attempts, delivery.code) == (DeliveryState.DELIVERED, 4, None)
    assert len({posted.message_id for posted in world.receivers.posted}) == 1
    assert (await read(world, made)).failing_since is None


async def test_a_receiver_that_never_answers_is_given_up_and_shown_why(world: World) -> None:
    """Ten attempts, and the code of the last one."""
    made = await endpoint(world)
    world.receivers.answer = answering("connection_failed")
    await world.connected("ann")
    await world.publish()
    await world.send_out()
    (delivery,) = await deliveries(world, made)
    assert (delivery.state, delivery.attempts, delivery.status, delivery.code) == (
        DeliveryState.FAILED,
        10,
        None,
        "connection_failed",
    )
    assert (await read(world, made)).failing_since is not None


async def test_an_endpoint_that_fails_for_days_is_disabled_and_the_feed_says_so(world: World) -> None:
    """What is still on its way is dropped; enabling it begins anew, with what happens from then on."""
    made, other = await endpoint(world), await endpoint(world, EventType.WEBHOOK_ENDPOINT_DISABLED)
    world.receivers.answer = answering(500)
    customer, _ = await world.connected("ann")
    await world.publish()
    await world.send_out()
    world.clock.advance(FAILING_FOR)
    await world.app.pausing.pause(customer)
    await told(world)
    off = await read(world, made)
    assert (off.enabled, off.disabled_reason) == (False, DisabledReason.FAILING)
    world.receivers.answer = answering(200)
    await told(world)
    event = world.events.feed(ACCOUNT)[-1]
    assert (event.type.value, event.data) == (
        "webhook_endpoint.disabled",
        {"endpoint_id": made.id, "reason": "failing"},
    )
    assert [d.event_id for d in await deliveries(world, other)] == [event.id]
    await world.send_out()
    assert {d.code for d in await deliveries(world, made)} == {"http_status", "endpoint_disabled"}
    with pytest.raises(Conflict):
        await world.app.webhooks.test(ACCOUNT, made.id)
    on = await world.app.webhooks.change(ACCOUNT, made.id, EndpointChange(enabled=True))
    assert (on.enabled, on.disabled_reason, on.failing_since) == (True, None, None)
    before = len(world.receivers.posted)
    world.clock.advance(timedelta(seconds=1))
    await world.app.pausing.resume(customer)
    assert [body["type"] for body in (await told(world))[before:]] == ["connection.resumed"]


async def test_an_endpoint_that_is_gone_is_not_tried_again(world: World) -> None:
    """410 is its last word."""
    made = await endpoint(world)
    world.receivers.answer = answering(410)
    await world.connected("ann")
    await world.publish()
    await world.send_out()
    (delivery,) = await deliveries(world, made)
    assert (delivery.state, delivery.attempts, delivery.status) == (DeliveryState.FAILED, 1, 410)
    assert (await read(world, made)).disabled_reason is DisabledReason.GONE


async def test_a_slow_receiver_holds_up_nobody_else(world: World) -> None:
    """A few attempts to it at once; the rest goes back to the queue and comes when they are through."""
    slow, quick = await endpoint(world), await endpoint(world, url="https://quick.example.com/x")
    let_go = asyncio.Event()

    async def answer(posted: Posted) -> Answer:
        if posted.url == slow.url:
            await let_go.wait()
        return Answer(200)

    world.receivers.answer = answer
    for _ in range(AT_ONCE + 3):
        await world.app.webhooks.test(ACCOUNT, slow.id)
    await world.app.webhooks.test(ACCOUNT, quick.id)
    under_way: set[asyncio.Task[bool]] = set()
    while (message := world.outgoing.take(until=world.clock.now())) is not None:
        under_way.add(asyncio.create_task(world.deliver(message)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len([posted for posted in world.receivers.posted if posted.url == slow.url]) == AT_ONCE
    assert len([posted for posted in world.receivers.posted if posted.url == quick.url]) == 1
    let_go.set()
    assert all(await asyncio.gather(*under_way))
    await world.send_out()
    assert {d.state for d in await deliveries(world, slow)} == {DeliveryState.DELIVERED}
    assert len([posted for posted in world.receivers.posted if posted.url == slow.url]) == AT_ONCE + 3


async def test_a_late_duplicate_of_a_message_sends_nothing(world: World) -> None:
    """Neither for what came through nor for an attempt that was made."""
    made = await endpoint(world)
    world.receivers.answer = answering(500, 200)
    await world.connected("ann")
    await told(world)
    (delivery,) = await deliveries(world, made)
    await world.deliver(DeliverMessage(ACCOUNT, made.id, delivery.id))
    assert len(world.receivers.posted) == 1
    await world.send_out()
    await world.deliver(DeliverMessage(ACCOUNT, made.id, delivery.id, attempt=1))
    assert len(world.receivers.posted) == 2


async def test_an_attempt_that_fails_on_our_side_counts_as_missed(world: World) -> None:
    """Its message ends on the poison queue, the delivery goes on."""
    made = await endpoint(world)
    calls = 0

    async def broken(posted: Posted) -> Answer:
        nonlocal calls
        calls += 1
        if calls <= 5:
            raise ValueError(URL)
        return Answer(200)

    world.receivers.answer = broken
    await world.connected("ann")
    await world.publish()
    await world.send_out()
    (delivery,) = await deliveries(world, made)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert len(world.poison) == 1


async def test_after_a_change_both_secrets_sign_and_after_a_delete_none_is_left(world: World) -> None:
    """Only in the vault, under the endpoint's name, and gone with it."""
    made, first = await world.app.webhooks.create(ACCOUNT, URL, (), "")
    await world.app.webhooks.test(ACCOUNT, made.id)
    await world.send_out()
    _, second = await world.app.webhooks.change_secret(ACCOUNT, made.id)
    await world.app.webhooks.test(ACCOUNT, made.id)
    await world.send_out()
    assert world.receivers.posted[-1].secrets == (second, first)
    assert list(world.secrets.values) == [made.secret_name]
    world.clock.advance(timedelta(days=1))
    await world.app.webhooks.test(ACCOUNT, made.id)
    await world.send_out()
    assert list(world.receivers.posted[-1].secrets) == [second]
    await world.app.webhooks.test(ACCOUNT, made.id)
    await world.app.webhooks.delete(ACCOUNT, made.id)
    await world.send_out()
    assert (world.secrets.values, len(world.receivers.posted)) == ({}, 3)
    with pytest.raises(NotFound):
        await read(world, made)


async def test_a_delivery_can_be_asked_for_again(world: World) -> None:
    """With the same id and body, so that whoever has seen it knows it."""
    made = await endpoint(world)
    await world.connected("ann")
    await told(world)
    (delivery,) = await deliveries(world, made)
    await world.app.webhooks.redeliver(ACCOUNT, made.id, delivery.id)
    with pytest.raises(Conflict):
        await world.app.webhooks.redeliver(ACCOUNT, made.id, delivery.id)
    await world.send_out()
    first, second = world.receivers.posted
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert (await deliveries(world, made))[0].attempts == 2
