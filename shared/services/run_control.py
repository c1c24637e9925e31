"""Starting runs on demand, and deciding about runs that wait: approve, reject, cancel."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import Actor, Conflict, Gone, NotFound
from shared.core.messages import PreviewMessage, SyncMessage
from shared.core.run import Run, RunError, RunKind, RunState, Trigger, connection_of, new_run_id
from shared.core.run_moves import approved, ended
from shared.logs import log
from shared.ports import Clock, ConnectionStore, Page, Queue, RunStore
from shared.services.preview import PREVIEWED
from shared.services.run_errors import canceled, rejected
from shared.services.updates import stored_connection, update

_STALE = timedelta(minutes=15)
"""A run nobody has touched for so long may have lost its message; asking for it sends another."""


@dataclass(frozen=True, slots=True)
class RunControl:
    """What people do to runs; the runs and connections they name were found within their account."""

    connections: ConnectionStore
    runs: RunStore
    queue: Queue
    clock: Clock

    async def get(self, account_id: str, run_id: str) -> Run:
        """Raises NotFound."""
        run = await self.runs.get(run_id) if connection_of(run_id) else None
        if run is None or run.account_id != account_id:
            raise NotFound("run")
        return run

    async def list(self, customer: Customer, limit: int, after: str | None) -> Page[Run]:
        """A page of the customer's runs, newest first."""
        return await self.runs.list(customer.connection_id, limit, after)

    async def start(
        self, customer: Customer, kind: RunKind, trigger: Trigger, user: str | None = None
    ) -> tuple[Run, bool]:
        """A run on demand, or the one that is under way; and whether it is new. Raises NotFound and Conflict.

        `user`: whom a one-user run is about. Such a run is always new: it waits for its turn.
        """
        stored = await stored_connection(self.connections, customer)
        if stored.value.state is not ConnectionState.ACTIVE:
            raise not_active(stored.value, self.clock)
        if kind is not RunKind.USER:
            under_way = await self._under_way(stored.value)
            if under_way is not None:
                return under_way, False
        run = self._new(stored.value, kind, trigger, user=user)
        await self.runs.add(run)
        if kind is not RunKind.USER:
            await update(self.connections, stored, lambda c: msgspec.structs.replace(c, current_run=run.id))
        await self.queue.send(SyncMessage(run.account_id, run.connection_id, run.id))
        log("run.queued", run=run.id, kind=kind, trigger=trigger)
        return run, True

    async def preview(
        self, customer: Customer, trigger: Trigger, configuration: Configuration | None = None
    ) -> Run:
        """A preview; `configuration`: one to try out instead of the one in force.

        Raises NotFound and Conflict.
        """
        stored = await stored_connection(self.connections, customer)
        if stored.value.state not in PREVIEWED:
            raise not_active(stored.value, self.clock)
        run = self._new(stored.value, RunKind.PREVIEW, trigger, configuration=configuration)
        await self.runs.add(run)
        await self.queue.send(PreviewMessage(run.account_id, run.connection_id, run.id))
        log("preview.queued", run=run.id, trigger=trigger)
        return run

    async def approve(self, run: Run, digest: str) -> Run:
        """Let the held run carry out exactly the plan with the digest. Raises Conflict and Gone.

        Approving the same plan again finishes what was cut short, and changes nothing else.
        """
        if run.approved == digest and run.state is not RunState.HELD:
            await self._take_up(run)
            return run
        await self._check_decidable(run)
        if run.digest != digest:
            raise Conflict(
                "plan_changed",
                "The plan is not the one you looked at.",
                "Read the run again, look at its changes, and approve the digest it has now.",
                Actor.TECHNICIAN,
            )
        going_on = approved(run, digest, self.clock.now())
        await self._swap(run, going_on)
        await self._take_up(going_on)
        log("run.approved", run=run.id)
        return going_on

    async def reject(self, run: Run) -> Run:
        """End the held run; nothing is written. Raises Conflict and Gone.

        Rejecting it again finishes what was cut short, and changes nothing else.
        """
        if run.error != rejected():
            await self._check_decidable(run)
            run = await self._end(run, rejected())
        stored = await self.connections.get(run.account_id, run.connection_id)
        if stored is not None:
            await update(self.connections, stored, lambda c: _let_go(c, run.id))
        return run

    async def cancel(self, run: Run) -> Run:
        """Stop a run that has not ended; what it wrote stays. One that has ended stays as it is."""
        if run.state.ended:
            return run
        stored = await self.connections.get(run.account_id, run.connection_id)
        if stored is not None and run.kind is not RunKind.PREVIEW:
            # The worker loses its lease with this write, so it stops before its next one.
            await update(self.connections, stored, lambda c: _stopped(c, run.id))
        while not run.state.ended:
            now = self.clock.now()
            stopped = ended(run, RunState.CANCELED, now, canceled())
            if await self.runs.swap(run, stopped):
                return stopped
            found = await self.runs.get(run.id)
            if found is None:
                break
            run = found
        return run

    async def _under_way(self, connection: Connection) -> Run | None:
        if connection.current_run is None:
            return None
        run = await self.runs.get(connection.current_run)
        if run is None or run.state.ended or run.kind is RunKind.USER:
            return None
        if run.updated_at + _STALE < self.clock.now() and not connection.leased(self.clock.now()):
            await self._send(run)
        return run

    def _new(
        self,
        connection: Connection,
        kind: RunKind,
        trigger: Trigger,
        *,
        user: str | None = None,
        configuration: Configuration | None = None,
    ) -> Run:
        now = self.clock.now()
        return Run(
            id=new_run_id(connection.id, now),
            account_id=connection.account_id,
            customer_id=connection.customer_id,
            connection_id=connection.id,
            kind=kind,
            trigger=trigger,
            created_at=now,
            updated_at=now,
            user=user,
            configuration=configuration,
        )

    async def _check_decidable(self, run: Run) -> None:
        if run.state is not RunState.HELD:
            raise Conflict(
                "run_not_held",
                f"The run is {run.state.value}; there is nothing to decide.",
                "Read the run: only a held one can be approved or rejected.",
                Actor.TECHNICIAN,
            )
        if run.held_until is not None and run.held_until <= self.clock.now():
            raise Gone(
                "hold_expired",
                "Nobody decided about the run in time.",
                "Sync again to get a plan of today, and decide about that one.",
                Actor.TECHNICIAN,
            )
        stored = await self.connections.get(run.account_id, run.connection_id)
        if stored is not None and stored.value.state is not ConnectionState.ACTIVE:
            raise not_active(stored.value, self.clock)
        if stored is None or stored.value.held_run != run.id:
            raise Conflict(
                "superseded",
                "A later run has taken this one's place.",
                "Look at the customer's newest run and decide about that one.",
                Actor.TECHNICIAN,
            )

    async def _swap(self, before: Run, after: Run) -> None:
        if not await self.runs.swap(before, after):
            raise Conflict(
                "run_changed",
                "Somebody else decided about the run, or it went on, in the meantime.",
                "Read the run again.",
                Actor.TECHNICIAN,
            )

    async def _end(self, run: Run, error: RunError) -> Run:
        over = ended(run, RunState.CANCELED, self.clock.now(), error)
        await self._swap(run, over)
        return over

    async def _take_up(self, run: Run) -> None:
        """Write down that the approved run is under way, and send its message."""
        stored = await self.connections.get(run.account_id, run.connection_id)
        # Whoever read the run may be late: by now it may be held once more, over another plan.
        found = await self.runs.get(run.id)
        if stored is None or found is None or found.state is not RunState.RUNNING:
            return
        fence = stored.value.fence
        await update(self.connections, stored, lambda c: _taken_up(c, run.id, fence))
        await self._send(run)

    async def _send(self, run: Run) -> None:
        await self.queue.send(SyncMessage(run.account_id, run.connection_id, run.id, run.slot))


