"""What nobody waits for: expired links and old events go, and a fan-out that died is finished."""

from dataclasses import dataclass

from shared.core.events import KEPT_FOR
from shared.core.webhooks import DELIVERIES_KEPT_FOR
from shared.logs import log
from shared.ports import Clock, DeliveryStore, EventStore, OneTimeStore
from shared.services.fan_out import FanOut


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs every few minutes; doing it twice does no harm."""

    one_time: OneTimeStore
    fan_out: FanOut
    events: EventStore
    deliveries: DeliveryStore
    clock: Clock

    async def tidy(self) -> None:
        """Delete what is past its time, and finish slots that were left alone."""
        purged = await self.one_time.purge(self.clock.now())
        sent = await self.fan_out.resume()
        events = await self.events.purge(self.clock.now() - KEPT_FOR)
        deliveries = await self.deliveries.purge(self.clock.now() - DELIVERIES_KEPT_FOR)
        log(
            "housekeeping.done",
            purged=purged,
            resumed_messages=sent,
            events=events,
            deliveries=deliveries,
        )
