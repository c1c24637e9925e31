"""Everything that one simulated Microsoft Graph remembers between requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sandbox.simulators.faults import FaultPlan
from sandbox.simulators.graph.delta_rounds import DeltaBehaviour, Rounds
from sandbox.simulators.graph.downloads import Downloads, ReportSettings
from sandbox.simulators.graph.rendering import EncodingCache
from sandbox.simulators.graph.request_limits import RequestLimits
from sandbox.simulators.graph.throttling import ResourceUnits
from sandbox.simulators.graph.tokens import OpaqueTokens
from sandbox.simulators.request_log import RequestLog
from sandbox.simulators.tokens import TokenAuthority
from sandbox.world.model import World


class GraphState:
    """World, keys and clock from outside; tokens, rounds, limits and behaviour of the simulator's own.

    The clock judges the age of delta tokens and the throttling window; access tokens live by the world's.
    """

    def __init__(
        self,
        world: World,
        tokens: TokenAuthority,
        base_url: str,
        clock: Callable[[], datetime] | None = None,
        seed: int = 0,
    ) -> None:
        self.world = world
        self.tokens = tokens
        self.base_url = base_url.rstrip("/")
        self.opaque = OpaqueTokens()
        self.rounds = Rounds(seed)
        self.behaviour: dict[str | None, DeltaBehaviour] = {None: DeltaBehaviour()}
        self.expired: dict[str | None, Expiry] = {}
        self.generation = 0
        self.encodings = EncodingCache()
        self.units = ResourceUnits()
        self.limits = RequestLimits()
        self.reports = ReportSettings()
        self.downloads = Downloads()
        self.faults = FaultPlan()
        self.requests = RequestLog()
        self.foreign_hosts: set[str] = set()
        self.foreign_calls: list[dict[str, object]] = []
        self._clock = clock or world.now
        self._advanced = timedelta()

    def now(self) -> datetime:
        return self._clock() + self._advanced

    def advance(self, by: timedelta) -> None:
        """Move this simulator's clock, and nobody else's."""
        self._advanced += by

    def behaviour_of(self, tenant_id: str) -> DeltaBehaviour:
        return self.behaviour.get(tenant_id, self.behaviour[None])

    def expire_delta(self, tenant_id: str | None, style: str) -> None:
        """Make all delta links of a tenant, or of all, end in an error of this style from now on."""
        self.generation += 1
        self.expired[tenant_id] = Expiry(self.generation, style)

    def expiry_of(self, tenant_id: str, generation: int) -> str | None:
        """Return the style in which a token of this generation has expired, or None if it has not."""
        for expiry in (self.expired.get(tenant_id), self.expired.get(None)):
            if expiry and generation < expiry.generation:
                return expiry.style
        return None

    def mislead_to(self, host: str) -> str:
        """Register a host as foreign and return it as an origin; without a scheme it takes Graph's."""
        origin = host if "//" in host else f"{urlsplit(self.base_url).scheme}://{host}"
        self.foreign_hosts.add(urlsplit(origin).netloc.lower())
        return origin.rstrip("/")


class Expiry:
    """Delta tokens of an earlier generation are no longer good; `style` says how the answer looks."""

    def __init__(self, generation: int, style: str) -> None:
        self.generation = generation
        self.style = style
