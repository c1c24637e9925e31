"""Atera lists contacts of the whole account only: customers that run together share one look at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.simulators.faults import Fault
from shared.core.account_destination import DestinationKind
from shared.core.customer import Customer
from shared.core.messages import SyncMessage
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import ACCOUNT
from tests.psa.places import Place, place

CUSTOMERS = 6
LISTED = 260  # contacts of others, on six pages


@pytest.fixture
async def there() -> AsyncIterator[Place]:
    """An Atera account with several customers, each with a tenant of two, and many contacts of others."""
    async with place(DestinationKind.ATERA, "ada", "bob") as found:
        other = found.psa.add_customer("Somebody Else")
        for number in range(LISTED):
            found.psa.add(other, f"other-{number:03d}@elsewhere.example")
        yield found


async def customers(there: Place) -> list[Customer]:
    """Connect some more customers; returns all of them."""
    made = [there.psa.add_customer(f"Customer {number}") for number in range(1, CUSTOMERS)]
    await there.world.app.account_setup.begin_import(ACCOUNT)
    await there.world.drain()
    found = [there.customer]
    for number, customer_id in enumerate(made, start=2):
        customer = await there.world.customers.get(ACCOUNT, customer_id)
        assert customer is not None
        tenant = there.world.tenant(f"7e4a47e4-0000-4000-8000-{number:012d}", f"p{number}-a", f"p{number}-b")
        await there.world.connect(tenant, customer)
        found.append(customer)
    there.world.queue.waiting.clear()
    there.calls.clear()
    return found


def looks(there: Place) -> int:
    return there.calls.count("GET contacts")


async def test_the_runs_of_a_timer_look_once(there: Place) -> None:
    """As many pages as there are, whatever the number of customers."""
    everybody = await customers(there)
    there.world.clock.advance(timedelta(hours=12))
    await there.world.app.fan_out.fire()
    there.calls.clear()
    until = there.world.clock.now() + timedelta(hours=14)
    await there.world.drain(until=until)
    runs = [run for run in there.world.runs.all() if run.trigger is Trigger.SCHEDULE]
    assert len(runs) >= len(everybody)
    assert {run.state for run in runs} == {RunState.SUCCEEDED}
    slots = {run.slot for run in runs}
    pages = -(-(LISTED + 2 * CUSTOMERS) // 50)
    assert looks(there) <= pages * max(len(slots), 1)
    for customer in everybody:
        assert len(there.psa.seen(customer.id)) == 2


async def test_runs_that_begin_together_wait_for_the_one_that_looks(there: Place) -> None:
    """They are put off, nobody looks at the same page twice, and all of them end well."""
    everybody = await customers(there)
    there.world.clock.advance(timedelta(minutes=30))
    for customer in everybody:
        await there.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    await there.world.drain()
    runs = [run for run in there.world.runs.all() if run.trigger is Trigger.API]
    assert {run.state for run in runs} == {RunState.SUCCEEDED}
    assert looks(there) == -(-LISTED // 50)


async def test_somebody_who_asks_for_a_sync_sees_what_they_just_did(there: Place) -> None:
    """A look from before the change does not count, however young it is."""
    await there.synced()
    mine = there.by_email()["ada@contoso.example"]
    there.psa.delete(mine.id)
    run = await there.synced()
    assert run.counts.created == 1


async def test_a_look_that_was_cut_short_is_gone_on_with(there: Place) -> None:
    """The pages that were seen are not asked for again."""
    there.faults.add(Fault(kind="status", method="GET", path="contacts.*page=5", status=503))
    await there.synced()
    assert looks(there) <= -(-LISTED // 50) + 4  # the ones beside the page that failed


async def test_a_contact_that_is_deleted_during_the_look_hides_nobody(there: Place) -> None:
    """Whoever is behind it moves up a page and out of sight: a person would be doubled."""
    hand = there.psa.add(there.customer.id, "ada@contoso.example", "Ada ByHand")
    newest = [there.psa.add(there.customer.id, f"new-{n}@contoso.example") for n in range(49)]
    state = {"deleted": False}

    async def delete_after_the_first_page(request: object) -> None:
        if looks(there) == 1 and not state["deleted"]:
            state["deleted"] = True
            there.psa.delete(newest[-1])

    there.world.http.event_hooks["response"].append(delete_after_the_first_page)
    run = await there.synced()
    assert state["deleted"]
    assert run.counts.linked == 1
    assert [seen.id for seen in there.seen() if seen.email == "ada@contoso.example"] == [hand]


async def test_what_a_run_wrote_counts_before_anybody_looks_again(there: Place) -> None:
    """A run of several messages goes on from there; so does the next customer that shares the look."""
    await there.synced()
    there.calls.clear()
    run, _ = await there.world.app.runs.start(there.customer, RunKind.SYNC, Trigger.API)
    await there.world.deliver(SyncMessage(ACCOUNT, there.customer.connection_id, run.id))
    done = await there.world.app.runs.get(ACCOUNT, run.id)
    assert (done.state, done.applied) == (RunState.SUCCEEDED, 0)
    assert looks(there) == 0
