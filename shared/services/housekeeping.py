"""What nobody waits for: expired links and old events go, and a fan-out that died is finished."""

from dataclasses import dataclass

from shared.core.events import KEPT_FOR
from shared.logs import log
from shared.ports import Clock, EventStore, OneTimeStore
from shared.services.fan_out import FanOut


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs every few minutes; doing it twice does no harm."""

    one_time: OneTimeStore
    fan_out: FanOut
    events: EventStore
    clock: Clock

    async def tidy(self) -> None:
        """Delete expired one-time values and old events, and finish slots that were left alone."""
        purged = await self.one_time.purge(self.clock.now())
        sent = await self.fan_out.resume()
        events = await self.events.purge(self.clock.now() - KEPT_FOR)
        log("housekeeping.done", purged=purged, resumed_messages=sent, events=events)
