"""A PSA that lets nobody in: one clear message that names the remedy, and no trying for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.connection import ConnectionState
from shared.core.errors import DestinationRefused
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import ACCOUNT
from tests.psa.places import Place, SyncroPsa


async def revoke(there: Place) -> None:
    there.psa.revoke(there.key)


async def suspend(there: Place) -> None:
    there.psa.suspend()


async def forbid_writing(there: Place) -> None:
    """The key may still read."""
    if there.psa.kind is DestinationKind.ATERA:
        granted = {"Customers:Read", "Contacts:Read", "Departments:Read", "CustomValues:Read"}
    else:
        granted = {"Customers - List/Search", "Customers - View Detail"}
    name = (await there.world.app.account_setup.get(ACCOUNT)).secret_name
    assert name is not None
    await there.world.secrets.set(name, there.psa.new_key(permissions=granted))


@dataclass(frozen=True)
class Refusal:
    """What happens, the code it gets, words that its message has, and whether nothing is asked after it."""

    happen: Callable[[Place], Awaitable[None]]
    code: str
    words: tuple[str, ...]
    closed: bool


REFUSALS = [
    Refusal(revoke, "destination_key_refused", ("key", "revoked", "paste"), closed=True),
    Refusal(suspend, "destination_suspended", ("account", "API"), closed=False),
    Refusal(forbid_writing, "destination_permission_missing", ("permission",), closed=False),
]
each = pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)


@each
async def test_the_run_fails_once_with_a_message_that_names_the_remedy(
    there: Place, refusal: Refusal
) -> None:
    """Nothing is put off, nobody waits a day, and the connection to Microsoft is as good as before."""
    if isinstance(there.psa, SyncroPsa):
        there.psa.account.behaviour.suspended_status = 403
    await refusal.happen(there)
    before = len(there.world.queue.sent)
    run = await there.sync()
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.actor) == (refusal.code, "technician")
    said = f"{run.error.title} {run.error.detail}"
    assert all(word in said for word in refusal.words), said
    assert len(there.world.queue.sent) == before + 1  # the request for the run itself
    assert (await there.connection()).state is ConnectionState.ACTIVE
    destination = await there.world.app.account_setup.get(ACCOUNT)
    assert destination.problem is not None
    assert (destination.problem.code, destination.problem.closed) == (refusal.code, refusal.closed)
    assert there.key not in str(run) + str(destination)


@each
async def test_later_runs_ask_little_or_nothing(there: Place, refusal: Refusal) -> None:
    """A key that was refused is not tried again; anything else is tried once a run, with as many writes as
    are made at once where only a write can tell."""
    if isinstance(there.psa, SyncroPsa):
        there.psa.account.behaviour.suspended_status = 403
    await refusal.happen(there)
    await there.sync()
    there.calls.clear()
    run = await there.sync()
    assert run.state is RunState.FAILED
    assert len(there.calls) <= (0 if refusal.closed else 12), there.calls
    assert len([call for call in there.calls if not call.startswith("GET")]) <= 4


@each
async def test_a_new_key_heals_it(there: Place, refusal: Refusal) -> None:
    """Pasted into the account's page; the next run succeeds."""
    if isinstance(there.psa, SyncroPsa):
        there.psa.account.behaviour.suspended_status = 403
    await refusal.happen(there)
    await there.sync()
    there.psa.account.suspended = False  # type: ignore[attr-defined]
    await there.world.app.account_setup.choose(
        ACCOUNT, there.psa.kind, there.psa.new_key(), there.psa.subdomain
    )
    await there.world.drain()
    assert (await there.synced()).counts.created == 3
    assert (await there.world.app.account_setup.get(ACCOUNT)).problem is None


async def test_a_run_with_the_former_key_says_nothing_of_the_new_one(there: Place) -> None:
    """It was at work when the key was replaced; the account is as good as the new key."""
    psa = there.psa
    there.world.clock.advance(timedelta(minutes=20))  # so that the run looks for itself

    async def replace_the_key() -> None:
        there.world.clock.advance(timedelta(seconds=1))
        await there.world.app.account_setup.choose(ACCOUNT, psa.kind, psa.new_key(), psa.subdomain)
        psa.revoke(there.key)

    run, _ = await there.world.app.runs.start(there.customer, RunKind.SYNC, Trigger.API)
    message = there.world.queue.take()
    assert message is not None
    looked: list[bool] = []

    async def once(response: httpx.Response) -> None:
        if response.request.url.path.endswith("/contacts") and not looked:
            looked.append(True)
            await replace_the_key()

    there.world.http.event_hooks["response"].append(once)
    await there.world.deliver(message)
    assert (await there.world.app.runs.get(ACCOUNT, run.id)).state is RunState.FAILED
    assert (await there.world.app.account_setup.get(ACCOUNT)).problem is None
    await there.world.drain()
    assert (await there.synced()).counts.created == 3


