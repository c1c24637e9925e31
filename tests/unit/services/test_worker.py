"""What a message makes happen, and what becomes of a run that cannot go on."""

from datetime import timedelta

import msgspec
import pytest

from shared.core.connection import Connection, ConnectionState
from shared.core.errors import AttemptFailed, OperatorError, RetryLater, SourceFault, TenantryError
from shared.core.messages import SyncMessage
from shared.core.run import FullReason, ReadMode, Run, RunKind, RunState, Trigger
from shared.services.worker import LONGEST_RUN
from tests.fakes import ACCOUNT, World
from tests.fakes.directory import consent_withdrawn
from tests.property.scenarios import CONNECTION, CUSTOMER, FIRST_IMPORT, LONG, MESSAGE, SLOT, the_tenant


@pytest.fixture
async def world() -> World:
    """A connected customer whose first scheduled run is due."""
    return await FIRST_IMPORT.world()


async def the_run(world: World, run_id: str = MESSAGE.run_id) -> Run:
    run = await world.runs.get(run_id)
    assert run is not None
    return run


async def replace_connection(world: World, **values: object) -> None:
    stored = await world.connections.get(ACCOUNT, CONNECTION)
    assert stored is not None
    await world.connections.replace(stored, msgspec.structs.replace(stored.value, **values))


async def handle(world: World) -> None:
    message = world.queue.take()
    assert isinstance(message, SyncMessage)
    await world.app.worker.handle(message)


def released(connection: Connection) -> bool:
    return (connection.lease_owner, connection.lease_until, connection.current_run) == (None, None, None)


async def test_a_run_tells_what_it_did(world: World) -> None:
    """Kind, reason, times, requests and counts; and the connection points to it."""
    await handle(world)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert (run.state, run.trigger, run.slot) == (RunState.SUCCEEDED, Trigger.SCHEDULE, SLOT)
    assert (run.read_mode, run.full_reason) == (ReadMode.FULL, FullReason.FIRST)
    assert (run.counts.created, run.counts.linked, run.planned, run.applied) == (4, 1, 5, 5)
    assert run.graph_requests == 2
    assert run.finished_at == world.clock.now()
    assert (connection.last_run, connection.synced_at) == (run.id, world.clock.now())
    assert released(connection)


async def test_a_message_for_nobody_is_ignored(world: World) -> None:
    """A connection that does not exist has no run."""
    stray = msgspec.structs.replace(MESSAGE, connection_id="0" * 16)
    await world.app.worker.handle(stray)
    assert world.runs.all() == []


async def test_a_message_for_a_busy_connection_is_put_off(world: World) -> None:
    """Until the other worker's lease is over, and at most five minutes; nothing is touched."""
    for held, delay in [
        (timedelta(seconds=40), 40),
        (timedelta(hours=1), 300),
        (timedelta(milliseconds=1), 1),
    ]:
        await replace_connection(world, lease_owner="other", lease_until=world.clock.now() + held)
        await world.app.worker.handle(MESSAGE)
        again, waited = world.queue.sent[-1]
        assert isinstance(again, SyncMessage)
        assert waited == timedelta(seconds=delay)
        assert again.postponed >= 1
        assert world.runs.all() == []
    assert the_tenant(world).requests == 2, "only the proof of the consent"


@pytest.mark.parametrize("state", [s for s in ConnectionState if s is not ConnectionState.ACTIVE])
async def test_only_an_active_connection_is_synced(world: World, state: ConnectionState) -> None:
    """In every other state a queued run is canceled, says so, and Graph is left alone."""
    run, _ = await world.app.runs.start(CUSTOMER, RunKind.SYNC, Trigger.API)
    await replace_connection(world, state=state)
    before = the_tenant(world).requests
    await world.drain()
    canceled = await the_run(world, run.id)
    assert canceled.state is RunState.CANCELED
    assert canceled.error is not None
    assert (canceled.error.code, state.value in canceled.error.title) == ("connection_not_active", True)
    assert the_tenant(world).requests == before


async def test_an_ended_run_stays_as_it_is(world: World) -> None:
    """A second delivery long after changes nothing, whatever happens to the connection."""
    await handle(world)
    ended = await the_run(world)
    await world.queue.send(MESSAGE)
    await world.drain()
    await world.app.onboarding.disconnect(ACCOUNT, CONNECTION)
    await world.queue.send(MESSAGE)
    await world.drain()
    await world.app.worker.give_up(MESSAGE)
    assert await the_run(world) == ended


