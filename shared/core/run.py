"""A run, its identifiers and its counts."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.changes import ChangeKind
from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.events import Notice
from shared.core.explanation import Step
from shared.core.guard import Tripped
from shared.core.planning import Plan
from shared.core.supplement import Gap

_CUSTOMER_LENGTH = 16
_LATEST = 10**13 - 1  # milliseconds; ids count down from here so that the newest run comes first


class RunState(StrEnum):
    """Where a run stands; `partial` is done, but the destination did not take all of it."""

    QUEUED = "queued"
    RUNNING = "running"
    HELD = "held"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        """Terminal states never change."""
        return self in {RunState.SUCCEEDED, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED}

    @property
    def done(self) -> bool:
        """The run came to its end and committed."""
        return self in {RunState.SUCCEEDED, RunState.PARTIAL}


class RunKind(StrEnum):
    """`sync` follows the delta link where there is one; `full` reads the whole directory; `preview` shows the
    plan and writes nothing; `user` carries out one person's line of the plan and explains it."""

    SYNC = "sync"
    FULL = "full"
    PREVIEW = "preview"
    USER = "user"

    @property
    def commits(self) -> bool:
        """Whether the run moves the connection's place in the directory."""
        return self in {RunKind.SYNC, RunKind.FULL}


class Trigger(StrEnum):
    """What started a run."""

    SCHEDULE = "schedule"
    API = "api"
    PORTAL = "portal"


class ReadMode(StrEnum):
    """How the directory was read."""

    FULL = "full"
    DELTA = "delta"


class FullReason(StrEnum):
    """Why a directory was read in full."""

    FIRST = "first"
    REQUESTED = "requested"
    WEEKLY = "weekly"
    STALE = "stale"
    RESYNC = "resync_required"
    MIRROR = "mirror_missing"
    ABSENCE = "confirm_absence"


class Counts(msgspec.Struct, frozen=True):
    """users_read = created + linked + updated + moved + reactivated + unchanged + skipped + conflicts +
    failed.

    `deactivated`, `kept` and `not_deactivated` speak of contacts whose people have left. `moved`: to another
    site. `failed` and `not_deactivated`: what the destination did not take. `in_scope`: the users who are to
    have a contact.
    """

    users_read: int = 0
    created: int = 0
    linked: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    conflicts: int = 0
    kept: int = 0
    moved: int = 0
    reactivated: int = 0
    deactivated: int = 0
    in_scope: int = 0
    failed: int = 0
    not_deactivated: int = 0

    @property
    def add_up(self) -> bool:
        """Whether everybody who was read is accounted for."""
        written = self.created + self.linked + self.updated + self.moved + self.reactivated
        rest = self.unchanged + self.skipped + self.conflicts + self.failed
        return self.users_read == written + rest


class RunError(msgspec.Struct, frozen=True):
    """Why a run ended or stumbled, in words that may be shown."""

    code: str
    title: str
    detail: str
    actor: str


class Stage(msgspec.Struct, frozen=True):
    """A complete read that is durable but not committed, so that a later message can go on from it.

    `tenant_id`, `before` and `configuration_version` say what it was made of: the tenant, the mirror that was
    in force, and the configuration, which decides what is read. `written`: how many chunks of writes the run
    had logged before this read.
    """

    mirror: str
    delta_link: str
    tenant_id: str | None = None
    before: str | None = None
    configuration_version: int | None = None
    written: int = 0

    def good_for(self, connection: Connection) -> bool:
        """Whether nobody connected another tenant, changed the configuration or committed a later read in
        the meantime."""
        return (
            self.tenant_id == connection.tenant_id
            and self.configuration_version in (None, connection.configuration_version)
            and connection.mirror in (self.before, self.mirror)
        )


_SHARED_READ = timedelta(minutes=15)  # runs that a timer began together may share one look at the PSA
_JUST_NOW = timedelta(seconds=10)  # nobody changes a contact there and asks for a sync here any faster
_LONGEST_AGE = timedelta(hours=1)

HELD_FOR = timedelta(days=3)
"""How long a held run waits for an approval; a later run's plan takes its place before that."""


