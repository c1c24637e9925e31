"""What a message on the queue makes happen, and what becomes of a run that cannot go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import msgspec

from shared.core.account_destination import of_the_account
from shared.core.brake import SyncsStopped
from shared.core.connection import Connection, ConnectionState, moved
from shared.core.errors import (
    ActionRequired,
    AttemptFailed,
    DestinationRefused,
    LeaseLost,
    OperatorError,
    RetryLater,
    ScopeObjectMissing,
    TenantryError,
    code_of,
)
from shared.core.messages import StartMessage, SyncMessage
from shared.core.run import Run, RunError, RunKind, RunState, Trigger
from shared.core.run_moves import ended
from shared.core.schedule import not_due
from shared.logs import log, where
from shared.ports import Clock, ConnectionStore, Queue, RunStore, Stored
from shared.services.brakes import Brakes
from shared.services.holding import Holding
from shared.services.leases import Busy, Lease, acquire
from shared.services.run_errors import (
    canceled,
    endless,
    expired,
    in_trouble,
    not_active,
    run_error,
    stopped,
    superseded,
)
from shared.services.sync_run import SyncRunner
from shared.services.updates import update, update_run
from shared.services.user_run import UserRunner
from shared.telemetry.spans import spanned, tell

LONGEST_RUN = timedelta(hours=24)
"""From its creation, or from its approval; a run that is put off for longer has failed."""
_LONGEST_WAIT = timedelta(minutes=5)  # before somebody else's lease is looked at again
_SOON = timedelta(seconds=1)
_MOST_PUT_OFFS = 500  # of one message in a row


@dataclass(frozen=True, slots=True)
class Worker:
    """Carries out sync messages."""

    connections: ConnectionStore
    runs: RunStore
    runner: SyncRunner
    user_runner: UserRunner
    holding: Holding
    brakes: Brakes
    queue: Queue
    clock: Clock
    lease_lifetime: timedelta
    spread: timedelta

    @spanned("run")
    async def handle(self, message: SyncMessage) -> None:
        """Carry out the message's run, or put it off, or write down why it ended.

        Raises AttemptFailed, or RetryLater where not even that could be written down, for what another
        delivery may cure.
        """
        stored = await self.connections.get(message.account_id, message.connection_id)
        if stored is None:
            log("sync.ignored", run=message.run_id, reason="no_connection")
            return
        tell(customer=stored.value.customer_id)
        late = not_due(message, stored.value, self.spread, self.clock.now())
        if late and await self.runs.get(message.run_id) is None:  # a run that has begun goes on
            log("sync.ignored", run=message.run_id, reason="not_due")
            return
        if await self._called_off(message, stored):
            return
        check = partial(self.brakes.check, message.account_id)
        try:
            lease = await acquire(
                self.connections, self.clock, self.lease_lifetime, stored, message.run_id, check=check
            )
        except Busy as busy:
            if message.postponed >= _MOST_PUT_OFFS:
                await self.give_up(message)
                return
            await self._put_off(message, min(busy.remaining, _LONGEST_WAIT), None)
            return
        await self._work(message, lease, stored.value.current_run)

    async def give_up(self, message: SyncMessage) -> None:
        """End the run of a message that failed on every delivery (it is on the poison queue)."""
        run = await self.runs.get(message.run_id)
        if run is None or run.state.ended or run.state is RunState.HELD:
            return  # of a held run it was only to see whether it has expired
        error = run.error or stopped()
        stored = await self.connections.get(message.account_id, message.connection_id)
        if stored is not None:
            now = self.clock.now()
            await update(self.connections, stored, lambda c: _freed(c, run.id, error, now))
        await self._end(run.id, RunState.FAILED, error)

    async def _work(self, message: SyncMessage, lease: Lease, before: str | None) -> None:
        try:
            await self._attempt(message, lease, before)
        except LeaseLost:
            await lease.abandon()
            await self._lost(message)

    async def _attempt(self, message: SyncMessage, lease: Lease, before: str | None) -> None:
        try:
            run, resumed = await self._begin(message, lease.connection)
            tell(kind=run.kind, trigger=run.trigger)
            if run.state.ended:
                # A late duplicate: whatever run was under way still is.
                await lease.release(lease.without_run)
                return
            if run.state is RunState.HELD:
                await self._look_at_held(run, lease, before)
                return
            runner = self.user_runner if run.kind is RunKind.USER else self.runner
            run = await runner.carry_out(run, lease, resumed=resumed)
            tell(outcome=None if run.state is RunState.RUNNING else run.state)
            if run.state is RunState.RUNNING:
                await self._continue(message, run, lease)
        except LeaseLost:
            raise
        except SyncsStopped as error:
            await lease.release(lease.without_run)
            await self._end(message.run_id, RunState.CANCELED, run_error(error))
        except RetryLater as error:
            await self._retry_later(message, lease, error)
        except (ActionRequired, DestinationRefused, OperatorError, ScopeObjectMissing) as error:
            await self._fail(message, lease, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must say so
            await self._note(message, lease, error)
            # The text of an unknown error may hold anything, a name or a token too.
            raise AttemptFailed(code_of(error)) from None

    async def _begin(self, message: SyncMessage, connection: Connection) -> tuple[Run, bool]:
        """The run, running; and whether an earlier message worked on it already."""
        now = self.clock.now()
        fresh = Run(
            id=message.run_id,
            account_id=connection.account_id,
            customer_id=connection.customer_id,
            connection_id=connection.id,
            kind=RunKind.SYNC,
            trigger=message.started_by if isinstance(message, StartMessage) else Trigger.SCHEDULE,
            created_at=now,
            updated_at=now,
            state=RunState.RUNNING,
            slot=message.slot,
            started_at=now,
        )
        if message.slot is not None and await self.runs.add(fresh):
            return fresh, False
        run = await self.runs.get(message.run_id)
        if run is None:
            await self.runs.add(fresh)
            return fresh, False
        if run.state is RunState.QUEUED:
            begun = msgspec.structs.replace(run, state=RunState.RUNNING, started_at=now, updated_at=now)
            if not await self.runs.swap(run, begun):
                raise LeaseLost  # another worker took it up, or somebody canceled it
            return begun, False
        if run.state is not RunState.RUNNING:
            return run, True
        return msgspec.structs.replace(run, resumes=run.resumes + 1), True

    async def _look_at_held(self, run: Run, lease: Lease, before: str | None) -> None:
        """A message about a held run nobody has approved: it may have expired meanwhile."""
        waits = lease.connection.held_run == run.id
        late = run.held_until is not None and self.clock.now() >= run.held_until
        under_way = None if before == run.id else before

        def let_go(connection: Connection) -> Connection:
            held = None if late and connection.held_run == run.id else connection.held_run
            # Still under way: whoever held it was cut short before this was written down.
            last = run.id if before == run.id else connection.last_run
            return msgspec.structs.replace(connection, current_run=under_way, held_run=held, last_run=last)

        await lease.release(let_go)
        if late:
            await self.holding.end(run.id, expired())
        elif not waits:
            await self.holding.end(run.id, superseded(lease.connection.last_run or ""))
        else:
            await self.holding.watch(run)

    async def _continue(self, message: SyncMessage, run: Run, lease: Lease) -> None:
        if self.clock.now() - _begun(run) > LONGEST_RUN:
            await self._fail(message, lease, endless())
            return
        log("run.continued", run=run.id, applied=run.applied, planned=run.planned)
        await lease.release()
        await self.queue.send(msgspec.structs.replace(message, postponed=0))

    async def _put_off(self, message: SyncMessage, delay: timedelta, code: str | None) -> None:
        """`code`: of the error; None where another run of the connection is at work."""
        log(
            "run.put_off",
            run=message.run_id,
            account=message.account_id,
            connection=message.connection_id,
            code=code,
            seconds=delay.total_seconds(),
        )
        again = msgspec.structs.replace(message, postponed=message.postponed + 1)
        await self.queue.send(again, delay)

    async def _retry_later(self, message: SyncMessage, lease: Lease, error: RetryLater) -> None:
        run = await self.runs.get(message.run_id)
        if run is not None and self.clock.now() - _begun(run) + error.after > LONGEST_RUN:
            await self._fail(message, lease, error)
            return
        await self._save_error(message, lease, error)
        await lease.release()
        await self._put_off(message, error.after, error.code)

    async def _fail(self, message: SyncMessage, lease: Lease, error: TenantryError) -> None:
        """The run ends; where the customer must act, the connection says so."""
        # The reason first: should this be the last thing we do, whoever goes on finds it.
        await self._save_error(message, lease, error)
        noted, now = run_error(error), self.clock.now()

        def failed(connection: Connection) -> Connection:
            connection = msgspec.structs.replace(lease.without_run(connection), last_run=message.run_id)
            if isinstance(error, ActionRequired):
                return moved(connection, ConnectionState.ACTION_REQUIRED, now, error.code)
            if isinstance(error, DestinationRefused) and of_the_account(error):
                return msgspec.structs.replace(connection, trouble=None)  # the account keeps it, for all
            return in_trouble(connection, message.run_id, noted, now)

        await lease.release(failed)
        await self._end(message.run_id, RunState.FAILED, noted)

    async def _note(self, message: SyncMessage, lease: Lease, error: Exception) -> None:
        log("run.stumbled", run=message.run_id, code=code_of(error), where=where(error))
        await self._save_error(message, lease, error)
        try:
            await lease.release()
        except LeaseLost:
            log("run.lease_lost", run=message.run_id)

    async def _save_error(self, message: SyncMessage, lease: Lease, error: Exception) -> None:
        noted, now, worked = run_error(error), self.clock.now(), lease.lap()

        def stumbled(run: Run) -> Run:
            seconds = round(run.seconds + worked, 3)
            return msgspec.structs.replace(run, error=noted, updated_at=now, seconds=seconds)

        await update_run(self.runs, message.run_id, stumbled)

    async def _lost(self, message: SyncMessage) -> None:
        """Somebody took the connection away: another worker goes on with this run, or with another one
        before it, or nobody is to."""
        log("run.lease_lost", run=message.run_id)
        stored = await self.connections.get(message.account_id, message.connection_id)
        if stored is None or stored.value.state is not ConnectionState.ACTIVE:
            await self._cancel(message, None if stored is None else stored.value)
            if stored is not None and stored.value.state is ConnectionState.DISCONNECTED:
                await self.runner.mirrors.prune(message.connection_id, None)  # what was read too late
            return
        if stored.value.canceled_run == message.run_id:
            await self._cancel_on_request(message)
            return
        if stored.value.lease_owner == message.run_id and stored.value.leased(self.clock.now()):
            return
        run = await self.runs.get(message.run_id)
        if run is not None and not run.state.ended:
            await self._put_off(message, _SOON, None)

    async def _called_off(self, message: SyncMessage, stored: Stored[Connection]) -> bool:
        """Whether the run is not to begin or go on; then it is ended."""
        if stored.value.state is not ConnectionState.ACTIVE:
            await self._cancel(message, stored.value)
            return True
        if stored.value.canceled_run == message.run_id:
            await self._cancel_on_request(message)
            return True
        return await self.brakes.stopped(message.account_id) and await self._stopped(message, stored)

    async def _stopped(self, message: SyncMessage, stored: Stored[Connection]) -> bool:
        """What becomes of a message while syncs are stopped; False for one that writes no contact."""
        run = await self.runs.get(message.run_id)
        if run is not None and run.state is RunState.HELD:
            return False
        if run is None and message.slot is None:
            # Somebody waits for it, and nothing else names it.
            await self._put_off(message, _LONGEST_WAIT, SyncsStopped().code)
            return True
        log("sync.ignored", run=message.run_id, reason="syncs_stopped")
        if run is not None and not run.state.ended:
            await update(self.connections, stored, lambda c: _without(c, run.id))
            await self._end(run.id, RunState.CANCELED, run_error(SyncsStopped()))
        return True

    async def _cancel_on_request(self, message: SyncMessage) -> None:
        await self._end(message.run_id, RunState.CANCELED, canceled())

    async def _cancel(self, message: SyncMessage, connection: Connection | None) -> None:
        state = "gone" if connection is None else connection.state.value
        run = await self.runs.get(message.run_id)
        if run is None or run.state.ended:
            return
        if run.error is not None and connection is not None and connection.last_run == run.id:
            await self._end(run.id, RunState.FAILED, run.error)
            return
        await self._end(run.id, RunState.CANCELED, not_active(state))

    async def _end(self, run_id: str, state: RunState, error: RunError) -> None:
        """End the run, unless it has."""
        tell(outcome=state, code=error.code, actor=error.actor)
        now = self.clock.now()

        await update_run(self.runs, run_id, lambda run: ended(run, state, now, error))


def _begun(run: Run) -> datetime:
    """Since when the run has been somebody's work, and not waiting to be approved."""
    return run.approved_at or run.created_at


def _without(connection: Connection, run_id: str) -> Connection:
    if connection.current_run != run_id:
        return connection
    return msgspec.structs.replace(connection, current_run=None)


def _freed(connection: Connection, run_id: str, error: RunError, now: datetime) -> Connection:
    if connection.current_run != run_id:
        return connection
    freed = msgspec.structs.replace(
        connection, current_run=None, last_run=run_id, lease_owner=None, lease_until=None
    )
    return in_trouble(freed, run_id, error, now)
