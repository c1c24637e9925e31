"""The feed of events through the API."""

from datetime import timedelta
from typing import Any

from shared.core.customer import Customer
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, Site

EVENTS = "/api/v1/events"


async def part(caller: Caller, **query: Any) -> dict[str, Any]:
    answer = await caller.http.get(EVENTS, params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def types(document: dict[str, Any]) -> list[str]:
    return [event["type"] for event in document["data"]]


async def paused_and_resumed(site: Site, caller: Caller) -> None:
    await caller.http.post(f"{CONNECTION}/pause")
    await caller.http.post(f"{CONNECTION}/resume")
    await site.world.publish()


async def test_an_event_is_thin(site: Site, caller: Caller, customer: Customer) -> None:
    """Ids, a time, a type, and facts that name nobody."""
    await site.world.publish()
    (event,) = (await part(caller))["data"]
    assert event["id"].startswith("evt_")
    assert event == {
        "id": event["id"],
        "type": "connection.activated",
        "timestamp": "2026-03-02T00:00:00.000Z",
        "customer_id": "c-1",
        "connection_id": customer.connection_id,
        "run_id": None,
        "data": {"tenant_id": event["data"]["tenant_id"]},
    }


async def test_a_poller_goes_on_from_its_cursor(site: Site, caller: Caller, customer: Customer) -> None:
    """Also from an empty part at the end of the feed, and from one before anything happened."""
    nothing = await part(caller)
    assert (nothing["data"], nothing["after"]) == ([], None)
    await site.world.publish()
    first = await part(caller, after=nothing["cursor"])
    assert (types(first), first["after"]) == (["connection.activated"], None)
    idle = await part(caller, after=first["cursor"])
    assert (idle["data"], idle["after"], idle["cursor"]) == ([], None, first["cursor"])
    await paused_and_resumed(site, caller)
    assert types(await part(caller, after=idle["cursor"])) == ["connection.paused", "connection.resumed"]


async def test_the_feed_comes_in_parts(site: Site, caller: Caller, customer: Customer) -> None:
    """`after` is there as long as there is more, and is the cursor then."""
    await paused_and_resumed(site, caller)
    first = await part(caller, limit=2)
    assert types(first) == ["connection.activated", "connection.paused"]
    assert first["after"] == first["cursor"]
    assert types(await part(caller, after=first["after"], limit=2)) == ["connection.resumed"]


async def test_a_feed_is_filtered_by_type_and_customer(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Several types may be named; what does not exist is told."""
    await paused_and_resumed(site, caller)
    wanted = ["connection.paused", "run.failed"]
    assert types(await part(caller, type=wanted, customer="c-1")) == ["connection.paused"]
    assert types(await part(caller, customer="c-2")) == []
    assert (await caller.http.get(EVENTS, params={"type": "no.such"})).status_code == 400
    assert (await caller.http.get(EVENTS, params={"customer": "%"})).status_code == 400


async def test_another_accounts_events_are_nobodys_business(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """A feed is the key's account's own, and so is its cursor."""
    await paused_and_resumed(site, caller)
    cursor = (await part(caller))["cursor"]
    _, stranger = await site.caller("Stranger")
    async with stranger:
        assert (await stranger.get(EVENTS)).json()["data"] == []
        assert (await stranger.get(EVENTS, params={"after": cursor})).status_code == 400


async def test_events_can_be_read_for_ninety_days(site: Site, caller: Caller, customer: Customer) -> None:
    """Then housekeeping takes them away, and what is left is read from an old cursor all the same."""
    start = (await part(caller))["cursor"]
    await site.world.publish()
    site.world.clock.advance(timedelta(days=90))
    await site.world.app.housekeeping.tidy()
    assert types(await part(caller, after=start)) == ["connection.activated"]
    site.world.clock.advance(timedelta(days=1))
    await paused_and_resumed(site, caller)
    await site.world.app.housekeeping.tidy()
    assert types(await part(caller, after=start)) == ["connection.paused", "connection.resumed"]
