"""One message's work on one run: the run as it stands, and what is written so far."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from shared.core.changes import USER_WRITES, Change, ChangeKind, Rejection
from shared.core.errors import LeaseLost
from shared.core.planning import Plan
from shared.core.run import Run, RunState, counts, skipped_by_reason
from shared.ports import Clock, RunStore
from shared.services.leases import Lease

_SAVE_EVERY = 1.0  # seconds between two saves of a run's progress


class Progress:
    """Keeps the run's record true while it is carried out."""

    def __init__(self, runs: RunStore, clock: Clock, run: Run, lease: Lease) -> None:
        """`run`: as the message found it; `lease`: of its connection."""
        self._runs, self._clock = runs, clock
        self.run, self.lease, self._stored = run, lease, run
        self.chunk = 0
        self._plan, self._planned = Plan(0, 0, ()), Counter[ChangeKind]()
        self._done, self._earlier, self._failed = Counter[ChangeKind](), 0, Counter[bool]()
        self._began = self._saved_at = clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since this message began."""
        return self._clock.monotonic() - self._began

    def note(self, **what: object) -> None:
        """Change the record; `save` makes it durable."""
        self.run = msgspec.structs.replace(self.run, **what)

    def planned(self, plan: Plan, earlier: Sequence[Change]) -> None:
        """What is to be written, and what earlier messages of this run wrote."""
        users = sum(1 for change in earlier if change.kind in USER_WRITES)
        self._plan, self._planned, self._earlier = plan, plan.counts(), users
        self.note(planned=len(plan.writes()) + len(earlier), skipped_by_reason=skipped_by_reason(plan))
        self.wrote(earlier)

    def wrote(self, batch: Sequence[Change]) -> None:
        """The batch is durable."""
        self._done.update(change.kind for change in batch)
        self._count()

    def failed(self, rejections: Sequence[Rejection]) -> None:
        """The destination did not take these, and will not in this run."""
        self._failed.update(rejection.change.kind is ChangeKind.DEACTIVATE for rejection in rejections)
        self._count()

    @property
    def outcome(self) -> RunState:
        """How the run ends, when it ends now."""
        return RunState.PARTIAL if self._failed.total() else RunState.SUCCEEDED

    def _count(self) -> None:
        self.note(
            applied=self._done.total(),
            counts=counts(
                self._plan,
                self._planned,
                self._done,
                earlier=self._earlier,
                failed=self._failed[False],
                not_deactivated=self._failed[True],
            ),
        )

    async def save_if_due(self) -> None:
        """Make the record durable every other moment."""
        if self._clock.monotonic() - self._saved_at >= _SAVE_EVERY:
            await self.save()

    async def save(self) -> None:
        """Make the record durable. Raises LeaseLost where somebody else ended the run, or holds it."""
        self._saved_at = self._clock.monotonic()
        self.note(updated_at=self._clock.now(), seconds=round(self.run.seconds + self.lease.lap(), 3))
        while not await self._runs.swap(self._stored, self.run):
            found = await self._runs.get(self.run.id)
            if found == self.run:
                break  # written, but the answer was lost
            if found is None or found.state is not RunState.RUNNING:
                raise LeaseLost
            self._stored = found
        self._stored = self.run
