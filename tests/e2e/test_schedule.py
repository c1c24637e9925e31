"""Schedules as customers choose them, and pauses: what is announced is what will happen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene, eventually

pytestmark = pytest.mark.e2e

SLOT = timedelta(hours=12)  # between two fan-outs, which send the messages of all syncs in between
LEASE = 60.0  # seconds, as the app has it where nothing else is set
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


async def _next_sync(scene: Scene, customer: Customer, schedule: Document | None) -> datetime:
    await scene.api.configure(customer.id, {"schedule": schedule})
    return datetime.fromisoformat((await scene.api.connection(customer.id))["next_sync_at"])


async def _planned_ahead(scene: Scene, connection_id: str) -> list[int]:
    """How many messages were sent ahead, each time that it was looked at."""
    log = await asyncio.to_thread(scene.log)
    mark = f"schedule.planned_ahead connection={connection_id} messages="
    return [int(line.rpartition("=")[2]) for line in log.splitlines() if mark in line]


def _next_daily(at: time, zone: ZoneInfo) -> datetime:
    """The next such local time, one day later where today's is over."""
    now = datetime.now(UTC)
    today = now.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=ahead), at, zone) for ahead in range(2))
    return next(day.astimezone(UTC) for day in days if day > now)


async def test_the_next_sync_that_is_announced_is_the_true_one(scene: Scene) -> None:
    """Daily at a local time wherever that is, or every so many hours; null is the preset's again."""
    customer = await scene.connected("quince")
    for name in ("America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland", "UTC"):
        for at in (time(0, 45), time(12, 30)):  # no zone skips one of them
            schedule = {"kind": "daily", "at": f"{at:%H:%M}", "time_zone": name}
            assert await _next_sync(scene, customer, schedule) == _next_daily(at, ZoneInfo(name))
    for hours in (4, 168):
        found = await _next_sync(
            scene, customer, {"kind": "every", "hours": hours, "at": None, "time_zone": None}
        )
        assert timedelta() < found - datetime.now(UTC) <= timedelta(hours=hours)
        assert (found - FIRST) % timedelta(hours=hours) == timedelta()
    every_12 = await _next_sync(scene, customer, None)
    assert (every_12.hour % 12, every_12.minute, every_12 - datetime.now(UTC) <= SLOT) == (0, 0, True)


async def test_another_schedule_counts_at_once(scene: Scene) -> None:
    """Its syncs that the timer's next round would come too late for are on the queue now."""
    customer = await scene.connected("quince")
    connection_id = (await scene.api.connection(customer.id))["id"]
    before = datetime.now(UTC)
    await _next_sync(scene, customer, {"hours": 1})
    after = datetime.now(UTC)
    # On the full hour until the next fan-out; should the hour change meanwhile, either number will do.
    possible = [
        (SLOT - (moment - FIRST) % SLOT - timedelta.resolution) // timedelta(hours=1)
        for moment in (before, after)
    ]
    ahead = await eventually(lambda: _planned_ahead(scene, connection_id), lambda found: len(found) == 2)
    assert ahead[-1] in possible


async def test_a_pause_ends_a_sync_that_is_under_way(scene: Scene) -> None:
    """It stops at its next step and writes nothing; resumed, the next one does what it would have done."""
    customer = await scene.imported("harbour")
    newcomer = await scene.hire(customer, "Paused Newcomer")
    before = await scene.contacts(customer)
    await scene.fault(customer, "delay", seconds=2.1)
    run_id = await scene.api.start_run(customer.id)
    await eventually(lambda: scene.graph("GET", "faults"), lambda plan: plan["faults"][0]["hits"])
    await scene.api.pause(customer.id)
    run = await scene.api.finished(run_id)
    assert (run["state"], run["error"]["code"], run["applied"]) == ("canceled", "connection_not_active", 0)
    assert await scene.contacts(customer) == before
    await scene.api.resume(customer.id)
    async with asyncio.timeout(LEASE / 2):  # the lease was given back, so nobody waits it out
        again = await scene.sync(customer)
    assert again["state"] == "succeeded"
    assert (await scene.lines(again, "create")).keys() == {newcomer["id"]}
