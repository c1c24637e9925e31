"""What goes over the wire: runs and their changes."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.core.changes import ChangeKind
from shared.core.errors import Actor
from shared.core.explanation import StepName, StepResult
from shared.core.guard import GuardRule
from shared.core.run import FullReason, ReadMode, RunKind, RunState, Trigger
from shared.core.text import clean
from shared.web.api.schemas import ReasonShown, Sent, Shown, Timestamp
from shared.web.lines import LineStatus


def _one_line(text: str) -> str:
    name = text.strip(" ")
    if not name or clean(name) != name:
        raise PydanticCustomError("user", "Input should be an object id, a user principal name or an address")
    return name


class RunSent(Sent):
    """What kind of run is asked for.

    `user`: whom a run of the kind user is about, by object id, user principal name or address.
    `configuration`: a merge patch that a preview tries out; nothing of it is kept.
    """

    kind: Annotated[RunKind, Field(strict=False)] = RunKind.SYNC
    user: Annotated[str, Field(min_length=1, max_length=320), AfterValidator(_one_line)] | None = None
    configuration: dict[str, Any] | None = None


class ApproveSent(Sent):
    """The plan that somebody looked at."""

    digest: Annotated[str, Field(min_length=1, max_length=128)]


class CountsShown(Shown):
    """What became of everybody who was read; of a preview, what would."""

    users_read: int
    in_scope: int
    created: int
    linked: int
    updated: int
    moved: int
    reactivated: int
    unchanged: int
    skipped: int
    conflicts: int
    deactivated: int
    kept: int
    failed: int
    not_deactivated: int


class TrippedShown(Shown):
    """A rule of the guard that the plan broke: `actual` exceeds `limit`, which follows from `baseline`."""

    rule: GuardRule
    limit: int
    actual: int
    baseline: int
    text: str


class ClauseShown(Shown):
    """A condition of the scope, and whether the user meets it."""

    reason: str
    met: bool


class StepShown(Shown):
    """One step of a one-user run."""

    step: StepName
    result: StepResult
    detail: str
    clauses: list[ClauseShown]


class GapShown(Shown):
    """An enrichment that could not be read, who can change that, and how."""

    enrichment: str
    code: str
    title: str
    detail: str
    actor: Actor
    permanent: bool


class RunShown(Shown):
    """One run. `waits_for`: who must act on a held one, and how."""

    id: str
    customer_id: str
    connection_id: str
    kind: RunKind
    trigger: Trigger
    user: str | None
    state: RunState
    waits_for: ReasonShown | None
    held_until: Timestamp | None
    guard: list[TrippedShown]
    digest: str | None
    approved: bool
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    updated_at: Timestamp
    read_mode: ReadMode | None
    full_reason: FullReason | None
    configuration_version: int | None
    planned: int
    applied: int
    counts: CountsShown
    skipped_by_reason: dict[str, int]
    steps: list[StepShown]
    gaps: list[GapShown]
    graph_requests: int
    seconds: float
    resumes: int
    error: ReasonShown | None


class StartedRunShown(RunShown):
    """The run that was asked for; `coalesced` when it was under way already."""

    coalesced: bool


class ModifiedShown(Shown):
    """One field with its old and its new value."""

    field: str
    old: str
    new: str


class ChangeShown(Shown):
    """What a run did, or would do, for one person, or why nothing. `detail`: what the PSA said of a change
    that it did not take."""

    status: LineStatus
    kind: ChangeKind
    reason: str | None
    name: str
    object_id: str
    contact_id: str | None
    linked: bool
    detail: str
    modified: list[ModifiedShown]
