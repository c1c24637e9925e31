"""A run that is killed anywhere, or hears no answer, ends like one that was not: nobody twice or lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from sandbox.simulators.faults import Fault, FaultPlan
from shared.core.account_destination import DestinationKind
from shared.core.configuration import Configuration, Enrichment, LeaverPolicy, Matching
from shared.core.links import LinkBook, book_name
from shared.core.models import RemovalReason
from shared.core.run import Counts, Run, RunKind, RunState, Trigger
from shared.core.supplement import Registration
from shared.settings import Settings
from tests.fakes import FakeClock, Process, World
from tests.psa.places import SUBDOMAIN, AteraPsa, Place, Psa, SyncroPsa, http_client, move_in, psa_served
from tests.psa.test_syncing import UNGUARDED

PEOPLE = ("ada", "bob", "cyd", "dan")
IDENTITY = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED, enrichments=(Enrichment.MFA,))
BY_ADDRESS = Configuration(matching=Matching.EMAIL, guard=UNGUARDED)


async def first_import(there: Place) -> None:
    """Two are there already, one of them twice as somebody else's supplier."""
    there.psa.add(there.customer.id, "bob@contoso.example", "Bob Before")
    there.psa.add(there.customer.id, "sales@supplier.example", "The Supplier")
    for name in PEOPLE:
        there.tenant.registrations[name] = Registration(capable=True, methods=("fido2",))


async def changes(there: Place) -> None:
    """Hired, renamed, moved to another address, gone, come back, changed by hand and deleted by hand."""
    await first_import(there)
    await there.synced()
    there.tenant.remove("dan", RemovalReason.SOFT_DELETED)
    await there.synced()
    there.tenant.restore("dan")
    there.tenant.hire("eve")
    there.tenant.change("ada", job_title="Pilot", display_name="Ada L")
    there.tenant.change("bob", mail="robert@contoso.example")
    there.tenant.remove("cyd", RemovalReason.SOFT_DELETED)
    there.psa.edit(there.by_email()["ada@contoso.example"].id, title="Typed")


@dataclass(frozen=True)
class Scenario:
    """What is there before the run that gets killed."""

    name: str
    prepare: Callable[[Place], Awaitable[None]]
    configuration: Configuration


SCENARIOS = [
    Scenario("first import", first_import, IDENTITY),
    Scenario("first import by address", first_import, BY_ADDRESS),
    Scenario("changes", changes, IDENTITY),
]


@dataclass(frozen=True)
class End:
    """What is there after it: contacts without their ids, who is linked to which, and what the run says."""

    contacts: tuple[tuple[str, str, str, bool], ...]
    links: tuple[tuple[str, str], ...]
    counts: Counts
    state: RunState
    quiet: int


class Stage:
    """A PSA that is served once, with a new account for every try."""

    def __init__(self, psa: Psa, given: Settings, http: httpx.AsyncClient, calls: list[str]) -> None:
        self._psa, self._given, self._http, self._calls = psa, given, http, calls
        self.faults, self.clock = FaultPlan(), FakeClock()
        self._number = 0

    async def place(self, scenario: Scenario) -> Place:
        self._number += 1
        self.faults.clear()
        world = World(self._given, http=self._http, clock=self.clock)
        there = await move_in(world, self._fresh(), self.faults, self._calls, *PEOPLE)
        await there.configure(scenario.configuration)
        world.queue.waiting.clear()  # runs of the schedule before
        await scenario.prepare(there)
        world.clock.advance(timedelta(minutes=10))
        self._calls.clear()
        return there

    def _fresh(self) -> Psa:
        if isinstance(self._psa, AteraPsa):
            atera = self._psa.service
            fresh: Psa = AteraPsa(atera, atera.add_account("Example MSP"))
            for name in ("azure_mfa_status", "azure_mfa_methods"):
                fresh.account.add_custom_field(name)  # type: ignore[attr-defined]
            return fresh
        assert isinstance(self._psa, SyncroPsa)
        name = f"{SUBDOMAIN}-{self._number}"
        syncro = self._psa.service
        return SyncroPsa(syncro, syncro.add_account(name, name="Example MSP"), name)


@pytest.fixture
async def stage(kind: DestinationKind) -> AsyncIterator[Stage]:
    clock, faults, calls = FakeClock(), FaultPlan(), list[str]()
    async with psa_served(kind, clock.now, faults) as (psa, given), http_client(calls) as http:
        made = Stage(psa, given, http, calls)
        made.faults, made.clock = faults, clock
        yield made


async def played(there: Place, *processes: Process) -> End:
    """Ask for a run, have each process work as long as it lives, then fresh ones, and look at the end."""
    run, _ = await there.world.app.runs.start(there.customer, RunKind.SYNC, Trigger.API)
    apps = [(process, there.world.start_app(process)) for process in processes]

    def living() -> Any:
        alive = [app for process, app in apps if process.alive]
        return alive[0] if alive else there.world.app

    await there.world.drain(living)
    there.psa.on_write(None)
    there.faults.clear()
    return await ended(there, await there.world.app.runs.get(run.account_id, run.id))


async def ended(there: Place, run: Run) -> End:
    contacts = tuple((seen.email, seen.name, seen.title, seen.active) for seen in there.seen())
    emails = {seen.id: seen.email for seen in there.seen()}
    book = await _book(there)
    links = tuple(
        sorted(
            (link.object_id, emails.get(link.contact_id, "nowhere"))
            for link in book.links.values()
            if link.object_id is not None and not link.gone
        )
    )
    assert not book.pending
    again = await there.synced()
    return End(contacts, links, run.counts, run.state, again.applied)


