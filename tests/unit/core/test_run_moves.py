"""What a run tells of itself."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.guard import GuardRule, Tripped
from shared.core.run import Counts, Run, RunError, RunKind, RunState, Trigger
from shared.core.run_moves import approved, ended, held

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUN = Run("run_1", "acc", "c-1", "c0", RunKind.SYNC, Trigger.SCHEDULE, NOW, NOW, RunState.RUNNING)
ERROR = RunError("consent_revoked", "title", "detail", "customer_admin")


def run(**changes: object) -> Run:
    return msgspec.structs.replace(RUN, **changes)


@pytest.mark.parametrize(
    ("before", "state", "opened", "told"),
    [
        (run(), "succeeded", 0, []),
        (run(applied=1), "succeeded", 0, ["run.completed"]),
        (run(), "partial", 0, ["run.completed"]),
        (run(), "succeeded", 2, ["review.opened", "run.completed"]),
        (run(trigger=Trigger.API), "succeeded", 0, ["run.completed"]),
        (run(trigger=Trigger.PORTAL), "succeeded", 0, ["run.completed"]),
        (run(), "failed", 0, ["run.failed"]),
        (run(), "canceled", 0, ["run.canceled"]),
    ],
)
def test_the_end_is_told_unless_nobody_asked_and_nothing_came_of_it(
    before: Run, state: str, opened: int, told: list[str]
) -> None:
    """A scheduled run that found nothing to do is no event."""
    over = ended(before, RunState(state), NOW, opened=opened)
    assert [notice.type.value for notice in over.notices] == told
    assert (over.state, over.finished_at, over.updated_at) == (RunState(state), NOW, NOW)


def test_the_outcome_is_told_in_codes_and_counts() -> None:
    """What came of it, or why nothing did."""
    done = ended(run(applied=3, counts=Counts(users_read=3, created=3)), RunState.SUCCEEDED, NOW)
    data = done.notices[0].data
    assert (data["kind"], data["trigger"], data["state"]) == ("sync", "schedule", "succeeded")
    assert isinstance(data["counts"], dict)
    assert data["counts"]["created"] == 3
    failed = ended(RUN, RunState.FAILED, NOW, ERROR)
    assert failed.notices[0].data == {
        "kind": "sync",
        "trigger": "schedule",
        "code": "consent_revoked",
        "actor": "customer_admin",
    }
    assert failed.error == ERROR


def test_a_run_that_is_held_twice_tells_it_twice() -> None:
    """Each hold, each approval and the end have numbers of their own."""
    broken = run(guard=(Tripped(GuardRule.DEACTIVATIONS, 5, 6, 50),), digest="d1")
    until = NOW + timedelta(days=3)
    waiting = held(broken, until, NOW)
    assert (waiting.state, waiting.held_until) == (RunState.HELD, until)
    going_on = approved(waiting, "d1", NOW)
    assert (going_on.state, going_on.approved, going_on.approved_at) == (RunState.RUNNING, "d1", NOW)
    again = held(msgspec.structs.replace(going_on, digest="d2"), until, NOW)
    over = ended(again, RunState.CANCELED, NOW, ERROR)
    assert [(n.number, n.type.value, n.data.get("digest")) for n in over.notices] == [
        (1, "run.held", "d1"),
        (2, "run.approved", "d1"),
        (3, "run.held", "d2"),
        (4, "run.canceled", None),
    ]
    assert over.notices[0].data["rules"] == ["guard.deactivations"]
