"""What nobody waits for: expired links go, and a fan-out that died is finished."""

from dataclasses import dataclass

from shared.logs import log
from shared.ports import Clock, OneTimeStore
from shared.services.fan_out import FanOut


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs every few minutes; doing it twice does no harm."""

    one_time: OneTimeStore
    fan_out: FanOut
    clock: Clock

    async def tidy(self) -> None:
        """Delete expired one-time values and finish slots that were left alone."""
        purged = await self.one_time.purge(self.clock.now())
        sent = await self.fan_out.resume()
        log("housekeeping.done", purged=purged, resumed_messages=sent)
