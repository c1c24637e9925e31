"""The moves of a run that people wait for, each with the notice that goes with it.

A scheduled run that found nothing to do is no news: nobody asked for it, and telling of it would cost a call
for every customer twice a day.
"""

from datetime import datetime

import msgspec

from shared.core.events import EventType, Facts, Notice
from shared.core.run import Run, RunError, RunState, Trigger

_TYPES = {RunState.FAILED: EventType.RUN_FAILED, RunState.CANCELED: EventType.RUN_CANCELED}


def held(run: Run, until: datetime, now: datetime) -> Run:
    """The guard held the run, for a person to look at until then."""
    rules = [broken.rule.value for broken in run.guard]
    waiting = msgspec.structs.replace(run, state=RunState.HELD, held_until=until, error=None)
    return _noticed(
        waiting, now, EventType.RUN_HELD, {"kind": run.kind.value, "rules": rules, "digest": run.digest}
    )


def approved(run: Run, digest: str, now: datetime) -> Run:
    """Somebody let the held run carry out the plan with the digest."""
    going_on = msgspec.structs.replace(
        run, state=RunState.RUNNING, approved=digest, approved_at=now, held_until=None, updated_at=now
    )
    return _noticed(going_on, now, EventType.RUN_APPROVED, {"kind": run.kind.value, "digest": digest})


def ended(run: Run, state: RunState, now: datetime, error: RunError | None = None, *, opened: int = 0) -> Run:
    """The run came to its end. `opened`: how many people it put into the review queue."""
    over = msgspec.structs.replace(run, state=state, error=error, finished_at=now, updated_at=now, stage=None)
    if opened:
        over = _noticed(over, now, EventType.REVIEW_OPENED, {"opened": opened})
    if _quiet(over, opened):
        return over
    return _noticed(over, now, _TYPES.get(state, EventType.RUN_COMPLETED), _outcome(over))


def _quiet(run: Run, opened: int) -> bool:
    nothing_done = run.state is RunState.SUCCEEDED and not run.applied and not opened
    return run.trigger is Trigger.SCHEDULE and nothing_done


def _outcome(run: Run) -> Facts:
    facts: Facts = {"kind": run.kind.value, "trigger": run.trigger.value}
    if run.state.done:
        counts: dict[str, int] = msgspec.structs.asdict(run.counts)
        return facts | {"state": run.state.value, "counts": counts}
    if run.error is not None:
        facts |= {"code": run.error.code, "actor": run.error.actor}
    return facts


def _noticed(run: Run, now: datetime, kind: EventType, data: Facts) -> Run:
    notice = Notice(len(run.notices) + 1, kind, now, data)
    return msgspec.structs.replace(run, notices=(*run.notices, notice))
