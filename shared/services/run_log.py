"""Tells telemetry what becomes of runs: when they begin, are held, and end, whatever way."""

import logging

from shared.core import run_facts
from shared.core.run import Run, RunState
from shared.logs import log_event
from shared.ports import Clock, ContactStores, RunStore
from shared.telemetry import metrics

_REMEMBERED = 600.0  # seconds for which an account's destination is not looked up again
_MOST_REMEMBERED = 10_000


class RunLog:
    """One per process."""

    def __init__(self, runs: RunStore, destinations: ContactStores, clock: Clock) -> None:
        """`destinations`: know where an account's contacts live."""
        self._runs, self._destinations, self._clock = runs, destinations, clock
        self._kinds: dict[str, tuple[str, float]] = {}

    async def destination(self, run: Run) -> str | None:
        """Where the run's contacts live, as it was within the last minutes; None where that is not known.

        To be asked before the run's end is written down: nothing may come between that and telling of it.
        """
        now = self._clock.monotonic()
        kind, until = self._kinds.get(run.account_id, (None, now))
        if until > now:
            return kind
        try:
            kind = (await self._destinations.of(run.account_id)).kind
        except Exception:  # noqa: BLE001 - no run is to fail for what is told of it
            return None
        if len(self._kinds) >= _MOST_REMEMBERED:
            self._kinds.clear()
        self._kinds[run.account_id] = (kind, now + _REMEMBERED)
        return kind

    def tell(self, before: Run | None, after: Run, destination: str | None = None) -> None:
        """What was written down of a run. `before`: None where the run is new."""
        if run_facts.has_started(before, after):
            log_event("run.started", run_facts.ids(after) | run_facts.started(after))
        elif before is not None and run_facts.is_held(before, after):
            _log_held(after)
        elif before is not None and run_facts.has_ended(before, after):
            _log_finished(after, destination)
            metrics.run_ended(after, destination)

    async def tell_again(self, run_id: str) -> None:
        """What may be untold of a run whose message comes again: somebody may have died before telling it."""
        run = await self._runs.get(run_id)
        if run is None:
            return
        if run.state is RunState.HELD:
            _log_held(run)
        elif run.state.ended:
            _log_finished(run, await self.destination(run))


def _log_held(run: Run) -> None:
    log_event("run.held", run_facts.ids(run) | run_facts.held(run))


def _log_finished(run: Run, destination: str | None) -> None:
    level = logging.WARNING if run.state is RunState.FAILED else logging.INFO
    log_event("run.finished", run_facts.ids(run) | run_facts.finished(run, destination), level)
