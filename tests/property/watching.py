"""Stores that notice at once when something happens to them that must never happen."""

from collections.abc import Sequence

from shared.core.changes import Change, Rejection
from shared.core.connection import Connection
from shared.core.run import Run, RunKind, RunState
from tests.fakes import FakeClock, FakeContactStore, FakeDestination, FakeRunStore

_ENDS = {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED}
MOVES: dict[RunState | None, set[RunState]] = {
    None: {RunState.QUEUED, RunState.RUNNING},
    RunState.QUEUED: {RunState.QUEUED, RunState.RUNNING, RunState.CANCELED},
    RunState.RUNNING: {RunState.RUNNING, RunState.HELD, *_ENDS},
    RunState.HELD: {RunState.RUNNING, RunState.CANCELED},
    **{state: {state} for state in _ENDS},
}


class WatchedRuns(FakeRunStore):
    """`wrong_moves`: what the state machine of runs does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong_moves: list[tuple[RunState | None, RunState]] = []
        self._ended: dict[str, Run] = {}

    async def save(self, run: Run) -> None:
        before = await self.get(run.id)
        state = None if before is None else before.state
        if run.state not in MOVES[state]:
            self.wrong_moves.append((state, run.state))
        if run.state.ended:
            self._ended[run.id] = run
        await super().save(run)

    def newly_ended(self) -> list[Run]:
        """Runs that ended since somebody last asked."""
        ended, self._ended = list(self._ended.values()), {}
        return ended


class WatchedContacts(FakeContactStore):
    """`wrong_writes`: runs that wrote although they are held, or show only what they would do."""

    def __init__(self, clock: FakeClock, runs: WatchedRuns, *, batch_size: int) -> None:
        super().__init__(clock, batch_size=batch_size)
        self._runs = runs
        self.wrong_writes: list[str] = []

    def open(self, connection: Connection, *, looking: bool = False) -> FakeDestination:
        return _WatchedDestination(self, connection)

    async def note(self, run_id: str) -> None:
        run = await self._runs.get(run_id)
        if run is None or run.kind is RunKind.PREVIEW or run.state in {RunState.HELD, RunState.QUEUED}:
            self.wrong_writes.append(run_id)

    def delete_by_hand(self, connection_id: str, contact_id: str) -> None:
        """A technician deletes a contact in the PSA."""
        del self._contacts[connection_id][contact_id]


class _WatchedDestination(FakeDestination):
    def __init__(self, store: WatchedContacts, connection: Connection) -> None:
        super().__init__(store, connection)
        self._watched = store

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        await self._watched.note(run_id)
        return await super().apply(changes, run_id)