each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@each
async def test_killed_at_any_call_it_ends_the_same(stage: Stage, scenario: Scenario) -> None:
    """Before the call has its effect, and after it: storage, queue, directory and the PSA itself."""
    process = Process()
    expected = await played(await stage.place(scenario), process)
    assert (expected.state, expected.quiet) == (RunState.SUCCEEDED, 0)
    assert len({contact[0] for contact in expected.contacts}) == len(expected.contacts)
    wrong: list[str] = []
    for at, call in enumerate(process.calls, start=1):
        for after in (False, True):
            found = await played(await stage.place(scenario), Process(at, after=after))
            if found != expected:
                wrong.append(f"{'after' if after else 'before'} {at} {call}: {difference(expected, found)}")
    assert not wrong, "\n".join(wrong)


@each
@pytest.mark.parametrize("fault", ["lose_reply", "reset", "status", "truncate", "throttle"])
async def test_without_an_answer_it_ends_the_same(stage: Stage, scenario: Scenario, fault: Any) -> None:
    """Whichever request it is, and whether it had its effect or not."""
    there = await stage.place(scenario)
    expected = await played(there)
    asked = len(there.calls)
    wrong: list[str] = []
    for skip in range(asked):
        there = await stage.place(scenario)
        there.faults.add(Fault(kind=fault, path="/api/v", skip=skip, retry_after=7))
        found = await played(there)
        if found != expected:
            wrong.append(f"request {skip + 1}: {difference(expected, found)}")
    assert not wrong, "\n".join(wrong)


@each
async def test_an_error_after_the_effect_ends_the_same(stage: Stage, scenario: Scenario) -> None:
    """The PSA did it, and then said that something went wrong."""
    there = await stage.place(scenario)
    writes = 0

    def count() -> None:
        nonlocal writes
        writes += 1

    there.psa.on_write(count)
    expected = await played(there)
    wrong: list[str] = []
    for number in range(1, writes + 1):
        there, seen = await stage.place(scenario), [0]

        def fail(number: int = number, seen: list[int] = seen) -> None:
            seen[0] += 1
            if seen[0] == number:
                raise RuntimeError("something went wrong after the fact")

        there.psa.on_write(fail)
        found = await played(there)
        if found != expected:
            wrong.append(f"write {number}: {difference(expected, found)}")
    assert not wrong, "\n".join(wrong)


async def test_a_preview_writes_nothing_while_creates_are_under_way(stage: Stage) -> None:
    """Neither in the PSA nor here: the run whose creates they are may still be at work."""
    scenario = SCENARIOS[0]
    process = Process()
    await played(await stage.place(scenario), process)
    last_create = max(at for at, call in enumerate(process.calls, 1) if call == "FakeLinkStore.begin")
    there = await stage.place(scenario)
    killed = Process(last_create + 3)
    run, _ = await there.world.app.runs.start(there.customer, RunKind.SYNC, Trigger.API)
    message = there.world.queue.take()
    assert message is not None
    await there.world.deliver(message, there.world.start_app(killed))
    there.world.queue.put_back(message, timedelta(minutes=10))
    before, seen = await _book(there), there.seen()
    assert before.pending
    there.calls.clear()
    preview = await there.world.app.runs.preview(there.customer, Trigger.API, None)
    await there.world.drain(until=there.world.clock.now() + timedelta(minutes=5))
    done = await there.world.app.runs.get(run.account_id, preview.id)
    assert done.state is RunState.SUCCEEDED
    assert {call.split()[0] for call in there.calls} <= {"GET"}
    assert (await _book(there), there.seen()) == (before, seen)
    await there.world.drain()
    assert (await there.world.app.runs.get(run.account_id, run.id)).state is RunState.SUCCEEDED
    assert len({one.email for one in there.seen()}) == len(there.seen())


async def test_a_worker_that_stalls_before_it_asks_does_not_ask(stage: Stage) -> None:
    """Somebody else may have been given its work; it writes down anew what it is about to make."""
    scenario = SCENARIOS[0]
    clean = Process()
    expected = await played(await stage.place(scenario), clean)
    at = next(number for number, call in enumerate(clean.calls, 1) if call == "FakeLinkStore.begin")
    there = await stage.place(scenario)

    async def stall() -> None:
        there.world.clock.advance(timedelta(seconds=30))
        there.calls.clear()

    found = await played(there, Process(at, after=True, action=stall))
    assert found == expected


async def _book(there: Place) -> LinkBook:
    destination = (await there.world.app.account_setup.get(there.customer.account_id)).psa_account
    return await there.world.links.load(book_name(there.customer.connection_id, destination))


def difference(expected: End, found: End) -> str:
    """What is not as it should be."""
    names = ("contacts", "links", "counts", "state", "quiet")
    return ", ".join(
        f"{name} {_told(getattr(found, name))} and not {_told(getattr(expected, name))}"
        for name in names
        if getattr(found, name) != getattr(expected, name)
    )


def _told(value: Any) -> str:
    if isinstance(value, Counts):
        return str({name: count for name, count in msgspec.structs.asdict(value).items() if count})
    return str(value)