async def test_a_late_duplicate_leaves_the_run_under_way_alone(world: World) -> None:
    """Whoever asks for a run meanwhile still gets the one that is under way."""
    await handle(world)
    await replace_connection(world, current_run="run_of_somebody_else")
    await world.app.worker.handle(MESSAGE)
    assert (await world.connection(CUSTOMER)).current_run == "run_of_somebody_else"


async def test_a_run_that_goes_on_for_more_than_a_day_ends() -> None:
    """Continuations are bounded like everything else; the connection is free for the next run."""
    world = await LONG.world()
    await world.start_app(LONG.process(world)).worker.handle(MESSAGE)
    assert (await the_run(world)).state is RunState.RUNNING
    world.clock.advance(LONGEST_RUN)
    await world.start_app(LONG.process(world)).worker.handle(MESSAGE)
    run = await the_run(world)
    assert (run.state, run.error.code if run.error else "") == (RunState.FAILED, "run_timeout")
    assert run.applied < run.planned
    assert released(await world.connection(CUSTOMER))


@pytest.mark.parametrize(("postponed", "state"), [(499, RunState.QUEUED), (500, RunState.FAILED)])
async def test_a_message_is_not_put_off_for_ever(world: World, postponed: int, state: RunState) -> None:
    """A connection that never becomes free is somebody's bug, and its run says so."""
    queued, _ = await world.app.runs.start(CUSTOMER, RunKind.SYNC, Trigger.API)
    await replace_connection(
        world, lease_owner="run_of_somebody_else", lease_until=world.clock.now() + timedelta(minutes=1)
    )
    await world.app.worker.handle(SyncMessage(ACCOUNT, CONNECTION, queued.id, postponed=postponed))
    assert (await the_run(world, queued.id)).state is state


async def test_withdrawn_consent_needs_action(world: World) -> None:
    """The run failed, the connection says why, and nothing is tried again."""
    the_tenant(world).consented = False
    await handle(world)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.actor) == ("consent_withdrawn", "customer_admin")
    assert (connection.state, connection.reason) == (ConnectionState.ACTION_REQUIRED, "consent_withdrawn")
    assert (connection.last_run, connection.synced_at) == (run.id, None)
    assert released(connection)
    assert world.queue.waiting == []
    assert world.contacts.applied == []


async def test_our_own_trouble_is_not_the_customers(world: World) -> None:
    """The run failed, for the operator; the connection stays active and free."""
    the_tenant(world).fail_next(OperatorError("credential_expired", "Our secret has expired.", "Rotate it."))
    await handle(world)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert run.error is not None
    assert (run.state, run.error.code, run.error.actor) == (RunState.FAILED, "credential_expired", "operator")
    assert (connection.state, connection.reason) == (ConnectionState.ACTIVE, None)
    assert released(connection)


async def test_later_means_when_the_other_side_says(world: World) -> None:
    """The message comes back after the asked time, the lease is free meanwhile, and the run succeeds."""
    the_tenant(world).fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(minutes=7)))
    await handle(world)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert (run.state, run.error.code if run.error else "") == (RunState.RUNNING, "graph_busy")
    assert connection.lease_owner is None
    assert connection.current_run == run.id
    assert world.queue.sent[-1] == (msgspec.structs.replace(MESSAGE, postponed=1), timedelta(minutes=7))
    await world.drain()
    run = await the_run(world)
    assert (run.state, run.error, run.counts.created) == (RunState.SUCCEEDED, None, 4)


@pytest.mark.parametrize(
    ("late", "state"), [(timedelta(0), RunState.RUNNING), (timedelta(seconds=1), RunState.FAILED)]
)
async def test_a_run_is_given_up_after_a_day(world: World, late: timedelta, state: RunState) -> None:
    """Measured to the moment at which it would be tried again: 24 hours are allowed, a second more is not."""
    the_tenant(world).fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(hours=1)))
    await handle(world)
    world.clock.advance(LONGEST_RUN - timedelta(hours=2) + late)
    the_tenant(world).fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(hours=2)))
    await world.app.worker.handle(MESSAGE)
    run = await the_run(world)
    assert (run.state, run.error.code if run.error else "") == (state, "graph_busy")
    assert (await world.connection(CUSTOMER)).state is ConnectionState.ACTIVE


async def test_a_wait_that_no_queue_takes_ends_the_run(world: World) -> None:
    """Whoever asks to come back in a month is not waited for."""
    the_tenant(world).fail_next(RetryLater("graph_busy", "Graph is busy.", timedelta(days=30)))
    await handle(world)
    assert (await the_run(world)).state is RunState.FAILED
    assert world.queue.waiting == []


