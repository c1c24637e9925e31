"""The review queue: people who could not be matched without guessing, and what a technician decided."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from shared.core.changes import Change, ChangeKind


class ReviewAction(StrEnum):
    """What a technician may decide: it is this contact, it needs a contact of its own, or leave it out."""

    LINK = "link"
    CREATE = "create"
    DISMISS = "dismiss"


class Decision(msgspec.Struct, frozen=True):
    """What is to become of one user; `contact_id` names the contact of a link."""

    action: ReviewAction
    contact_id: str | None = None


class Review(msgspec.Struct, frozen=True):
    """One user in the queue; open until there is a decision, or until the conflict is gone by itself.

    `reason` is a `ConflictReason`; `contact_id` the contact in question, where there is one.
    """

    object_id: str
    name: str
    reason: str
    run_id: str
    opened_at: datetime
    contact_id: str | None = None
    decision: Decision | None = None
    decided_at: datetime | None = None


NO_DECISIONS: Mapping[str, Decision] = {}


def reviewed(
    before: Mapping[str, Review], changes: Iterable[Change], run_id: str, now: datetime
) -> tuple[list[Review], list[str]]:
    """The reviews to write, and the object ids of those to remove, after a run that planned `changes`.

    Whoever is in conflict is in the queue. A review of somebody who no longer is leaves it if it was open, or
    if a link was decided, for then the contact has it; the other decisions stay, or the next run would ask
    again.
    """
    conflicts = {change.object_id: change for change in changes if change.kind is ChangeKind.CONFLICT}
    written = [
        Review(object_id, change.name, change.reason or "", run_id, now, change.contact_id)
        for object_id, change in conflicts.items()
        if _news(before.get(object_id), change)
    ]
    gone = [
        object_id for object_id, review in before.items() if object_id not in conflicts and _settled(review)
    ]
    return written, gone


def _settled(review: Review) -> bool:
    return review.decision is None or review.decision.action is ReviewAction.LINK


def _news(review: Review | None, change: Change) -> bool:
    return (
        review is None
        or review.decision is not None  # what was decided did not settle it
        or (review.reason, review.contact_id, review.name) != (change.reason, change.contact_id, change.name)
    )


def decisions(queue: Mapping[str, Review]) -> dict[str, Decision]:
    """What technicians decided, by object id."""
    return {key: review.decision for key, review in queue.items() if review.decision is not None}
