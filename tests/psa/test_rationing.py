"""Calls are rationed across workers and customers, and whoever has to wait waits in the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.simulators.faults import Fault
from shared.core.account_destination import DestinationKind
from shared.core.run import Run, RunKind, RunState, Trigger
from tests.fakes import ACCOUNT
from tests.psa.places import Place, place, preset_of

DOCUMENTED = 180
"""Calls a minute that Syncro allows an IP address."""
OURS = 150


async def started(there: Place, customer_id: str | None = None) -> Run:
    customer = there.customer
    if customer_id is not None:
        found = await there.world.customers.get(ACCOUNT, customer_id)
        assert found is not None
        customer = found
    run, _ = await there.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    return run


async def test_two_thousand_contacts_take_the_fewest_calls_there_can_be() -> None:
    """Syncro: one look at an empty customer and a call for each contact, never one too many in a minute, with
    the preset that fills the most."""
    people = [f"p-{number:04d}" for number in range(2_000)]
    async with place(
        DestinationKind.SYNCRO, configuration=preset_of(DestinationKind.SYNCRO), syncro_calls=OURS
    ) as there:
        there.psa.limit(DOCUMENTED)
        for person in people:
            there.tenant.hire(person, job_title="Clerk", business_phone="+44 20 7946 0000")
        run = await there.synced()
        assert run.counts.created == len(people)
        assert there.calls.count("POST contacts") == len(people)
        assert there.calls.count("GET contacts") == 1
        about_the_customer = [call for call in there.calls if call.split()[1] != "contacts"]
        assert len(about_the_customer) <= 2, about_the_customer  # its counts: one look, and one write
        # So many calls at the rate that is allowed, and little more.
        assert run.finished_at is not None
        minutes = (run.finished_at - run.created_at) / timedelta(minutes=1)
        assert minutes <= 1.25 * len(there.calls) / OURS, minutes
        there.calls.clear()
        again = await there.synced()
        assert again.applied == 0
        assert [call for call in there.calls if call == "GET contacts"] == ["GET contacts"] * 40


async def test_a_minute_never_holds_more_calls_than_are_allowed(there: Place) -> None:
    """The simulated PSA would say so: it allows no more than our own limit."""
    limit = 12
    async with place(
        there.psa.kind, *(f"p-{number:02d}" for number in range(40)), atera_calls=limit, syncro_calls=limit
    ) as small:
        small.psa.limit(limit)
        run = await small.synced()
        assert run.counts.created == 40
        visits = [
            message for message, _ in small.world.queue.sent if getattr(message, "run_id", "") == run.id
        ]
        assert len(visits) >= 3  # it came back again and again


async def test_a_small_customer_is_not_starved_by_a_large_one() -> None:
    """Asked for in the middle of a large import, five contacts are there within two minutes."""
    people = [f"p-{number:04d}" for number in range(900)]
    async with place(DestinationKind.SYNCRO, *people, syncro_calls=OURS) as there:
        there.psa.limit(DOCUMENTED)
        other_id = there.psa.add_customer("Fabrikam")
        await there.world.app.account_setup.begin_import(ACCOUNT)
        await there.world.drain()
        other = await there.world.customers.get(ACCOUNT, other_id)
        assert other is not None
        tenant = there.world.tenant("7e4a47e4-0000-4000-8000-000000000002", "ada", "bob", "cyd", "dan", "eve")
        await there.world.connect(tenant, other)
        there.world.queue.waiting.clear()
        large = await started(there)
        await there.world.drain(until=there.world.clock.now() + timedelta(minutes=2))
        small = await started(there, other_id)
        asked_at = there.world.clock.now()
        while not (found := await there.world.app.runs.get(ACCOUNT, small.id)).state.ended:
            message = there.world.queue.take()
            assert message is not None
            await there.world.deliver(message)
        assert (found.state, found.counts.created) == (RunState.SUCCEEDED, 5)
        assert found.finished_at is not None
        assert found.finished_at - asked_at <= timedelta(minutes=2)
        assert not (await there.world.app.runs.get(ACCOUNT, large.id)).state.ended


@pytest.mark.parametrize("retry_after", [None, 90])
async def test_being_told_to_wait_slows_everybody_down(there: Place, retry_after: int | None) -> None:
    """Nobody calls before the time is over, whichever run was told; and the run is not failed for it."""
    there.faults.add(Fault(kind="throttle", path="/api/v", retry_after=retry_after, body=""))
    run = await started(there)
    message = there.world.queue.take()
    assert message is not None
    await there.world.deliver(message)
    noted = await there.world.app.runs.get(ACCOUNT, run.id)
    assert noted.state is RunState.RUNNING
    assert noted.error is not None
    assert noted.error.code == "destination_busy"
    there.calls.clear()
    there.world.clock.advance(timedelta(seconds=20))
    preview = await there.world.app.runs.preview(there.customer, Trigger.API, None)
    waiting = next(one for one in there.world.queue.waiting if preview.id.encode() in one.body)
    await there.world.deliver(waiting.message)
    assert there.calls == []
    await there.world.drain()
    done = await there.world.app.runs.get(ACCOUNT, run.id)
    assert (done.state, done.error) == (RunState.SUCCEEDED, None)
    waited = (done.finished_at or done.created_at) - done.created_at
    assert waited >= timedelta(seconds=retry_after or 30)


async def test_a_key_is_tested_while_syncs_wait_for_their_turn(there: Place) -> None:
    """Somebody sits before the page; what the PSA's own limit leaves room for is theirs."""
    limit = 12
    async with place(
        there.psa.kind, *(f"p-{number:02d}" for number in range(40)), atera_calls=limit, syncro_calls=limit
    ) as busy:
        run, _ = await busy.world.app.runs.start(busy.customer, RunKind.SYNC, Trigger.API)
        message = busy.world.queue.take()
        assert message is not None
        await busy.world.deliver(message)
        waiting = await busy.world.app.runs.get(ACCOUNT, run.id)
        assert waiting.error is not None
        assert waiting.error.code == "destination_busy"
        tested = await busy.world.app.account_setup.test(ACCOUNT)
        assert (tested.problem, tested.tested_at) == (None, busy.world.clock.now())
