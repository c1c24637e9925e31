"""What is told of runs: their beginning, their being held, and their end, whatever way they end."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.customer import Customer
from shared.core.errors import ActionRequired, OperatorError, RetryLater
from shared.core.messages import SyncMessage
from shared.core.run import HELD_FOR, Run, RunKind, RunState, Trigger
from shared.core.run_moves import ended
from tests.fakes import ACCOUNT, FakeDirectory, World
from tests.fakes.logged import Logged, logged_events
from tests.property.scenarios import LONG, MESSAGE, QUIET

PEOPLE = tuple(f"person-{number}" for number in range(10))
COUNTS = {"created", "updated", "linked", "moved", "deactivated", "reactivated"}
COUNTS |= {"skipped", "conflicts", "failed", "users", "graph_requests", "resumes"}
FINISHED = {"run", "account", "customer", "connection", "level", "kind", "trigger", "destination"}
FINISHED |= {"outcome", "code", "actor", "mode", "seconds", *COUNTS}


class Place:
    """A customer with ten people, and what was logged since they were synced."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory, logged: Logged) -> None:
        self.world, self.customer, self.tenant, self.logged = world, customer, tenant, logged

    async def start(self, kind: RunKind = RunKind.SYNC) -> Run:
        run, _ = await self.world.app.runs.start(self.customer, kind, Trigger.API)
        return run

    async def drain(self, wait: timedelta = timedelta(hours=1)) -> None:
        await self.world.drain(until=self.world.clock.now() + wait)

    async def held(self) -> Run:
        """A run that waits: seven of ten people are to be deactivated."""
        for person in PEOPLE[:7]:
            self.tenant.change(person, enabled=False)
        run = await self.start()
        await self.drain()
        return await self.world.app.runs.get(ACCOUNT, run.id)

    def outcome(self, run: Run) -> tuple[str, str]:
        """How the run was told to have ended, once."""
        (fields,) = [e.fields for e in self.logged.named("run.finished") if e.fields["run"] == run.id]
        return fields["outcome"], fields["code"]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    world = World()
    customer, tenant = await world.connected(*PEOPLE)
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    await world.sync(customer)
    with logged_events() as logged:
        yield Place(world, customer, tenant, logged)


async def test_a_finished_run_tells_what_it_did(place: Place) -> None:
    """Whose it is, how it began, how it ended, and every count."""
    place.tenant.hire("new")
    place.tenant.change(PEOPLE[0], job_title="Lead")
    run = await place.start()
    await place.drain()
    fields = place.logged.one("run.finished")
    assert fields.keys() == FINISHED
    assert {name: fields[name] for name in ("run", "account", "customer", "connection")} == {
        "run": run.id,
        "account": ACCOUNT,
        "customer": place.customer.id,
        "connection": place.customer.connection_id,
    }
    assert (fields["kind"], fields["trigger"], fields["destination"]) == ("sync", "api", "builtin")
    assert (fields["outcome"], fields["code"], fields["actor"], fields["level"]) == (
        "succeeded",
        "-",
        "-",
        "INFO",
    )
    assert (fields["mode"], fields["users"], fields["created"], fields["updated"]) == ("delta", 11, 1, 1)
    assert all(isinstance(fields[name], int) for name in COUNTS)


async def test_a_run_that_is_taken_up_tells_how_long_it_waited(place: Place) -> None:
    """From its asking to the first message that works on it."""
    run = await place.start()
    place.world.clock.advance(timedelta(seconds=90))
    await place.drain()
    fields = place.logged.one("run.started")
    assert fields == {
        "run": run.id,
        "account": ACCOUNT,
        "customer": place.customer.id,
        "connection": place.customer.connection_id,
        "level": "INFO",
        "kind": "sync",
        "trigger": "api",
        "queued_seconds": 90.0,
    }


async def test_a_scheduled_run_begins_and_ends_once() -> None:
    """It is made by its own message, and waited from when it was due."""
    world = await QUIET.world()
    with logged_events() as logged:
        world.clock.advance(timedelta(seconds=7))
        await world.drain()
    started, finished = logged.one("run.started"), logged.one("run.finished")
    assert (started["run"], started["trigger"], started["queued_seconds"]) == (MESSAGE.run_id, "schedule", 7)
    assert (finished["run"], finished["outcome"]) == (MESSAGE.run_id, "succeeded")


async def test_a_run_of_several_messages_begins_and_ends_once() -> None:
    """Continuations are no beginnings, and how many there were is told."""
    world = await LONG.world()
    with logged_events() as logged:
        await LONG.play(world, LONG.process(world))
    assert logged.one("run.started")["run"] == MESSAGE.run_id
    assert logged.one("run.finished")["resumes"] > 0


async def test_a_failed_run_tells_its_code_and_who_must_act(place: Place) -> None:
    """As a warning."""
    place.tenant.fail_next(OperatorError("credential_refused", "Refused.", "Renew it."))
    run = await place.start()
    await place.drain()
    assert place.outcome(run) == ("failed", "credential_refused")
    fields = place.logged.one("run.finished")
    assert (fields["actor"], fields["level"]) == ("operator", "WARNING")


async def test_work_that_failed_was_work_too(place: Place) -> None:
    """Each attempt's seconds count once, the waiting between two of them never."""
    busy = RetryLater("graph_unavailable", "Busy.", timedelta(minutes=5))
    place.tenant.fail_next(busy, OperatorError("credential_refused", "Refused.", "Renew it."))
    place.tenant.on_request = lambda _number: place.world.clock.advance(timedelta(seconds=20))
    await place.start()
    await place.drain()
    assert place.logged.one("run.finished")["seconds"] == 40
    place.tenant.fail_next(busy, OperatorError("credential_refused", "Refused.", "Renew it."))
    await place.world.preview(place.customer)
    assert place.logged.named("run.finished")[1].fields["seconds"] == 40


