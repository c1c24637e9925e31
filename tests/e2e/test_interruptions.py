"""A big import that is killed, stopped, or has to do in small pieces, ends like one that was left alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

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


async def _begun(scene: Scene, customer: Customer) -> str:
    """Start the import and return its run when it has written some contacts, but not all."""
    run_id = await scene.api.start_run(customer.id)
    run = await eventually(lambda: scene.api.run(run_id), lambda found: found["applied"], seconds=60)
    assert 0 < run["applied"] < run["planned"]
    return run_id


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


async def test_a_killed_host_loses_and_doubles_nothing(big_scene: Scene, world: World) -> None:
    """In the middle of 12,000 users the power goes; the next host goes on where this one was."""
    customer = await big_scene.connected("meridian")
    run_id = await _begun(big_scene, customer)
    await asyncio.to_thread(big_scene.stack.kill_host)
    await asyncio.to_thread(big_scene.stack.start_host)
    run = await _check_import(big_scene, customer, world, run_id)
    assert run["resumes"] >= 1


async def test_a_host_that_is_told_to_stop_loses_and_doubles_nothing(big_scene: Scene, world: World) -> None:
    """A deployment ends the import in the middle of whatever it does; the next host goes on."""
    customer = await big_scene.connected("meridian")
    run_id = await _begun(big_scene, customer)
    host = big_scene.stack.host
    stopping = asyncio.create_task(asyncio.to_thread(big_scene.stack.stop_host))
    await eventually(lambda: asyncio.to_thread(big_scene.log), lambda log: log.rfind("Stopping; ") > 0)
    while not stopping.done() and host.exit_code is None:
        # The second signal says not to wait for what is running, which here would take too long.
        os.killpg(host.process_id, signal.SIGTERM)
        await asyncio.wait([stopping], timeout=0.5)
    await stopping
    await asyncio.to_thread(big_scene.stack.start_host)
    run = await _check_import(big_scene, customer, world, run_id)
    assert run["resumes"] >= 1


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