class Run(msgspec.Struct, frozen=True):
    """One sync of one connection. Times are UTC; `seconds` is the time spent working, not waiting.

    `configuration`: what a preview tries out instead of the connection's. `user`: whom a one-user run is
    about, as asked for; `steps` explain what became of them. `digest` names the plan; `guard` says why it
    was held, until `held_until`; `approved` is the digest that somebody approved, `approved_at`
    that time. `gaps`: enrichments that could not be read. `notices`: what the feed is told of it.
    """

    id: str
    account_id: str
    customer_id: str
    connection_id: str
    kind: RunKind
    trigger: Trigger
    created_at: datetime
    updated_at: datetime
    state: RunState = RunState.QUEUED
    slot: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    read_mode: ReadMode | None = None
    full_reason: FullReason | None = None
    counts: Counts = Counts()
    skipped_by_reason: dict[str, int] = {}
    planned: int = 0
    applied: int = 0
    graph_requests: int = 0
    seconds: float = 0.0
    resumes: int = 0
    stage: Stage | None = None
    error: RunError | None = None
    configuration: Configuration | None = None
    configuration_version: int | None = None
    user: str | None = None
    steps: tuple[Step, ...] = ()
    digest: str | None = None
    guard: tuple[Tripped, ...] = ()
    held_until: datetime | None = None
    approved: str | None = None
    gaps: tuple[Gap, ...] = ()
    approved_at: datetime | None = None
    notices: tuple[Notice, ...] = ()


def contacts_since(run: Run, now: datetime) -> datetime:
    """How old the contacts may be that a run goes by: somebody who changed one and then asks for a sync must
    see it, the runs of a timer may look together, and a run of hours looks again."""
    slack = _SHARED_READ if run.trigger is Trigger.SCHEDULE else _JUST_NOW
    return max((run.approved_at or run.created_at) - slack, now - _LONGEST_AGE)


def new_run_id(connection_id: str, at: datetime) -> str:
    """A fresh id: the connection, then a time that counts down, then chance."""
    return _run_id(connection_id, at, secrets.token_hex(4))


def slot_run_id(connection_id: str, slot: datetime, begins_at: datetime) -> str:
    """The id of a slot's run, which takes its place among the others by when it begins."""
    digest = hashlib.blake2b(f"{connection_id} {slot.isoformat()}".encode(), digest_size=4)
    return _run_id(connection_id, begins_at, digest.hexdigest())


def _run_id(connection_id: str, at: datetime, tail: str) -> str:
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return f"run_{connection_id}{_LATEST - milliseconds:013d}{tail}"


def connection_of(run_id: str) -> str | None:
    """The connection a run id belongs to, or None when the text is no run id."""
    body = run_id.removeprefix("run_")
    well_formed = body != run_id and len(body) == _CUSTOMER_LENGTH + 21 and body.isalnum() and body.isascii()
    return body[:_CUSTOMER_LENGTH] if well_formed else None


def asked_for_at(run_id: str) -> datetime | None:
    """The time in a run's id: when it was asked for, or begun by its schedule; None for what is no id."""
    connection_id = connection_of(run_id)
    digits = "" if connection_id is None else run_id[len("run_") + _CUSTOMER_LENGTH :][:13]
    if not digits.isdecimal():
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=_LATEST - int(digits))


def new_connection_id() -> str:
    """16 hexadecimal digits of chance."""
    return secrets.token_hex(_CUSTOMER_LENGTH // 2)


def counts(
    plan: Plan,
    planned: Mapping[ChangeKind, int],
    done: Mapping[ChangeKind, int],
    *,
    earlier: int,
    failed: int = 0,
    not_deactivated: int = 0,
) -> Counts:
    """The counts of a run so far.

    `planned`: `plan.counts()`. `done`: the writes that are done, by kind, those of earlier messages of the
    same run included. `earlier`: how many of those the plan, made after them, finds unchanged. `failed`, and
    of deactivations `not_deactivated`: what the destination did not take.
    """
    return Counts(
        users_read=plan.users_read,
        created=done.get(ChangeKind.CREATE, 0),
        linked=done.get(ChangeKind.LINK, 0),
        updated=done.get(ChangeKind.UPDATE, 0),
        unchanged=plan.unchanged - earlier,
        skipped=planned.get(ChangeKind.SKIP, 0),
        conflicts=planned.get(ChangeKind.CONFLICT, 0),
        kept=planned.get(ChangeKind.KEEP, 0),
        moved=done.get(ChangeKind.MOVE_SITE, 0),
        reactivated=done.get(ChangeKind.REACTIVATE, 0),
        deactivated=done.get(ChangeKind.DEACTIVATE, 0),
        in_scope=plan.in_scope,
        failed=failed,
        not_deactivated=not_deactivated,
    )


def planned_counts(plan: Plan) -> Counts:
    """The counts of a plan that is shown and not carried out."""
    planned = plan.counts()
    return counts(plan, planned, planned, earlier=0)


def skipped_by_reason(plan: Plan) -> dict[str, int]:
    """How many users were left out for each reason, by reason code."""
    reasons = Counter(change.reason or "" for change in plan.changes if change.kind is ChangeKind.SKIP)
    return dict(sorted(reasons.items()))