async def test_an_unknown_error_is_noted_without_its_text(world: World) -> None:
    """It may hold a name or a token: the run and the raised error tell its type only."""
    the_tenant(world).fail_next(ValueError("ada@contoso.example eyJ0oken"))
    with pytest.raises(AttemptFailed) as failed:
        await handle(world)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert str(failed.value) == "unexpected.ValueError"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert run.error is not None
    assert run.error.code == "unexpected.ValueError"
    assert "ada" not in repr(run)
    assert connection.lease_owner is None
    assert (run.state, connection.state) == (RunState.RUNNING, ConnectionState.ACTIVE)


async def test_the_log_of_an_unknown_error_holds_no_text_of_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Only type and place."""
    caplog.set_level("DEBUG")
    the_tenant(world).fail_next(ValueError("ada@contoso.example eyJ0oken"))
    with pytest.raises(AttemptFailed):
        await handle(world)
    assert "run.stumbled" in caplog.text
    assert "ada" not in caplog.text
    assert "eyJ" not in caplog.text


async def test_an_untrustworthy_answer_is_tried_again(world: World) -> None:
    """An incomplete read writes nothing; the next delivery reads anew."""
    the_tenant(world).fail_next(SourceFault("read_incomplete", "Half a page.", "Nobody has to act."))
    with pytest.raises(AttemptFailed, match="read_incomplete"):
        await handle(world)
    assert world.contacts.applied == []
    await world.queue.send(MESSAGE)
    await world.drain()
    run = await the_run(world)
    assert (run.state, run.error, run.resumes) == (RunState.SUCCEEDED, None, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceFault("read_incomplete", "Half a page.", "Nobody has to act."), "read_incomplete"),
        (ValueError("secret"), "unexpected.ValueError"),
    ],
)
async def test_a_message_that_always_fails_ends_its_run(world: World, error: Exception, code: str) -> None:
    """After the last delivery the run has failed, with the last reason, and the connection is free."""
    the_tenant(world).fail_next(*[error] * 10)
    await world.drain()
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert run.error is not None
    assert (run.state, run.error.code) == (RunState.FAILED, code)
    assert world.poison == [MESSAGE]
    assert (connection.state, connection.last_run) == (ConnectionState.ACTIVE, run.id)
    assert released(connection)


async def test_giving_up_says_why_even_where_nobody_knows(world: World) -> None:
    """A worker that always dies leaves no error; the run says that it stopped, and the lease is free."""
    await world.runs.add(
        Run(
            id=MESSAGE.run_id,
            account_id=ACCOUNT,
            customer_id=CUSTOMER.id,
            connection_id=CONNECTION,
            kind=RunKind.SYNC,
            trigger=Trigger.SCHEDULE,
            created_at=SLOT,
            updated_at=SLOT,
            state=RunState.RUNNING,
        )
    )
    until = world.clock.now() + timedelta(minutes=1)
    await replace_connection(world, current_run=MESSAGE.run_id, lease_owner=MESSAGE.run_id, lease_until=until)
    await world.app.worker.give_up(MESSAGE)
    run, connection = await the_run(world), await world.connection(CUSTOMER)
    assert run.error is not None
    assert (run.state, run.error.code, run.error.actor) == (RunState.FAILED, "worker_stopped", "operator")
    assert run.finished_at == world.clock.now()
    assert released(connection)


async def test_giving_up_leaves_another_runs_lease_alone(world: World) -> None:
    """The connection may be somebody else's by then."""
    await handle(world)
    other = "run_" + "1" * 37
    until = world.clock.now() + timedelta(minutes=1)
    await replace_connection(world, current_run=other, lease_owner=other, lease_until=until)
    before = await world.connection(CUSTOMER)
    await world.app.worker.give_up(msgspec.structs.replace(MESSAGE, run_id="run_" + "2" * 37))
    await world.app.worker.give_up(MESSAGE)
    assert await world.connection(CUSTOMER) == before


async def test_a_run_that_was_never_written_down_is_made_up_for(world: World) -> None:
    """A message without slot whose run is missing still leaves a record."""
    message = SyncMessage(ACCOUNT, CONNECTION, "run_" + CONNECTION + "3" * 21)
    await world.app.worker.handle(message)
    assert (await the_run(world, message.run_id)).state is RunState.SUCCEEDED


@pytest.mark.parametrize("call", ["worker", "consent"])
async def test_errors_that_are_known_are_shown_in_their_own_words(world: World, call: str) -> None:
    """Title and detail of a known error reach the run's record."""
    error: TenantryError = consent_withdrawn() if call == "consent" else OperatorError("c", "T.", "D.")
    the_tenant(world).fail_next(error)
    await handle(world)
    run = await the_run(world)
    assert run.error is not None
    assert (run.error.title, run.error.detail) == (error.title, error.detail)
