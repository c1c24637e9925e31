"""The review queue: who comes in, who goes, and what stays decided."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.changes import Change, ChangeKind
from shared.core.reviews import Decision, Review, ReviewAction, decisions, reviewed

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = NOON - timedelta(days=1)
CONFLICT = Change(ChangeKind.CONFLICT, "ada", "Ada", "c1", reason="match.multiple_contacts")
OPEN = Review("ada", "Ada", "match.multiple_contacts", "run-1", BEFORE, "c1")


def decided(action: ReviewAction) -> Review:
    return Review(
        "ada", "Ada", "match.multiple_contacts", "run-1", BEFORE, "c1", Decision(action, "c1"), BEFORE
    )


def test_whoever_is_in_conflict_is_in_the_queue() -> None:
    """With the reason, the contact in question and the run that found it."""
    written, gone = reviewed({}, [CONFLICT], "run-2", NOON)
    assert written == [Review("ada", "Ada", "match.multiple_contacts", "run-2", NOON, "c1")]
    assert gone == []


@pytest.mark.parametrize("kind", sorted(set(ChangeKind) - {ChangeKind.CONFLICT}))
def test_no_other_line_of_a_plan_is_for_the_queue(kind: ChangeKind) -> None:
    """Nobody has to decide about it."""
    assert reviewed({}, [Change(kind, "ada", "Ada")], "run-2", NOON) == ([], [])


def test_an_open_review_of_the_same_conflict_stays_as_it_is() -> None:
    """It keeps the run that found it and its place in the queue."""
    assert reviewed({"ada": OPEN}, [CONFLICT], "run-2", NOON) == ([], [])


@pytest.mark.parametrize(
    "change",
    [
        Change(ChangeKind.CONFLICT, "ada", "Ada", "c1", reason="match.email_shared_by_users"),
        Change(ChangeKind.CONFLICT, "ada", "Ada", "c2", reason="match.multiple_contacts"),
        Change(ChangeKind.CONFLICT, "ada", "Ada", None, reason="match.multiple_contacts"),
        Change(ChangeKind.CONFLICT, "ada", "Ada Byron", "c1", reason="match.multiple_contacts"),
    ],
    ids=["reason", "contact", "no contact", "name"],
)
def test_an_open_review_follows_its_conflict(change: Change) -> None:
    """Another reason, contact or name is news."""
    written, gone = reviewed({"ada": OPEN}, [change], "run-2", NOON)
    assert written == [Review("ada", change.name, change.reason or "", "run-2", NOON, change.contact_id)]
    assert gone == []


def test_an_open_review_whose_conflict_is_gone_leaves_the_queue() -> None:
    """It was settled in the directory or in the PSA."""
    assert reviewed({"ada": OPEN, "bob": OPEN}, [CONFLICT], "run-2", NOON) == ([], ["bob"])


@pytest.mark.parametrize(
    ("action", "stays"),
    [(ReviewAction.LINK, False), (ReviewAction.CREATE, True), (ReviewAction.DISMISS, True)],
)
def test_a_decision_stays_for_as_long_as_it_is_needed(action: ReviewAction, stays: bool) -> None:
    """A link is on the contact once it is carried out; the others must be remembered."""
    assert reviewed({"ada": decided(action)}, [], "run-2", NOON) == ([], [] if stays else ["ada"])


@pytest.mark.parametrize("action", list(ReviewAction))
def test_a_decision_that_settled_nothing_is_asked_for_again(action: ReviewAction) -> None:
    """Also where the conflict is just the same."""
    written, gone = reviewed({"ada": decided(action)}, [CONFLICT], "run-2", NOON)
    assert written == [Review("ada", "Ada", "match.multiple_contacts", "run-2", NOON, "c1")]
    assert gone == []


def test_only_what_was_decided_is_a_decision() -> None:
    """Open reviews say nothing."""
    link = decided(ReviewAction.LINK)
    assert decisions({"ada": link, "bob": OPEN}) == {"ada": Decision(ReviewAction.LINK, "c1")}
