"""What the destination does not take: one line each, never the end of the run, never twice in one run."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.core.changes import Change, ChangeKind, RejectionReason
from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.customer import Customer
from shared.core.explanation import StepResult
from shared.core.models import RemovalReason
from shared.core.run import Run, RunState
from tests.fakes import FakeDirectory, World
from tests.fakes.process import Process
from tests.fakes.world import settings

PEOPLE = ["ada", "bob", "cyd", "dan", "eve", "fay"]


def rejecting(world: World, *names: str) -> list[Change]:
    """Have the destination refuse these people; the list fills with what it was asked to write of them."""
    asked: list[Change] = []

    def reason(change: Change) -> RejectionReason | None:
        if change.object_id not in names:
            return None
        asked.append(change)
        return RejectionReason.INVALID

    world.contacts.rejects = reason
    return asked


async def lines(world: World, run: Run, kind: ChangeKind) -> list[str]:
    return [
        change.object_id
        async for _, chunk in world.changes.chunks(run.id)
        for change in chunk
        if change.kind is kind
    ]


@pytest.fixture
def world() -> World:
    return World(batch_size=2)


@pytest.fixture
async def customer(world: World) -> Customer:
    customer, _ = await world.connected(*PEOPLE)
    return customer


async def test_the_others_are_written_and_the_run_is_done_in_part(world: World, customer: Customer) -> None:
    """Each of them has a line that says why; everybody who was read is accounted for."""
    rejecting(world, "bob", "fay")
    run = await world.sync(customer)
    assert (run.state, run.error) == (RunState.PARTIAL, None)
    assert (run.counts.created, run.counts.failed, run.counts.users_read) == (4, 2, 6)
    assert run.counts.add_up
    assert (run.planned, run.applied) == (6, 4)
    assert await lines(world, run, ChangeKind.CREATE) == ["ada", "cyd", "dan", "eve"]
    assert await lines(world, run, ChangeKind.FAIL) == ["bob", "fay"]


async def test_the_next_run_tries_again(world: World, customer: Customer) -> None:
    """Whatever was wrong may have been put right meanwhile; the run that manages is a success."""
    rejecting(world, "bob")
    await world.sync(customer)
    again = await world.sync(customer)
    assert (again.state, again.counts.failed, again.counts.unchanged) == (RunState.PARTIAL, 1, 5)
    rejecting(world)
    healed = await world.sync(customer)
    assert (healed.state, healed.counts.created, healed.counts.unchanged) == (RunState.SUCCEEDED, 1, 5)


async def test_the_run_commits_all_the_same(world: World, customer: Customer) -> None:
    """One bad contact does not make every later run read the directory again."""
    rejecting(world, "bob")
    run = await world.sync(customer)
    connection = await world.connection(customer)
    assert (connection.last_run, connection.delta_link is not None) == (run.id, True)


async def test_within_a_run_nothing_is_tried_twice(customer: Customer, world: World) -> None:
    """However many messages the run takes, and wherever it is killed."""
    for at in range(1, 60):
        for after in (False, True):
            world = World(settings(sync_time_budget=timedelta(seconds=1)), batch_size=2)
            customer, _ = await world.connected(*PEOPLE)
            asked = rejecting(world, "ada", "bob", "cyd")
            run, _ = await _killed(world, customer, at, after=after)
            assert run.state is RunState.PARTIAL, (at, after)
            assert (run.counts.created, run.counts.failed) == (3, 3), (at, after)
            assert run.counts.add_up
            assert sorted(await lines(world, run, ChangeKind.FAIL)) == ["ada", "bob", "cyd"], (at, after)
            # A batch whose answer was not written down is asked for once more.
            assert len(asked) <= 5, (at, after)


async def _killed(world: World, customer: Customer, at: int, *, after: bool) -> tuple[Run, Process]:
    from shared.core.run import RunKind, Trigger

    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    process = Process(at, after=after, tick=lambda: world.clock.advance(timedelta(seconds=0.3)))
    apps = iter([world.start_app(process)])
    await world.drain(lambda: next(apps, None) or world.start_app())
    return await world.app.runs.get(customer.account_id, run.id), process


async def test_a_leaver_who_cannot_be_deactivated_is_counted_apart(world: World) -> None:
    """Nobody who was read is meant by it."""
    customer, tenant = await world.connected(*PEOPLE)
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    await world.sync(customer)
    tenant.remove("ada", RemovalReason.SOFT_DELETED)
    rejecting(world, "ada")
    run = await world.sync(customer)
    assert (run.state, run.counts.not_deactivated, run.counts.failed) == (RunState.PARTIAL, 1, 0)
    assert run.counts.add_up


async def test_one_persons_run_says_what_the_destination_did_not_take(
    world: World, customer: Customer
) -> None:
    """The last step stops, with the reason."""
    rejecting(world, "ada")
    run = await world.sync_one(customer, "ada")
    assert (run.state, run.counts.failed) == (RunState.PARTIAL, 1)
    assert (run.steps[-1].result, run.steps[-1].detail) == (StepResult.STOPPED, RejectionReason.INVALID)
    assert await lines(world, run, ChangeKind.FAIL) == ["ada"]
    assert await lines(world, run, ChangeKind.CREATE) == []


async def test_fields_that_the_destination_does_not_have_are_left_alone(
    world: World, customer: Customer
) -> None:
    """The second run finds nothing to do, although the directory says more."""
    tenant: FakeDirectory = world.directories.tenants[next(iter(world.directories.tenants))]
    tenant.change("ada", job_title="Pilot", department="Flying")
    world.contacts.held = frozenset({"name", "email", "job_title"})
    await world.sync(customer)
    fields = {c.object_id: c.fields for c in world.contacts.contacts(customer.connection_id)}["ada"]
    assert (fields.job_title, fields.department, fields.first_name) == ("Pilot", "", "")
    again = await world.sync(customer)
    assert (again.applied, again.counts.unchanged) == (0, len(PEOPLE))
    assert msgspec.structs.asdict(again.counts)["users_read"] == len(PEOPLE)
