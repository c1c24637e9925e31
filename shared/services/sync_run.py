"""One run: read directory → read contacts → plan → guard → apply → commit, under a lease.

The same code carries out the scheduled run, the one on demand and the first import. A run that is killed at
any point and delivered again ends in the same state: the read is staged before the first write, what is
about to be written is in the change log before it is written, and the connection's delta link and mirror
advance last, in one write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.changes import Change
from shared.core.connection import Connection
from shared.core.guard import tripped
from shared.core.mirror import Snapshot
from shared.core.planning import Plan, completing
from shared.core.report import make_report
from shared.core.reviews import Review, decisions, reviewed
from shared.core.run import ReadMode, Run, Stage, contacts_since
from shared.core.run_moves import ended
from shared.ports import (
    ChangeLog,
    Clock,
    Destination,
    Destinations,
    MirrorStore,
    ReportStore,
    ReviewStore,
    RunStore,
)
from shared.services import phases
from shared.services.change_chunks import (
    NOTICED,
    PLANNED,
    WRITTEN,
    chunk_name,
    chunks_of,
    forget,
    log_lines,
)
from shared.services.earlier_writes import earlier_writes
from shared.services.holding import Holding
from shared.services.leases import Lease
from shared.services.progress import Progress
from shared.services.reading import DirectoryReading
from shared.services.rejections import Rejections
from shared.telemetry.spans import spanned


class _Staged(msgspec.Struct, frozen=True):
    """A complete read and where it is kept; `again`: an earlier message of the run made it."""

    snapshot: Snapshot
    mirror: str | None
    delta_link: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class SyncRunner:
    """Carries out runs of connections that are already leased.

    `time_budget`: how long one message may work before it hands over to a continuation.
    """

    reading: DirectoryReading
    destinations: Destinations
    mirrors: MirrorStore
    runs: RunStore
    changes: ChangeLog
    reviews: ReviewStore
    reports: ReportStore
    holding: Holding
    clock: Clock
    time_budget: timedelta

    async def carry_out(self, run: Run, lease: Lease, *, resumed: bool) -> Run:
        """Work on the run until it is done, held, or the time budget is used up.

        Returns the run `succeeded` or `partial`, committed and the lease released; or `held`, likewise; or
        still `running` with its place saved and the lease held. `resumed`: an earlier message worked on this
        run already.
        """
        work = Progress(self.runs, self.clock, run, lease)
        connection = lease.connection
        destination = self.destinations.open(connection)
        # Before the directory is read: a PSA that lets nobody in needs no plan.
        held = await destination.fields()
        staged = await self._staged(work, connection, resumed=resumed)
        contacts = await phases.read_contacts(destination, contacts_since(run, self.clock.now()), lease.keep)
        queue = await self.reviews.all(connection.id) if connection.reviews else {}
        plan = await phases.plan(staged.snapshot, contacts, connection.configuration, decisions(queue), held)
        known = staged.snapshot.users.keys()
        earlier: list[Change] = []
        if resumed:
            writes = await earlier_writes(self.changes, work, known, contacts, plan=plan, held=held)
            earlier, plan = writes.done, completing(plan, writes.made_for)
        work.planned(plan, earlier)
        if not await self._passes(work, plan, staged, connection):
            return work.run
        rejections = Rejections(self.changes, work)
        if resumed:
            await rejections.recall()
        if not await self._apply(work, rejections, plan.writes(), destination):
            await work.save()
            return work.run
        await self._log_noticed(work.run, plan, staged.snapshot, connection)
        reviews = await self._review(work.run, plan, queue)
        if connection.configuration.enrichments:
            report = make_report(staged.snapshot.users.values(), staged.snapshot.supplement, self.clock.now())
            await self.reports.save(connection.account_id, connection.id, report)
            await destination.publish(report)
        work.note(gaps=(*staged.snapshot.supplement.gaps, *destination.gaps))
        await self._commit(work, staged, plan, reviews)
        return work.run

    async def _staged(self, work: Progress, connection: Connection, *, resumed: bool) -> _Staged:
        """The read of this run: the one an earlier message staged, else a new one, staged if it must be."""
        run, lease = work.run, work.lease
        if run.stage is not None and run.stage.good_for(connection):
            snapshot = await self.mirrors.load(run.connection_id, run.stage.mirror)
            if snapshot is not None:
                return _Staged(snapshot, run.stage.mirror, run.stage.delta_link, again=True)
        configuration = connection.configuration
        reading = await self.reading.read(connection, configuration, run.kind, self.clock.now(), lease.keep)
        work.note(
            stage=None,
            read_mode=reading.mode,
            full_reason=reading.full_reason,
            graph_requests=run.graph_requests + reading.requests,
            gaps=reading.snapshot.supplement.gaps,
            configuration_version=connection.configuration_version,
        )
        staged = _Staged(reading.snapshot, connection.mirror, reading.delta_link)
        if reading.snapshot.changed or connection.mirror is None:
            written = await chunks_of(self.changes, run.id, WRITTEN) if resumed else 0
            return await self._stage(work, staged, connection, written)
        return staged

    async def _stage(self, work: Progress, staged: _Staged, connection: Connection, written: int) -> _Staged:
        """Make the read durable, so that a later message of this run goes on from it."""
        # Two workers never share a name, so one that lost its lease spoils nothing.
        name = f"{connection.fence:010d}{work.run.id}"
        mirror = await self.mirrors.save(work.run.connection_id, name, staged.snapshot)
        stage = Stage(
            mirror,
            staged.delta_link,
            connection.tenant_id,
            connection.mirror,
            connection.configuration_version,
            written,
        )
        work.note(stage=stage)
        await work.save()
        return msgspec.structs.replace(staged, mirror=mirror)

    @spanned("run.guard")
    async def _passes(self, work: Progress, plan: Plan, staged: _Staged, connection: Connection) -> bool:
        """Whether the plan may be carried out; where not, the run is held and the lease released."""
        stage = work.run.stage
        if staged.again and stage is not None and work.chunk > stage.written:
            # This is what is left of a plan that passed: there are writes since the read it was made of.
            return True
        broken = tripped(plan, connection.configuration.guard, connection.in_scope)
        digest = plan.digest() if broken or work.run.approved is not None else None
        work.note(guard=broken, digest=digest)
        if broken and work.run.approved != digest:
            if stage is None:
                await self._stage(work, staged, connection, work.chunk)
            await self.holding.hold(work, plan)
            return False
        if work.run.resumes:  # it may have been held before, or nearly
            await forget(self.changes, work.run.id, PLANNED)
        return True

    @spanned("run.apply")
    async def _apply(
        self, work: Progress, rejections: Rejections, plan: Sequence[Change], destination: Destination
    ) -> bool:
        """Write, batch by batch. False where a later message has to go on: the time budget ran out, or what
        was written told that fewer fields have a place than the plan was made for."""
        held, writes = await destination.fields(), rejections.untried(plan)
        start = step = 0
        while (start := start + step) < len(writes):
            # The first batch is always written: a run whose reading takes the whole budget moves on too.
            if start and work.elapsed >= self.time_budget.total_seconds():
                return False
            if start and await destination.fields() != held:
                return False
            step = destination.batch_size
            await work.lease.keep()
            batch = writes[start : start + step]
            await self.changes.put(work.run.id, chunk_name(WRITTEN, work.chunk), batch)
            work.chunk += 1
            rejected = await destination.apply(batch, work.run.id)
            work.wrote(await rejections.note(rejected, batch, work.chunk - 1))
            await work.save_if_due()
        return True

    async def _log_noticed(self, run: Run, plan: Plan, snapshot: Snapshot, connection: Connection) -> None:
        """Log whom this read left out and why; the others were logged by the run that read them, or that
        went by this configuration first."""
        same = connection.applied_version in (None, connection.configuration_version)
        touched = snapshot.touched if same else None
        noticed = [
            change
            for change in plan.changes
            if not change.writes and (touched is None or change.object_id in touched)
        ]
        if run.resumes:
            await forget(self.changes, run.id, NOTICED)
        await log_lines(self.changes, run.id, NOTICED, noticed)

    async def _review(self, run: Run, plan: Plan, queue: Mapping[str, Review]) -> Mapping[str, Review]:
        """Put who could not be matched into the review queue; returns the queue."""
        written, gone = reviewed(queue, plan.changes, run.id, self.clock.now())
        if not written and not gone:
            return queue
        # What was decided while this run was writing stays; the next run goes by it.
        latest = await self.reviews.all(run.connection_id)
        fresh = {key for key, review in latest.items() if review.decision and review != queue.get(key)}
        written = [review for review in written if review.object_id not in fresh]
        gone = [object_id for object_id in gone if object_id not in fresh]
        if written:
            await self.reviews.save(run.connection_id, written)
        if gone:
            await self.reviews.remove(run.connection_id, gone)
        latest |= {review.object_id: review for review in written}
        return {object_id: review for object_id, review in latest.items() if object_id not in gone}

    @spanned("run.commit")
    async def _commit(
        self, work: Progress, staged: _Staged, plan: Plan, reviews: Mapping[str, Review]
    ) -> None:
        now = self.clock.now()
        held = work.lease.connection.held_run

        def committed(connection: Connection) -> Connection:
            full = work.run.read_mode is ReadMode.FULL
            return msgspec.structs.replace(
                connection,
                delta_link=staged.delta_link,
                mirror=staged.mirror,
                full_read_at=now if full else connection.full_read_at,
                read_at=now,
                synced_at=now,
                last_run=work.run.id,
                current_run=None,
                held_run=None,
                in_scope=plan.in_scope,
                applied_version=work.run.configuration_version,
                confirm_absence=plan.unsure > 0,
                reviews=len(reviews),
                trouble=None,
                gaps=work.run.gaps,
            )

        if held is not None:
            await self.holding.supersede(held, work.run.id)  # before its name is forgotten
        await work.lease.release(committed)
        if work.run.stage is not None:
            await self.mirrors.prune(work.run.connection_id, staged.mirror)
        # Not only those that this message wrote down: an earlier one of the run may have been cut short.
        opened = sum(1 for review in reviews.values() if review.run_id == work.run.id)
        work.run = ended(work.run, work.outcome, now, opened=opened)
        await work.save()
