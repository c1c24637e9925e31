"""Resource units, by which the identity service limits an application in a tenant.

Follows "Microsoft Graph service-specific throttling limits", section "Identity and access service limits"
(learn.microsoft.com/graph/throttling-limits). Off until it is switched on.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from math import ceil

import msgspec

from sandbox.simulators.graph.errors import GraphError
from sandbox.world.model import Tenant

_SMALL, _MEDIUM = 50, 500


class ThrottlingSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Whether limits apply; `limit` replaces the one that follows from the size of the tenant."""

    enabled: bool = False
    limit: int | None = None
    window_seconds: float = 10.0


class ResourceUnits:
    """What each application spent in each tenant during the last window."""

    def __init__(self) -> None:
        self.settings = ThrottlingSettings()
        self._spent: dict[tuple[str, str], deque[tuple[datetime, int]]] = {}

    def charge(self, tenant: Tenant, client_id: str, units: int, now: datetime) -> dict[str, str]:
        """Charge a request and return the headers that tell of it; raises GraphError 429 over the limit."""
        headers = {"x-ms-resource-unit": str(units)}
        if not self.settings.enabled:
            return headers
        window = timedelta(seconds=self.settings.window_seconds)
        spent = self._spent.setdefault((client_id, tenant.id), deque())
        while spent and spent[0][0] <= now - window:
            spent.popleft()
        # Refused requests count too, as the service says they do.
        spent.append((now, units))
        share = sum(cost for _, cost in spent) / self._limit(tenant)
        if share > 1:
            wait = max(1, ceil((spent[0][0] + window - now).total_seconds()))
            headers |= {
                "Retry-After": str(wait),
                "x-ms-throttle-limit-percentage": f"{min(share, 1.8):.1f}",
                "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{client_id}/{tenant.id}",
                "x-ms-throttle-information": "ResourceUnitLimitExceeded",
            }
            raise GraphError(429, "TooManyRequests", "Too many requests", headers)
        if share >= 0.8:
            headers["x-ms-throttle-limit-percentage"] = f"{share:.1f}"
        return headers

    def _limit(self, tenant: Tenant) -> int:
        if self.settings.limit is not None:
            return self.settings.limit
        users = len(tenant.users)
        return 3_500 if users < _SMALL else 5_000 if users <= _MEDIUM else 8_000


def cost(base: int, query: dict[str, str]) -> int:
    """Return the units of a read: less for `$select` and small pages, more for `$expand`, at least 1."""
    units = base
    if "$select" in query:
        units -= 1
    if query.get("$top", "").isdigit() and int(query["$top"]) < 20:
        units -= 1
    if "$expand" in query:
        units += 1
    return max(units, 1)
