"""The secure score of a tenant, day by day.

Follows "secureScore resource type" (learn.microsoft.com/graph/api/resources/securescore).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sandbox.world.seeded import seeded

DAYS_KEPT = 90


class SecureScore(NamedTuple):
    """Points reached, out of those that can be reached, on one day."""

    day: date
    current: float
    maximum: float


def seeded_secure_scores(tenant_id: str, today: date) -> list[SecureScore]:
    """Return the scores of the last 90 days, newest first; they rise slowly towards today's."""
    source = seeded(tenant_id, "secure score")
    maximum = 60.0 + int(source.random() * 300)
    current = maximum * (0.3 + source.random() * 0.5)
    return [
        SecureScore(today - timedelta(days=age), round(current * (1 - age / 900), 2), maximum)
        for age in range(DAYS_KEPT)
    ]
