"""Runs that the guard held: kept for a person to look at, until somebody decides or a later plan comes."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.messages import SyncMessage
from shared.core.planning import Plan
from shared.core.run import HELD_FOR, Run, RunError, RunState
from shared.core.run_moves import ended, held
from shared.ports import ChangeLog, Clock, Queue, RunStore
from shared.services.change_chunks import PLANNED, forget, log_lines
from shared.services.progress import Progress
from shared.services.run_errors import superseded


@dataclass(frozen=True, slots=True)
class Holding:
    """Puts runs on hold and ends holds that nobody decided about."""

    runs: RunStore
    changes: ChangeLog
    queue: Queue
    clock: Clock

    async def hold(self, work: Progress, plan: Plan) -> None:
        """Keep the plan for a person to look at, and let the connection go."""
        before = work.lease.connection.held_run
        run_id = work.run.id
        await forget(self.changes, run_id, PLANNED)
        await log_lines(self.changes, run_id, PLANNED, plan.changes)
        # The older plan before its name is forgotten; then the connection: should this worker die now, the
        # run is still running and is held again.
        if before is not None:
            await self.supersede(before, run_id)
        await work.lease.update(lambda c: msgspec.structs.replace(c, held_run=run_id))
        now = self.clock.now()
        work.run = held(work.run, now + HELD_FOR, now)
        await work.save()
        await work.lease.release(lambda c: msgspec.structs.replace(c, current_run=None, last_run=run_id))
        await self.watch(work.run)

    async def watch(self, run: Run) -> None:
        """Have the held run looked at again when it expires."""
        if run.held_until is not None:
            message = SyncMessage(run.account_id, run.connection_id, run.id)
            await self.queue.send(message, max(run.held_until - self.clock.now(), timedelta(0)))

    async def supersede(self, held_id: str, by_id: str) -> None:
        """End a held run whose plan is out of date."""
        if held_id != by_id:
            await self.end(held_id, superseded(by_id))

    async def end(self, run_id: str, error: RunError) -> None:
        """End a run if it is still held."""
        run = await self.runs.get(run_id)
        if run is None or run.state is not RunState.HELD:
            return
        await self.runs.swap(run, ended(run, RunState.CANCELED, self.clock.now(), error))
