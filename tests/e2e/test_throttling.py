"""Microsoft Graph that asks to stay away for minutes: the queue waits, and no worker does."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.e2e.scene import Scene, eventually

pytestmark = pytest.mark.e2e

MINUTES = 240  # seconds; nobody here waits for them


async def _put_off(scene: Scene, run_id: str) -> None:
    """Wait until the run's message is on the queue again, to come back after these minutes."""
    put_off = re.compile(rf"run\.put_off run={run_id} .*code=graph_throttled seconds={MINUTES:.1f}")
    await eventually(lambda: asyncio.to_thread(scene.log), put_off.search)


async def test_a_wait_of_minutes_is_the_queues_and_holds_up_nobody(scene: Scene) -> None:
    """The run is put off for as long as Microsoft Graph asked; meanwhile another one gets its turn."""
    customer = await scene.imported("quince")
    newcomer = await scene.hire(customer, "Urgent Newcomer")
    await scene.fault(customer, "throttle", retry_after=MINUTES)
    run_id = await scene.api.start_run(customer.id)
    await _put_off(scene, run_id)
    run = await scene.api.run(run_id)
    assert (run["state"], run["error"]["code"], run["applied"]) == ("running", "graph_throttled", 0)

    urgent = await scene.api.finished(await scene.api.sync_user(customer.id, newcomer["mail"]))
    assert (urgent["state"], urgent["counts"]["created"]) == ("succeeded", 1)
    assert (await scene.api.run(run_id))["state"] == "running"
    assert (await scene.api.cancel(run_id))["state"] == "canceled"
    assert (await scene.sync(customer))["state"] == "succeeded"


async def test_a_wait_that_decides_who_is_in_scope_puts_off_the_run(scene: Scene) -> None:
    """Nobody is taken for a leaver because Microsoft Graph would not say who is in a group."""
    customer = await scene.connected("quince")
    member = await scene.hire(customer, "Throttled Member")
    group = await scene.add_group(customer, "Throttled", member)
    scope = {"groups": {"mode": "selected", "ids": [group["id"]]}}
    await scene.api.configure(customer.id, {"scope": scope, "leavers": "deactivate"})
    await scene.sync(customer)
    before = await scene.contacts(customer)
    await scene.fault(customer, "throttle", path=r"\$batch", retry_after=MINUTES)
    run_id = await scene.api.start_run(customer.id)
    await _put_off(scene, run_id)
    assert (await scene.api.run(run_id))["error"]["code"] == "graph_throttled"
    assert await scene.contacts(customer) == before
    await scene.api.cancel(run_id)
