"""From an event in the feed to a delivery for each endpoint that wants it."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.core.events import Event
from shared.core.messages import DeliverMessage
from shared.core.webhooks import DeliveryState, Endpoint, make_delivery
from shared.ports import DeliveryStore, Queue, WebhookStore


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Doing it again makes nothing twice, and finishes what was cut short."""

    webhooks: WebhookStore
    deliveries: DeliveryStore
    queue: Queue

    async def dispatch(self, account_id: str, events: Sequence[Event]) -> None:
        """Send each event on its way to the endpoints that want it."""
        stored = await self.webhooks.get(account_id) if events else None
        for endpoint in () if stored is None else stored.value.endpoints:
            for event in events:
                if endpoint.wants(event):
                    await self.send(account_id, event, endpoint)

    async def send(self, account_id: str, event: Event, endpoint: Endpoint) -> None:
        """Send one event on its way to one endpoint, unless an attempt was made already."""
        delivery = make_delivery(event, endpoint)
        if not await self.deliveries.add(delivery):
            found = await self.deliveries.get(endpoint.id, delivery.id)
            if found is None or found.attempts or found.state is not DeliveryState.PENDING:
                return
        await self.queue.send(DeliverMessage(account_id, endpoint.id, delivery.id))
