"""What telemetry is told of a run: ids, codes, counts and durations."""

from datetime import datetime

from shared.core.run import Run, RunState, asked_for_at

Facts = dict[str, str | int | float | None]


def ids(run: Run) -> Facts:
    """Whose run it is."""
    return {
        "run": run.id,
        "account": run.account_id,
        "customer": run.customer_id,
        "connection": run.connection_id,
    }


def has_started(before: Run | None, after: Run) -> bool:
    """Whether the first message of the run was taken up. `before`: None where the run is new."""
    return after.state is RunState.RUNNING and (before is None or before.state is RunState.QUEUED)


def is_held(before: Run, after: Run) -> bool:
    """Whether the run was put on hold."""
    return after.state is RunState.HELD and before.state is not RunState.HELD


def has_ended(before: Run, after: Run) -> bool:
    """Whether the run came to its end."""
    return after.state.ended and not before.state.ended


def started(run: Run) -> Facts:
    """What is told when a run is taken up."""
    return {
        "kind": run.kind.value,
        "trigger": run.trigger.value,
        "queued_seconds": _seconds_since(asked_for_at(run.id) or run.created_at, run.started_at),
    }


def held(run: Run) -> Facts:
    """What is told when a run waits for a person: the guard's rules that it broke."""
    return {"reasons": ",".join(broken.rule.value for broken in run.guard)}


def finished(run: Run, destination: str | None) -> Facts:
    """What is told when a run ends. `failed`: whatever the destination did not take."""
    counts = run.counts
    return {
        "kind": run.kind.value,
        "trigger": run.trigger.value,
        "destination": destination,
        "outcome": run.state.value,
        "code": None if run.error is None else run.error.code,
        "actor": None if run.error is None else run.error.actor,
        "mode": None if run.read_mode is None else run.read_mode.value,
        "seconds": run.seconds,
        "users": counts.users_read,
        "created": counts.created,
        "updated": counts.updated,
        "linked": counts.linked,
        "moved": counts.moved,
        "deactivated": counts.deactivated,
        "reactivated": counts.reactivated,
        "skipped": counts.skipped,
        "conflicts": counts.conflicts,
        "failed": counts.failed + counts.not_deactivated,
        "graph_requests": run.graph_requests,
        "resumes": run.resumes,
    }


def _seconds_since(moment: datetime, now: datetime | None) -> float:
    return 0.0 if now is None else max(round((now - moment).total_seconds(), 3), 0.0)
