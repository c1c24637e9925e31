"""The timer, through the host's own door: one message and one run for every customer whose sync is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import pytest_asyncio

from sandbox.api_client import Document
from sandbox.stack import Stack
from tests.e2e.scene import Customer, Scene, eventually, open_scene

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Slot:
    """What a slot of the schedule did, whose timer fired three times, twice of it at the same moment."""

    runs: dict[str, list[Document]] = field(default_factory=dict)
    active: int = 0
    next_sync: dict[str, str] = field(default_factory=dict)
    later: datetime | None = None
    log: str = ""
    requests_after_disconnect: int = 0
    disconnected_secret_names: set[str] = field(default_factory=set)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slot(big_stack: Stack) -> AsyncIterator[Slot]:
    """The story: three customers are connected, one more has its sync in half a day, the others are not any
    more, or not yet."""
    async with open_scene(big_stack) as scene:
        yield await _tell(scene)


async def _tell(scene: Scene) -> Slot:
    slot = Slot()
    connected = [await scene.imported(key) for key in ("contoso", "harbour", "kosmopolis")]
    at_another_time = await scene.imported("northmoor")
    # Half a day from now is in the next slot, half a day ago was in the one before.
    slot.later = later = (datetime.now(UTC) + timedelta(hours=12)).replace(second=0, microsecond=0)
    daily = {"kind": "daily", "at": f"{later:%H:%M}", "time_zone": "UTC"}
    assert (await scene.configure(at_another_time, schedule=daily)).is_success
    withdrawn, disconnected = await scene.imported("quince"), await scene.imported("alder")
    opened = await scene.customer("meridian")
    await scene.withdraw(withdrawn)
    await scene.sync(withdrawn)
    before = await scene.secret_names()
    await scene.api.disconnect(disconnected.id)
    slot.disconnected_secret_names = before - await scene.secret_names()
    await scene.api.begin_connection(opened.id, "application")
    requests = await scene.request_count(disconnected)

    listed = (await scene.request("GET", "/customers?limit=100")).json()["data"]
    states = [await scene.request("GET", f"/customers/{found['id']}/connection") for found in listed]
    slot.active = sum(found.is_success and found.json()["state"] == "active" for found in states)

    fire = scene.stack.fire_timer
    await asyncio.gather(asyncio.to_thread(fire, "fan_out"), asyncio.to_thread(fire, "fan_out"))
    for customer in connected:
        await eventually(partial(_scheduled, scene, customer), _all_ended)
    await asyncio.to_thread(fire, "fan_out")
    await eventually(lambda: _count(scene, "fan_out.already_done"), lambda count: count == 2)
    await asyncio.to_thread(fire, "observe")
    await eventually(lambda: _count(scene, "credential.observed"), lambda count: count > 0)
    slot.log = await asyncio.to_thread(scene.log)
    customers = {"withdrawn": withdrawn, "disconnected": disconnected, "opened": opened}
    customers |= {"at another time": at_another_time}
    customers |= {customer.tenant.key: customer for customer in connected}
    slot.runs = {name: await _scheduled(scene, customer) for name, customer in customers.items()}
    for name, customer in customers.items():
        slot.next_sync[name] = (await scene.api.connection(customer.id))["next_sync_at"]
    slot.requests_after_disconnect = await scene.request_count(disconnected) - requests
    return slot


async def _scheduled(scene: Scene, customer: Customer) -> list[Document]:
    return [run for run in await scene.api.runs(customer.id) if run["trigger"] == "schedule"]


def _all_ended(runs: list[Document]) -> bool:
    return bool(runs) and all(run["finished_at"] for run in runs)


async def _count(scene: Scene, text: str) -> int:
    return (await asyncio.to_thread(scene.log)).count(text)


async def test_a_slot_is_one_run_for_every_connected_customer(slot: Slot) -> None:
    """However often the timer fires in it."""
    for key in ("contoso", "harbour", "kosmopolis"):
        (run,) = slot.runs[key]
        assert (run["state"], run["read_mode"], run["applied"]) == ("succeeded", "delta", 0)
        assert slot.log.count(f"run.finished run={run['id']}") == 1


async def test_a_slot_is_one_message_for_every_sync_that_is_due(slot: Slot) -> None:
    """The first firing sends them all; the others find the slot done or taken, and send none."""
    done = [line for line in slot.log.splitlines() if "fan_out.done" in line]
    assert len(done) == 1
    assert done[0].endswith(f"messages={slot.active - 1}")
    assert slot.active >= 4


async def test_a_look_counts_the_customers_and_finds_nobody_late(slot: Slot) -> None:
    """Fired by hand like any timer; the app's own secret is looked at too."""
    (seen,) = [line for line in slot.log.splitlines() if "fleet.observed" in line]
    assert f" active={slot.active} paused=0 action_required=1 pending=1 disconnected=1 " in seen
    assert " held=0 late=0 " in seen
    assert "connection.late" not in slot.log
    assert "credential.observed kind=secret days_left=-1" in slot.log


async def test_who_is_synced_at_another_time_is_left_for_then(slot: Slot) -> None:
    """No run in this slot, and the time that was chosen is the one that is announced."""
    assert slot.runs["at another time"] == []
    assert datetime.fromisoformat(slot.next_sync["at another time"]) == slot.later


@pytest.mark.parametrize("who", ["withdrawn", "disconnected", "opened"])
async def test_who_is_not_connected_is_not_synced(slot: Slot, who: str) -> None:
    """Neither where the customer must act, nor after a disconnect, nor before a consent."""
    assert slot.runs[who] == []


async def test_the_timer_leaves_a_disconnected_tenant_alone(slot: Slot) -> None:
    """Microsoft Graph hears nothing more about it, and its secret is gone."""
    assert slot.requests_after_disconnect == 0
    assert len(slot.disconnected_secret_names) == 1
