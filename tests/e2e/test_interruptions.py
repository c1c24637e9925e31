"""A big import that is killed, stopped, or has to do in small pieces, ends like one that was left alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.api_client import Document
from sandbox.stack import Stack
from sandbox.world.model import World
from sandbox.world.seed import build_world
from tests.e2e.scene import Customer, Scene, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def world(big_stack: Stack) -> World:
    """The world as it was seeded, to know who should have a contact without asking the app."""
    return build_world(big_stack.seed, big_stack.scale)


@pytest.fixture
def hurried(big_stack: Stack) -> Iterator[dict[str, str]]:
    """The app's settings, open for a change that the next start of the host sees; put back afterwards."""
    settings = dict(big_stack.settings)
    changed = dict(settings)
    big_stack.settings = changed
    yield changed
    big_stack.settings = settings
    big_stack.stop_host()
    big_stack.start_host()


async def _check_import(scene: Scene, customer: Customer, world: World, run_id: str) -> Document:
    """Everybody in scope has exactly one contact, made by one logged change; the counts add up."""
    run = await scene.api.finished(run_id)
    assert (run["state"], run["error"]) == ("succeeded", None)
    users = world.tenants[customer.tenant.tenant_id].users.values()
    wanted = {user.id for user in users if user.enabled and not user.is_guest}
    contacts, changes = await asyncio.gather(scene.contacts(customer), scene.api.changes(run_id))
    assert contacts.keys() == wanted
    created = [change["object_id"] for change in changes if change["kind"] == "create"]
    assert sorted(created) == sorted(wanted)
    counts = run["counts"]
    assert (counts["users_read"], counts["created"]) == (len(users), len(wanted))
    assert counts["users_read"] == sum(
        counts[name] for name in ("created", "linked", "updated", "unchanged", "skipped", "conflicts")
    )
    assert run["planned"] == run["applied"] == len(wanted)
    assert len(await scene.api.runs(customer.id)) == 1
    return run


@pytest.mark.timeout(300)
async def test_a_host_that_is_killed_and_then_told_to_stop_loses_and_doubles_nothing(
    big_scene: Scene, world: World
) -> None:
    """In the middle of 12,000 users the power goes, and later a deployment ends what was going on; every
    next host goes on where the one before it was."""
    customer = await big_scene.connected("meridian")
    run_id = await big_scene.api.start_run(customer.id)
    killed = await _under_way(big_scene, run_id, 0)
    await asyncio.to_thread(big_scene.stack.kill_host)
    await asyncio.to_thread(big_scene.stack.start_host)
    stopped = await _under_way(big_scene, run_id, killed["applied"])
    assert stopped["resumes"] >= 1
    await _stop_at_once(big_scene)
    await asyncio.to_thread(big_scene.stack.start_host)
    run = await _check_import(big_scene, customer, world, run_id)
    assert run["resumes"] >= 2


def _is_stopping(log: Path) -> bool:
    return "Stopping; " in log.read_text(encoding="utf-8")


async def _under_way(scene: Scene, run_id: str, applied: int) -> Document:
    """The run when it has written more contacts than that, but not all."""
    run = await eventually(
        lambda: scene.api.run(run_id), lambda found: found["applied"] > applied, seconds=60
    )
    assert run["applied"] < run["planned"]
    return run


async def _stop_at_once(scene: Scene) -> None:
    """End the host as a deployment does that has waited long enough for what is running."""
    host = scene.stack.host
    stopping = asyncio.create_task(asyncio.to_thread(scene.stack.stop_host))
    await eventually(lambda: asyncio.to_thread(_is_stopping, host.log))
    while not stopping.done() and host.exit_code is None:
        os.killpg(host.process_id, signal.SIGTERM)  # the second one says not to wait any more
        await asyncio.wait([stopping], timeout=0.5)
    await stopping


async def test_a_small_time_budget_is_many_messages_and_the_same_end(
    big_scene: Scene, hurried: dict[str, str], world: World
) -> None:
    """Every message writes what its time allows and hands over to the next."""
    customer = await big_scene.connected("northmoor")
    hurried["SYNC_TIME_BUDGET_SECONDS"] = "0.2"
    await asyncio.to_thread(big_scene.stack.stop_host)
    await asyncio.to_thread(big_scene.stack.start_host)
    run_id = await big_scene.api.start_run(customer.id)
    run = await _check_import(big_scene, customer, world, run_id)
    log = await asyncio.to_thread(big_scene.log)
    assert run["resumes"] == log.count(f"run.continued run={run_id}") >= 2
