"""Limits on the number of requests, by which the services behind the reports protect themselves.

Follows "Microsoft Graph service-specific throttling limits" (learn.microsoft.com/graph/throttling-limits),
sections "Identity and access reports", "Microsoft 365 reports" and "Security detections and incidents". Off
until they are switched on.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

import msgspec

from sandbox.simulators.graph.errors import GraphError
from sandbox.world.model import Tenant

LimitName = Literal["identity_reports", "usage_reports", "secure_scores"]


class RequestLimit(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """So many requests of an application in a tenant within a window; not every service says Retry-After."""

    requests: int
    window_seconds: float
    retry_after: bool = True


class RequestLimitSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Whether limits apply, and which."""

    enabled: bool = False
    identity_reports: RequestLimit = RequestLimit(5, 10)
    usage_reports: RequestLimit = RequestLimit(14, 600)
    secure_scores: RequestLimit = RequestLimit(150, 60)


class RequestLimits:
    """What each application asked of each service in each tenant during the last window."""

    def __init__(self) -> None:
        self.settings = RequestLimitSettings()
        self._asked: dict[tuple[LimitName, str, str], deque[datetime]] = {}

    def count(self, name: LimitName, tenant: Tenant, client_id: str, now: datetime) -> None:
        """Count a request; raises GraphError 429 over the limit. Refused requests count too."""
        if not self.settings.enabled:
            return
        limit: RequestLimit = getattr(self.settings, name)
        window = timedelta(seconds=limit.window_seconds)
        asked = self._asked.setdefault((name, client_id, tenant.id), deque())
        while asked and asked[0] <= now - window:
            asked.popleft()
        asked.append(now)
        if len(asked) > limit.requests:
            wait = max(1, ceil((asked[0] + window - now).total_seconds()))
            headers = {"Retry-After": str(wait)} if limit.retry_after else {}
            raise GraphError(429, "TooManyRequests", "Too many requests", headers)
