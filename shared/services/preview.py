"""What a run would do, with the configuration in force or with one that is not saved yet.

Nothing is written but the preview itself: no contact, no place in the directory. It needs no lease, so it
neither waits for a sync nor holds one up.
"""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.connection import Connection, ConnectionState
from shared.core.errors import (
    ActionRequired,
    AttemptFailed,
    DestinationRefused,
    LeaseLost,
    OperatorError,
    RetryLater,
    ScopeObjectMissing,
    code_of,
)
from shared.core.guard import tripped
from shared.core.messages import PreviewMessage
from shared.core.reviews import decisions
from shared.core.run import Run, RunError, RunState, contacts_since, planned_counts, skipped_by_reason
from shared.core.run_moves import ended
from shared.logs import log, where
from shared.ports import ChangeLog, Clock, ConnectionStore, Destinations, Queue, ReviewStore, RunStore, Stored
from shared.services import phases
from shared.services.change_chunks import PLANNED, forget, log_lines
from shared.services.reading import DirectoryReading
from shared.services.run_errors import not_active, run_error, stopped
from shared.services.updates import update_run
from shared.telemetry.spans import spanned, tell

LONGEST_PREVIEW = timedelta(hours=2)
"""From its asking; nobody waits longer for a preview."""
_LOOK_EVERY = 2.0  # seconds
PREVIEWED = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED})
"""States in which a preview may read the tenant."""


@dataclass(frozen=True, slots=True)
class PreviewRunner:
    """Carries out previews."""

    connections: ConnectionStore
    runs: RunStore
    reading: DirectoryReading
    destinations: Destinations
    changes: ChangeLog
    reviews: ReviewStore
    clock: Clock

    async def carry_out(self, run: Run, connection: Connection) -> Run:
        """The preview, `succeeded` unless somebody canceled it, with its plan in the change log.

        Raises LeaseLost when the connection is not to be read any more, and what a read raises.
        """
        began = self.clock.monotonic()
        watch = _Watch(self.connections, self.clock, connection)
        configuration = run.configuration or connection.configuration
        tried = msgspec.structs.replace(connection, configuration=configuration)
        destination = self.destinations.open(tried, looking=True)
        held = await destination.fields()
        reading = await self.reading.read(connection, configuration, run.kind, self.clock.now(), watch.look)
        contacts = await phases.read_contacts(destination, contacts_since(run, self.clock.now()), watch.look)
        queue = await self.reviews.all(connection.id) if connection.reviews else {}
        plan = await phases.plan(reading.snapshot, contacts, configuration, decisions(queue), held)
        await forget(self.changes, run.id, PLANNED)
        await log_lines(self.changes, run.id, PLANNED, plan.changes)
        now = self.clock.now()
        done = msgspec.structs.replace(
            run,
            read_mode=reading.mode,
            full_reason=reading.full_reason,
            counts=planned_counts(plan),
            skipped_by_reason=skipped_by_reason(plan),
            planned=len(plan.writes()),
            graph_requests=run.graph_requests + reading.requests,
            gaps=(*reading.snapshot.supplement.gaps, *destination.gaps),
            guard=tripped(plan, configuration.guard, connection.in_scope),
            digest=plan.digest(),
            seconds=round(run.seconds + self.clock.monotonic() - began, 3),
        )
        over = ended(done, RunState.SUCCEEDED, now)
        return await update_run(self.runs, run.id, lambda found: over) or over


@dataclass(frozen=True, slots=True)
class PreviewWorker:
    """Carries out preview messages."""

    runner: PreviewRunner
    queue: Queue

    @spanned("run")
    async def handle(self, message: PreviewMessage) -> None:
        """Carry out the preview, or put it off, or write down why it ended.

        Raises AttemptFailed for what another delivery may cure.
        """
        runs, clock = self.runner.runs, self.runner.clock
        run = await runs.get(message.run_id)
        if run is None or run.state.ended:
            log("preview.ignored", run=message.run_id)
            return
        tell(customer=run.customer_id, kind=run.kind, trigger=run.trigger)
        stored = await self.runner.connections.get(message.account_id, message.connection_id)
        if stored is None or stored.value.state not in PREVIEWED:
            await self._end(run, RunState.CANCELED, not_active(_state(stored)))
            return
        started, now = run.started_at or clock.now(), clock.now()
        run = await update_run(
            runs,
            run.id,
            lambda found: msgspec.structs.replace(
                found, state=RunState.RUNNING, started_at=started, updated_at=now
            ),
        )
        if run is None or run.state.ended:
            return
        began = clock.monotonic()
        try:
            run = await self.runner.carry_out(run, stored.value)
            tell(outcome=run.state)
        except LeaseLost:
            await self._end(run, RunState.CANCELED, not_active("no longer the one that was read"))
        except RetryLater as error:
            await self._put_off(message, run, error, clock.monotonic() - began)
        except (ActionRequired, DestinationRefused, OperatorError, ScopeObjectMissing) as error:
            await self._end(run, RunState.FAILED, run_error(error), clock.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - whatever it is, the preview must say so
            log("preview.stumbled", run=run.id, code=code_of(error), where=where(error))
            await self._note(run.id, error, clock.monotonic() - began)
            raise AttemptFailed(code_of(error)) from None

    async def give_up(self, message: PreviewMessage) -> None:
        """End the preview of a message that failed on every delivery (it is on the poison queue)."""
        run = await self.runner.runs.get(message.run_id)
        if run is not None and not run.state.ended:
            await self._end(run, RunState.FAILED, run.error or stopped())

    async def _put_off(self, message: PreviewMessage, run: Run, error: RetryLater, worked: float) -> None:
        if self.runner.clock.now() - run.created_at + error.after > LONGEST_PREVIEW:
            await self._end(run, RunState.FAILED, run_error(error), worked)
            return
        await self._note(run.id, error, worked)
        log(
            "run.put_off",
            run=run.id,
            account=run.account_id,
            connection=run.connection_id,
            code=error.code,
            seconds=error.after.total_seconds(),
        )
        await self.queue.send(message, error.after)

    async def _note(self, run_id: str, error: Exception, worked: float) -> None:
        noted = run_error(error)

        def stumbled(run: Run) -> Run:
            return msgspec.structs.replace(_worked(run, worked), error=noted)

        await update_run(self.runner.runs, run_id, stumbled)

    async def _end(self, run: Run, state: RunState, error: RunError, worked: float = 0.0) -> None:
        tell(outcome=state, code=error.code, actor=error.actor)
        now = self.runner.clock.now()
        await update_run(
            self.runner.runs,
            run.id,
            lambda found: ended(_worked(found, worked), state, now, error),
        )


class _Watch:
    """Notices soon when the customer is disconnected."""

    def __init__(self, connections: ConnectionStore, clock: Clock, connection: Connection) -> None:
        self._connections, self._clock, self._connection = connections, clock, connection
        self._next = clock.monotonic() + _LOOK_EVERY

    async def look(self) -> None:
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + _LOOK_EVERY
        found = await self._connections.get(self._connection.account_id, self._connection.id)
        same = found is not None and found.value.tenant_id == self._connection.tenant_id
        if found is None or not same or found.value.state not in PREVIEWED:
            raise LeaseLost


def _worked(run: Run, seconds: float) -> Run:
    return msgspec.structs.replace(run, seconds=round(run.seconds + seconds, 3))


def _state(stored: Stored[Connection] | None) -> str:
    return "gone" if stored is None else stored.value.state.value
