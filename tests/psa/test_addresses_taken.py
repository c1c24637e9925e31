"""The PSA says that an address is taken: whoever has it is looked up, and nobody is guessed."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.changes import ChangeKind
from shared.core.run import RunState
from tests.psa.places import Place, place
from tests.psa.test_syncing import lines


def after_the_look(there: Place, happen: Callable[[], object]) -> None:
    """Have something happen between the run's look at the contacts and its first write."""
    happened: list[object] = []

    async def once(response: httpx.Response) -> None:
        looked = response.request.method == "GET" and response.request.url.path.endswith("/contacts")
        if looked and not happened:
            happened.append(True)
            happen()

    there.world.http.event_hooks["response"].append(once)


async def test_atera_a_contact_that_was_made_a_moment_ago_is_adopted() -> None:
    """By somebody else, in the same customer, with the address: it is the person's, and no second one is."""
    async with place(DestinationKind.ATERA, "ada", "bob") as there:
        made: list[str] = []
        after_the_look(
            there, lambda: made.append(there.psa.add(there.customer.id, "ada@contoso.example", "Ada Hand"))
        )
        await there.synced()
        assert there.by_email()["ada@contoso.example"].id == made[0]
        assert there.by_email()["ada@contoso.example"].name == "Person ada"
        assert (await there.synced()).applied == 0


@pytest.mark.parametrize("when", ["before the look", "after the look"])
async def test_atera_an_address_of_another_customers_contact_is_told(when: str) -> None:
    """Where an account may have an address once only: one line, nothing is touched, the rest is written."""
    async with place(DestinationKind.ATERA, "ada", "bob") as there:
        there.atera.behaviour.duplicate_email = "per_account"
        other = there.psa.add_customer("Fabrikam")

        def add() -> None:
            there.psa.add(other, "ada@contoso.example", "Foreign Ada")

        if when == "before the look":
            add()
        else:
            after_the_look(there, add)
        run = await there.sync()
        assert (run.state, run.counts.created, run.counts.failed) == (RunState.PARTIAL, 1, 1)
        told = (await lines(there.world, run))["ada"]
        assert (told.kind, told.reason) == (ChangeKind.FAIL, "destination.address_taken")
        assert [seen.name for seen in there.psa.seen(other)] == ["Foreign Ada"]
        assert set(there.by_email()) == {"bob@contoso.example"}


async def test_syncro_an_address_that_is_taken_is_told_in_its_words() -> None:
    """Contacts cannot be asked for by address there, so the next sync finds out who has it."""
    async with place(DestinationKind.SYNCRO, "ada", "bob") as there:
        there.syncro.behaviour.duplicate_email = "per_customer"
        after_the_look(there, lambda: there.psa.add(there.customer.id, "ada@contoso.example", "Ada Hand"))
        run = await there.sync()
        assert (run.state, run.counts.failed) == (RunState.PARTIAL, 1)
        told = (await lines(there.world, run))["ada"]
        assert told.reason == "destination.address_taken"
        assert "taken" in told.detail
        again = await there.synced()
        assert (again.counts.linked, again.counts.created) == (1, 0)
        assert len(there.by_email()) == 2


async def test_addresses_that_move_on_within_a_run_are_free_by_then() -> None:
    """Syncro, one address once: bob gets what ada gives up in the same plan, in whichever order they come."""
    for first, second in (("ada", "bob"), ("bob", "ada")):
        async with place(DestinationKind.SYNCRO, "ada", "bob") as there:
            there.syncro.behaviour.duplicate_email = "per_customer"
            await there.synced()
            there.tenant.change(first, mail="new@contoso.example")
            there.tenant.change(second, mail=f"{first}@contoso.example")
            run = await there.synced()
            assert run.counts.updated == 2
            by_name = {seen.name: seen.email for seen in there.seen()}
            assert by_name == {
                f"Person {first}": "new@contoso.example",
                f"Person {second}": f"{first}@contoso.example",
            }


async def test_two_who_swap_addresses_are_told_where_that_cannot_be_done() -> None:
    """Syncro, one address once: neither contact is lost, and both lines say why."""
    async with place(DestinationKind.SYNCRO, "ada", "bob", "cyd") as there:
        there.syncro.behaviour.duplicate_email = "per_customer"
        await there.synced()
        there.tenant.change("ada", mail="bob@contoso.example")
        there.tenant.change("bob", mail="ada@contoso.example")
        there.tenant.change("cyd", job_title="Pilot")
        run = await there.sync()
        assert (run.state, run.counts.failed, run.counts.updated) == (RunState.PARTIAL, 2, 1)
        assert len(there.by_email()) == 3