async def test_what_is_put_right_in_the_psa_heals_by_itself(there: Place) -> None:
    """A suspension that ends needs nobody here."""
    if isinstance(there.psa, SyncroPsa):
        there.psa.account.behaviour.suspended_status = 403
    there.psa.suspend()
    await there.sync()
    there.psa.account.suspended = False  # type: ignore[attr-defined]
    assert (await there.synced()).counts.created == 3
    assert (await there.world.app.account_setup.get(ACCOUNT)).problem is None


async def test_a_key_that_expired_says_so(there: Place) -> None:
    """An access token of Atera carries its day; of a Syncro token nobody can tell why it is bad."""
    soon = there.world.clock.now() + timedelta(days=1)
    key = there.psa.new_key(expires_at=soon)
    await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, key, there.psa.subdomain)
    await there.world.drain()
    there.world.clock.advance(timedelta(days=2))
    run = await there.sync()
    assert run.error is not None
    if there.psa.kind is DestinationKind.ATERA:
        assert run.error.code == "destination_key_expired"
        assert soon.date().isoformat() in run.error.title
    else:
        assert run.error.code == "destination_key_refused"
        assert "expired" in run.error.title


async def test_a_wrong_key_is_not_kept(there: Place) -> None:
    """What worked before goes on working."""
    for wrong in ("0" * 32, "eyJhbGciOiJIUzI1NiJ9.e30.x", "T0123456789abcdef-0123456789abcdef"):
        with pytest.raises(DestinationRefused) as refused:
            await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, wrong, there.psa.subdomain)
        assert refused.value.code == "destination_key_refused"
        assert wrong not in str(refused.value) + refused.value.detail
    assert (await there.synced()).counts.created == 3


async def test_a_key_that_may_not_read_is_refused_by_name(there: Place) -> None:
    """The permission is named as the PSA names it."""
    if there.psa.kind is DestinationKind.ATERA:
        lacking = {"Contacts: Read": {"Customers:Read"}, "Customers: Read": {"Contacts:Read"}}
    else:
        lacking = {
            "Customers - View Detail": {"Customers - List/Search", "Customers - Edit"},
            "Customers - List/Search": {"Customers - View Detail", "Customers - Edit"},
            "Customers - Edit": {"Customers - List/Search", "Customers - View Detail"},
        }
    for name, permissions in lacking.items():
        key = there.psa.new_key(permissions=permissions)
        with pytest.raises(DestinationRefused) as refused:
            await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, key, there.psa.subdomain)
        assert refused.value.code == "destination_permission_missing"
        assert name in refused.value.title


async def test_a_customer_that_is_gone_fails_alone(there: Place) -> None:
    """The account is as good as before, and so are its other customers."""
    if there.psa.kind is DestinationKind.ATERA:
        pytest.skip("Atera does not tell a customer that is gone from one without contacts")
    there.syncro.delete_customer(int(there.customer.id))
    run = await there.sync()
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.code == "destination_customer_missing"
    assert (await there.world.app.account_setup.get(ACCOUNT)).problem is None


@pytest.mark.parametrize("subdomain", ["nobody-here", "evil.example/x", "a@b", "", "UPPER", None])
async def test_a_subdomain_that_is_none_leads_nowhere(there: Place, subdomain: str | None) -> None:
    """Neither to another account nor to another host."""
    if subdomain == "nobody-here" and there.psa.kind is not DestinationKind.SYNCRO:
        pytest.skip("no Syncro is there to ask")
    there.calls.clear()
    with pytest.raises(DestinationRefused) as refused:
        await there.world.app.account_setup.choose(ACCOUNT, DestinationKind.SYNCRO, "key", subdomain)
    assert refused.value.code == "destination_account_unknown"
    if subdomain != "nobody-here":
        assert there.calls == []
