"""One run: read directory → read contacts → plan → apply → commit, under a lease.

The same code carries out the scheduled run, the one on demand and the first import. A run that is killed at
any point and delivered again ends in the same state: the read is staged before the first write, what is
about to be written is in the change log before it is written, and the connection's delta link and mirror
advance last, in one write.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.changes import Change, ChangeKind
from shared.core.connection import Connection
from shared.core.mirror import Snapshot
from shared.core.models import Contact
from shared.core.planning import Plan, make_plan
from shared.core.run import ReadMode, Run, RunState, Stage, counts, skipped_by_reason
from shared.ports import ChangeLog, Clock, Destination, Destinations, MirrorStore, RunStore
from shared.services.leases import Lease
from shared.services.reading import DirectoryReading

_PROGRESS_EVERY = 1.0  # seconds between two saves of a run's progress
_CHUNK = 200  # changes per chunk of the change log
# Chunks sort by name: what was written comes before what was only noticed.
_WRITTEN, _NOTICED = "1-written", "2-noticed"


class _Staged(msgspec.Struct, frozen=True):
    """A complete read and where it is kept."""

    snapshot: Snapshot
    mirror: str | None
    delta_link: str


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
    clock: Clock
    time_budget: timedelta

    async def carry_out(self, run: Run, lease: Lease, *, resumed: bool) -> Run:
        """Work on the run until it is done or the time budget is used up.

        Returns the run `succeeded`, committed and the lease released, or still `running` with its place
        saved and the lease held. `resumed`: an earlier message worked on this run already.
        """
        work = _Work(self, run, lease)
        staged = await self._staged(work)
        connection = lease.connection
        destination = self.destinations.open(connection)
        contacts = await _contacts(destination, lease)
        plan = await asyncio.to_thread(_plan, staged.snapshot, contacts, connection)
        earlier = await self._earlier_writes(work, staged.snapshot, contacts, plan) if resumed else []
        work.planned(plan, earlier)
        if not await self._apply(work, plan.writes(), destination):
            await work.save()
            return work.run
        await self._log_noticed(work.run, plan, staged.snapshot)
        await self._commit(work, staged)
        return work.run

    async def _staged(self, work: "_Work") -> _Staged:
        """The read of this run: the one an earlier message staged, else a new one, staged if it must be."""
        run, lease = work.run, work.lease
        if run.stage is not None and run.stage.good_for(lease.connection):
            snapshot = await self.mirrors.load(run.connection_id, run.stage.mirror)
            if snapshot is not None:
                return _Staged(snapshot, run.stage.mirror, run.stage.delta_link)
        reading = await self.reading.read(lease.connection, run.kind, self.clock.now(), lease.keep)
        before = lease.connection
        work.run = run = msgspec.structs.replace(
            run,
            stage=None,
            read_mode=reading.mode,
            full_reason=reading.full_reason,
            graph_requests=run.graph_requests + reading.requests,
        )
        if not reading.snapshot.changed and before.mirror is not None:
            return _Staged(reading.snapshot, before.mirror, reading.delta_link)
        # Two workers never share a name, so one that lost its lease spoils nothing.
        name = f"{before.fence:010d}{run.id}"
        mirror = await self.mirrors.save(run.connection_id, name, reading.snapshot)
        stage = Stage(mirror, reading.delta_link, before.tenant_id, before.mirror)
        work.run = msgspec.structs.replace(run, stage=stage)
        await work.save()
        return _Staged(reading.snapshot, mirror, reading.delta_link)

    async def _earlier_writes(
        self, work: "_Work", snapshot: Snapshot, contacts: Sequence[Contact], plan: Plan
    ) -> list[Change]:
        """What earlier messages of this run wrote, as far as the plan finds it unchanged.

        A change is logged before it is written, so whatever the new plan still wants to write was not:
        it leaves the log and is written, and logged, once more. Where the directory was read again and
        has moved on, a line stays if the contact shows what it says.
        """
        settled = snapshot.users.keys() - {change.object_id for change in plan.changes}
        pending = {change.object_id for change in plan.writes()}
        linked = {contact.object_id: contact.fields for contact in contacts}
        earlier: list[Change] = []
        async for chunk, logged in self.changes.chunks(work.run.id):
            if not chunk.startswith(_WRITTEN):
                continue
            work.chunk = int(chunk.removeprefix(_WRITTEN + "-")) + 1
            done = [
                change
                for change in logged
                if change.object_id in settled
                or (change.object_id not in pending and linked.get(change.object_id) == change.fields)
            ]
            if len(done) != len(logged):
                # Whoever took over may have written them since this worker read the contacts.
                await work.lease.keep()
                await self.changes.put(work.run.id, chunk, done)
            earlier += [change for change in done if change.object_id in settled]
        return earlier

    async def _apply(self, work: "_Work", writes: Sequence[Change], destination: Destination) -> bool:
        """Write, batch by batch. False when the time budget ran out before the end."""
        step = destination.batch_size
        for start in range(0, len(writes), step):
            # The first batch is always written: a run whose reading takes the whole budget moves on too.
            if start and work.elapsed >= self.time_budget.total_seconds():
                return False
            await work.lease.keep()
            batch = writes[start : start + step]
            await self.changes.put(work.run.id, f"{_WRITTEN}-{work.chunk:06d}", batch)
            work.chunk += 1
            await destination.apply(batch, work.run.id)
            work.wrote(batch)
            await work.save_if_due()
        return True

    async def _log_noticed(self, run: Run, plan: Plan, snapshot: Snapshot) -> None:
        """Log whom this read left out and why; the others were logged by the run that read them."""
        touched = snapshot.touched
        noticed = [
            change
            for change in plan.changes
            if not change.writes and (touched is None or change.object_id in touched)
        ]
        for number, start in enumerate(range(0, len(noticed), _CHUNK)):
            await self.changes.put(run.id, f"{_NOTICED}-{number:06d}", noticed[start : start + _CHUNK])

    async def _commit(self, work: "_Work", staged: _Staged) -> None:
        now = self.clock.now()

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
            )

        await work.lease.release(committed)
        if work.run.stage is not None:
            await self.mirrors.prune(work.run.connection_id, staged.mirror)
        work.run = msgspec.structs.replace(
            work.run, state=RunState.SUCCEEDED, finished_at=now, stage=None, error=None
        )
        await work.save()


class _Work:
    """One message's work on one run: the run as it stands, and what is written so far."""

    def __init__(self, parts: SyncRunner, run: Run, lease: Lease) -> None:
        self._runs, self._clock = parts.runs, parts.clock
        self.run, self.lease = run, lease
        self.chunk = 0
        self._plan, self._planned = Plan(0, 0, ()), Counter[ChangeKind]()
        self._done, self._earlier = Counter[ChangeKind](), 0
        self._began = clock_at = parts.clock.monotonic()
        self._saved_at = clock_at
        self._seconds_before = run.seconds

    @property
    def elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def planned(self, plan: Plan, earlier: Sequence[Change]) -> None:
        self._plan, self._planned, self._earlier = plan, plan.counts(), len(earlier)
        self.run = msgspec.structs.replace(
            self.run,
            planned=len(plan.writes()) + len(earlier),
            skipped_by_reason=skipped_by_reason(plan),
        )
        self.wrote(earlier)

    def wrote(self, batch: Sequence[Change]) -> None:
        self._done.update(change.kind for change in batch)
        self.run = msgspec.structs.replace(
            self.run,
            applied=self._done.total(),
            counts=counts(self._plan, self._planned, self._done, earlier=self._earlier),
        )

    async def save_if_due(self) -> None:
        if self._clock.monotonic() - self._saved_at >= _PROGRESS_EVERY:
            await self.save()

    async def save(self) -> None:
        self._saved_at = self._clock.monotonic()
        self.run = msgspec.structs.replace(
            self.run,
            updated_at=self._clock.now(),
            seconds=round(self._seconds_before + self.elapsed, 3),
        )
        await self._runs.save(self.run)


async def _contacts(destination: Destination, lease: Lease) -> list[Contact]:
    contacts: list[Contact] = []
    async for page in destination.contacts():
        contacts += page
        await lease.keep()
    return contacts


def _plan(snapshot: Snapshot, contacts: list[Contact], connection: Connection) -> Plan:
    return make_plan(snapshot.users.values(), snapshot.departed, contacts, connection.configuration)
