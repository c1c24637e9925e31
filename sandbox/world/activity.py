"""When somebody last worked with which part of Microsoft 365."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal

from sandbox.world.directory import User
from sandbox.world.seeded import seeded
from sandbox.world.skus import (
    EXCHANGE,
    EXCHANGE_ENTERPRISE,
    ONEDRIVE,
    SHAREPOINT,
    SHAREPOINT_ENTERPRISE,
    SKYPE,
    TEAMS,
    YAMMER,
    plans_of,
)

Workload = Literal["Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams"]
# With the share of active people who use each.
_USE: dict[Workload, float] = {
    "Exchange": 0.98,
    "OneDrive": 0.8,
    "SharePoint": 0.6,
    "Skype For Business": 0.01,
    "Yammer": 0.05,
    "Teams": 0.85,
}
WORKLOADS: tuple[Workload, ...] = tuple(_USE)
_BY_PLAN: dict[str, tuple[Workload, ...]] = {
    EXCHANGE.id: ("Exchange",),
    EXCHANGE_ENTERPRISE.id: ("Exchange",),
    ONEDRIVE.id: ("OneDrive",),
    SHAREPOINT.id: ("SharePoint", "OneDrive"),
    SHAREPOINT_ENTERPRISE.id: ("SharePoint", "OneDrive"),
    SKYPE.id: ("Skype For Business",),
    TEAMS.id: ("Teams",),
    YAMMER.id: ("Yammer",),
}
_NEVER, _STILL_ACTIVE = 0.08, 0.88


def workloads_in(licences: Iterable[Mapping[str, Any]]) -> set[Workload]:
    """Return what licences, in the shape of a user's `assignedLicenses`, are good for."""
    plans = (plan for licence in licences for plan in plans_of(licence))
    return {workload for plan in plans for workload in _BY_PLAN.get(plan.id, ())}


def licensed_workloads(user: User) -> set[Workload]:
    """Return what the licences of a user let them use."""
    return workloads_in(user.properties.get("assignedLicenses") or ())


def seeded_activity(tenant_id: str, user: User, as_of: date) -> dict[Workload, date]:
    """Return the last days of activity, up to and including `as_of`, the same distance from it every day.

    Most people worked within the last week, some not for a month or more, a few never. Nobody works with a
    mailbox of no person or without a licence, nor has who came after the seeding.
    """
    licensed = licensed_workloads(user)
    if user.purpose != "user" or not licensed or "createdDateTime" not in user.properties:
        return {}
    source = seeded(tenant_id, user.id, "activity")
    fate = source.random()
    idle = int(source.random() * 3 if fate < _STILL_ACTIVE else 30 + source.random() * 140)
    found: dict[Workload, date] = {}
    for workload, share in _USE.items():
        uses, days = source.random() < share, idle + int(source.random() * 5)
        if uses and fate >= _NEVER and workload in licensed:
            found[workload] = as_of - timedelta(days=days)
    return found
