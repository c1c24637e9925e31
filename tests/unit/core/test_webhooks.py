"""Endpoints and deliveries: when to try again, when to stop, and what to sign with."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.errors import Conflict
from shared.core.events import Event, EventType
from shared.core.webhook_secrets import OVERLAP, changed, in_force, new_secret
from shared.core.webhooks import (
    FAILING_FOR,
    PAUSES,
    Delivery,
    DeliveryState,
    DisabledReason,
    Endpoint,
    Webhooks,
    again,
    attempted,
    judged,
    made_before,
    make_delivery,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENT = Event("evt_1", EventType.RUN_COMPLETED, NOW, "acc", "run:1", "c-1", data={"kind": "sync"})
ENDPOINT = Endpoint("whe_1", "https://example.com/x", NOW, NOW, "webhook-acc-1")


def failed(delivery: Delivery, now: datetime, retry_after: timedelta | None = None) -> Delivery:
    return attempted(delivery, now, status=500, code="http_status", retry_after=retry_after)


def test_a_receiver_is_tried_ten_times_in_three_days() -> None:
    """At once, after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h; then it is over."""
    delivery, now, waits = make_delivery(EVENT, ENDPOINT), NOW, []
    while delivery.state is DeliveryState.PENDING:
        delivery = failed(delivery, now)
        if delivery.next_at is not None:
            waits.append((delivery.next_at - now).total_seconds())
            now = delivery.next_at
    hours = [number * 3600 for number in (2, 5, 10, 14, 20, 24)]
    assert waits == [5, 300, 1800, *hours]
    assert (delivery.attempts, delivery.state, delivery.code) == (10, DeliveryState.FAILED, "http_status")


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    """As long as a pause may be at most, and never less than it would have been."""
    delivery = make_delivery(EVENT, ENDPOINT)
    for asked, got in ((60, 60), (1, 5), (10**6, 86_400)):
        found = failed(delivery, NOW, timedelta(seconds=asked))
        assert found.next_at == NOW + timedelta(seconds=got)


def test_what_came_through_is_over() -> None:
    """With the answer's status, and nothing due."""
    done = attempted(failed(make_delivery(EVENT, ENDPOINT), NOW), NOW, status=204, code=None)
    assert (done.state, done.attempts, done.status, done.code, done.next_at) == (
        DeliveryState.DELIVERED,
        2,
        204,
        None,
        None,
    )


def test_asking_again_begins_anew() -> None:
    """All the attempts there were at first; not while it is still tried."""
    done = attempted(make_delivery(EVENT, ENDPOINT), NOW, status=204, code=None)
    anew = again(done, NOW)
    assert (anew.state, anew.attempts, anew.next_at) == (DeliveryState.PENDING, 1, NOW)
    assert failed(anew, NOW).next_at == NOW + PAUSES[0]
    with pytest.raises(Conflict):
        again(anew, NOW)


def test_a_delivery_has_one_id_and_newer_ones_come_first() -> None:
    """Whoever makes it; ids sort by the time of the event, and a day can be cut off."""
    later = msgspec.structs.replace(EVENT, id="evt_2", at=NOW + timedelta(milliseconds=1))
    first, second = make_delivery(EVENT, ENDPOINT), make_delivery(later, ENDPOINT)
    assert first == make_delivery(EVENT, ENDPOINT)
    assert second.id < first.id
    assert second.id < made_before(later.at) < first.id
    elsewhere = msgspec.structs.replace(ENDPOINT, id="whe_2")
    assert make_delivery(EVENT, elsewhere).id != first.id


def test_an_endpoint_gets_what_it_asked_for_since_it_listens() -> None:
    """By type and time; all types where it names none; nothing while it is disabled."""
    assert ENDPOINT.wants(EVENT)
    for changes in (
        {"types": (EventType.RUN_FAILED,)},
        {"enabled": False},
        {"since": NOW + timedelta(seconds=1)},
    ):
        assert not msgspec.structs.replace(ENDPOINT, **changes).wants(EVENT)
    assert msgspec.structs.replace(ENDPOINT, types=(EventType.RUN_COMPLETED,)).wants(EVENT)


def test_an_endpoint_that_fails_for_five_days_is_disabled_and_that_is_told() -> None:
    """Counted from the first failure; one delivery that comes through wipes it out."""
    all_well = Webhooks((ENDPOINT,))
    failing = judged(all_well, "whe_1", NOW, came_through=False)
    assert failing.endpoints[0].failing_since == NOW
    assert judged(failing, "whe_1", NOW + FAILING_FOR / 2, came_through=False) is failing
    healed = judged(failing, "whe_1", NOW + FAILING_FOR / 2, came_through=True)
    assert healed == all_well
    assert judged(healed, "whe_1", NOW, came_through=True) is healed
    off = judged(failing, "whe_1", NOW + FAILING_FOR, came_through=False)
    assert (off.endpoints[0].enabled, off.endpoints[0].disabled_reason) == (False, DisabledReason.FAILING)
    (notice,) = off.outbox
    assert (notice.number, notice.type, notice.data) == (
        1,
        EventType.WEBHOOK_ENDPOINT_DISABLED,
        {"endpoint_id": "whe_1", "reason": "failing"},
    )
    assert judged(off, "whe_1", NOW + 2 * FAILING_FOR, came_through=False) is off


def test_an_endpoint_that_says_it_is_gone_is_disabled_at_once() -> None:
    """That is what 410 means; what is said of one that is deleted changes nothing."""
    off = judged(Webhooks((ENDPOINT,)), "whe_1", NOW, came_through=False, gone=True)
    assert off.endpoints[0].disabled_reason is DisabledReason.GONE
    assert judged(off, "whe_9", NOW, came_through=False) is off


def test_the_former_secret_signs_along_for_a_day() -> None:
    """The present one comes first; a third within the day does not end the first one early."""
    first, second, third = new_secret(), new_secret(), new_secret()
    assert len({first, second, third}) == 3
    kept = changed(None, first, NOW)
    assert in_force(kept, NOW) == [first]
    kept = changed(kept, second, NOW)
    assert in_force(kept, NOW) == [second, first]
    kept = changed(kept, third, NOW + timedelta(hours=1))
    assert in_force(kept, NOW + timedelta(hours=1)) == [third, second, first]
    assert in_force(kept, NOW + OVERLAP) == [third, second]
    assert in_force(kept, NOW + OVERLAP + timedelta(hours=1)) == [third]
    assert in_force(changed(kept, first, NOW + 3 * OVERLAP), NOW + 5 * OVERLAP) == [first]
