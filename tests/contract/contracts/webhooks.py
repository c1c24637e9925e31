"""What every WebhookStore and DeliveryStore must do."""

from datetime import datetime, timedelta

import msgspec
import pytest

from shared.core.errors import ConcurrentUpdate
from shared.core.events import Event, EventType, Notice
from shared.core.webhooks import (
    Delivery,
    DeliveryState,
    DisabledReason,
    Endpoint,
    Webhooks,
    make_delivery,
)
from shared.ports import DeliveryStore, WebhookStore
from tests.contract.contracts.values import HOSTILE, NOW, unique

LONG = Endpoint(
    "whe_1",
    f"https://example.com/{'x' * 2000}",
    NOW,
    NOW,
    "webhook-1",
    (EventType.RUN_COMPLETED,),
    "Zoë / 名前 😀",
    enabled=False,
    disabled_reason=DisabledReason.GONE,
    failing_since=NOW,
    secret_changed_at=NOW,
)


def delivery(endpoint: str, at: datetime = NOW, name: str = "evt_1") -> Delivery:
    event = Event(name, EventType.RUN_COMPLETED, at, "acc", name, "Zoë / 名前 😀")
    return make_delivery(event, msgspec.structs.replace(LONG, id=endpoint))


class WebhookStoreContract:
    """The endpoints of each account, as one value."""

    @pytest.fixture
    def webhooks(self) -> WebhookStore:
        raise NotImplementedError("the store under test")

    async def test_endpoints_come_back_as_they_were_written(self, webhooks: WebhookStore) -> None:
        """Ten of the longest, with all that can be said of them."""
        account = unique()
        assert await webhooks.get(account) is None
        notice = Notice(1, EventType.WEBHOOK_ENDPOINT_DISABLED, NOW, {"reason": "gone"})
        value = Webhooks((LONG,) * 10, (notice,), 1)
        stored = await webhooks.put(account, None, value)
        assert stored.value == value
        assert await webhooks.get(account) == stored
        assert await webhooks.get(unique()) is None

    async def test_of_two_who_write_at_once_one_is_told(self, webhooks: WebhookStore) -> None:
        """Whether there was something before or not."""
        account = unique()
        first = await webhooks.put(account, None, Webhooks())
        with pytest.raises(ConcurrentUpdate):
            await webhooks.put(account, None, Webhooks((LONG,)))
        await webhooks.put(account, first, Webhooks((LONG,)))
        with pytest.raises(ConcurrentUpdate):
            await webhooks.put(account, first, Webhooks())


class DeliveryStoreContract:
    """The deliveries to each endpoint, newest first."""

    @pytest.fixture
    def deliveries(self) -> DeliveryStore:
        raise NotImplementedError("the store under test")

    async def test_a_delivery_comes_back_as_it_was_saved(self, deliveries: DeliveryStore) -> None:
        """Added once; what is saved later takes its place."""
        one = delivery(unique())
        assert await deliveries.add(one)
        assert not await deliveries.add(msgspec.structs.replace(one, attempts=3))
        assert await deliveries.get(one.endpoint_id, one.id) == one
        tried = msgspec.structs.replace(
            one, state=DeliveryState.FAILED, attempts=1, last_at=NOW, status=500, code="http_status"
        )
        await deliveries.save(tried)
        assert await deliveries.get(one.endpoint_id, one.id) == tried

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_what_is_not_there_is_not_found(self, deliveries: DeliveryStore, name: str) -> None:
        """Whatever it is called."""
        one = delivery(unique())
        await deliveries.add(one)
        assert await deliveries.get(one.endpoint_id, name) is None
        assert await deliveries.get(name, one.id) is None

    async def test_the_newest_come_first_in_parts(self, deliveries: DeliveryStore) -> None:
        """Of one endpoint only."""
        endpoint = unique()
        made = [delivery(endpoint, NOW + timedelta(seconds=number)) for number in range(5)]
        for one in made:
            await deliveries.add(one)
        await deliveries.add(delivery(unique()))
        found: list[Delivery] = []
        after: str | None = None
        while True:
            page = await deliveries.list(endpoint, 2, after)
            found += page.items
            after = page.after
            if after is None:
                break
        assert found == list(reversed(made))

    async def test_old_ones_go(self, deliveries: DeliveryStore) -> None:
        """Those of the days before; the others stay."""
        endpoint = unique()
        old = [delivery(endpoint, NOW - timedelta(days=3, seconds=number)) for number in range(3)]
        fresh = delivery(endpoint, NOW)
        for one in (*old, fresh):
            await deliveries.add(one)
        assert await deliveries.purge(NOW - timedelta(days=1)) == 3
        assert await deliveries.purge(NOW - timedelta(days=1)) == 0
        assert (await deliveries.list(endpoint, 10)).items == (fresh,)