async def test_a_held_run_tells_why_and_ends_once_it_is_approved(place: Place) -> None:
    """Holding is no end; taking it up again is no beginning."""
    run = await place.held()
    fields = place.logged.one("run.held")
    assert fields["reasons"] == "guard.scope_drop,guard.deactivations"
    assert fields.keys() == {"run", "account", "customer", "connection", "level", "reasons"}
    assert place.logged.named("run.finished") == []
    await place.world.app.runs.approve(run, run.digest or "")
    await place.drain()
    assert place.outcome(run) == ("succeeded", "-")
    assert len(place.logged.named("run.started")) == 1


async def test_a_rejected_run_has_ended(place: Place) -> None:
    """By a person's decision."""
    run = await place.held()
    await place.world.app.runs.reject(run)
    assert place.outcome(run) == ("canceled", "rejected")


async def test_a_hold_that_expires_is_an_end(place: Place) -> None:
    """Also when its message comes late."""
    run = await place.held()
    await place.drain(HELD_FOR + timedelta(hours=1))
    assert place.outcome(run) == ("canceled", "hold_expired")


async def test_a_superseded_run_has_ended(place: Place) -> None:
    """A later plan took its place."""
    run = await place.held()
    place.world.clock.advance(timedelta(minutes=1))
    await place.start()
    await place.drain()
    assert place.outcome(run) == ("canceled", "superseded")


async def test_a_canceled_run_has_ended(place: Place) -> None:
    """Its message, which comes later, tells nothing more."""
    run = await place.start()
    await place.world.app.runs.cancel(run)
    await place.drain()
    assert place.outcome(run) == ("canceled", "canceled")
    assert place.logged.named("run.started") == []


async def test_a_run_of_a_disconnected_customer_has_ended(place: Place) -> None:
    """When its message comes."""
    run = await place.start()
    await place.world.app.onboarding.disconnect(ACCOUNT, place.customer.connection_id)
    await place.drain()
    assert place.outcome(run) == ("canceled", "connection_not_active")


async def test_a_run_whose_message_is_given_up_has_ended(place: Place) -> None:
    """It failed on every delivery."""
    run = await place.start()
    message = SyncMessage(ACCOUNT, place.customer.connection_id, run.id)
    await place.world.app.worker.give_up(message)
    await place.world.app.worker.give_up(message)
    assert place.outcome(run) == ("failed", "worker_stopped")


async def test_a_preview_is_a_run_too(place: Place) -> None:
    """It begins, and it ends well or not."""
    run = await place.world.preview(place.customer)
    assert place.outcome(run) == ("succeeded", "-")
    assert place.logged.one("run.started")["kind"] == "preview"
    place.tenant.fail_next(OperatorError("credential_refused", "Refused.", "Renew it."))
    run = await place.world.preview(place.customer)
    assert place.outcome(run) == ("failed", "credential_refused")


async def test_a_sync_of_one_person_is_a_run_too(place: Place) -> None:
    """Whom it was about stays untold."""
    run = await place.world.sync_one(place.customer, PEOPLE[3])
    assert place.outcome(run) == ("succeeded", "-")
    assert PEOPLE[3] not in str(place.logged.events)


async def test_a_customer_who_must_act_is_told_once(place: Place) -> None:
    """When the connection moves there, with what is the matter and the run that met it."""
    place.tenant.fail_next(ActionRequired("consent_revoked", "Withdrawn.", "Connect again."))
    run = await place.start()
    await place.drain()
    # Another write, while the notice of the first still waits to be published.
    await place.world.configure(place.customer, Configuration())
    assert place.logged.one("connection.action_required") == {
        "run": run.id,
        "account": ACCOUNT,
        "customer": place.customer.id,
        "connection": place.customer.connection_id,
        "level": "WARNING",
        "code": "consent_revoked",
    }


async def test_an_end_whose_answer_was_lost_is_told(place: Place) -> None:
    """The write came through, only nobody heard of it: a client that repeats it is refused."""
    run = await place.start()
    store = place.world.runs
    swap = type(store).swap

    async def lose(before: Run, after: Run) -> bool:
        await swap(store, before, after)
        return False if after.state.ended else await swap(store, before, after)

    place.world.runs.swap = lose  # type: ignore[method-assign]
    await place.drain()
    assert place.outcome(run) == ("succeeded", "-")


async def test_an_end_that_was_not_written_is_not_told(place: Place) -> None:
    """Somebody else was quicker to change the run."""
    run = await place.start()
    over = ended(run, RunState.CANCELED, place.world.clock.now())
    await place.world.runs.save(msgspec.structs.replace(run, state=RunState.RUNNING))
    assert not await place.world.app.worker.runs.swap(run, over)
    assert place.logged.named("run.finished") == []


async def test_a_destination_that_is_not_known_costs_no_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends as it would; where it wrote to stays open."""

    async def fail(account_id: str) -> None:
        raise OSError("ada@contoso.example")

    monkeypatch.setattr(
        place.world.app.run_log, "_destinations", type("Nobody", (), {"of": staticmethod(fail)})
    )
    run = await place.start()
    place.world.clock.advance(timedelta(hours=1))
    await place.drain()
    assert place.outcome(run) == ("succeeded", "-")
    assert place.logged.one("run.finished")["destination"] == "-"