def not_active(connection: Connection, clock: Clock) -> Conflict:
    """The refusal of a run while the connection cannot be synced."""
    state = connection.state_at(clock.now())
    paused = state is ConnectionState.PAUSED
    detail = (
        "Resume the connection first."
        if paused
        else "Connect the customer's Microsoft 365 first, or read the connection to see who must act."
    )
    return Conflict(
        "connection_not_active",
        f"The connection is {state.value}, so nothing can be synced.",
        detail,
        Actor.TECHNICIAN,
    )


def _taken_up(connection: Connection, run_id: str, fence: int) -> Connection:
    # A worker that took it up meanwhile has written down how it stands.
    if connection.held_run != run_id or connection.lease_owner == run_id or connection.fence != fence:
        return connection
    return msgspec.structs.replace(connection, held_run=None, current_run=connection.current_run or run_id)


def _let_go(connection: Connection, run_id: str) -> Connection:
    return msgspec.structs.replace(connection, held_run=None) if connection.held_run == run_id else connection


def _stopped(connection: Connection, run_id: str) -> Connection:
    changed = msgspec.structs.replace(_let_go(connection, run_id), canceled_run=run_id)
    if changed.lease_owner == run_id:
        changed = msgspec.structs.replace(
            changed, lease_owner=None, lease_until=None, fence=changed.fence + 1
        )
    if changed.current_run == run_id:
        changed = msgspec.structs.replace(changed, current_run=None)
    return changed
