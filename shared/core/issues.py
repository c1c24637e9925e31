"""What somebody has to act on, one issue for each root cause; derived from what is stored anyway.

Nothing here is kept, so no issue can outlast what it is about.
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.account_destination import AccountDestination
from shared.core.connection import Connection, ConnectionState
from shared.core.errors import Actor
from shared.core.reasons import reason
from shared.core.run import asked_for_at
from shared.core.supplement import Gap

PAUSED_FOR_LONG = timedelta(days=7)
"""After this a pause has probably been forgotten."""


class NextStep(StrEnum):
    """What a person does about an issue in the portal."""

    CHECK_KEY = "check_key"
    CONNECT = "connect"
    DECIDE = "decide"
    REVIEW = "review"
    RESUME = "resume"
    LOOK = "look"


class _Cause(msgspec.Struct, frozen=True):
    """What is the matter, who must act and how, as in `shared.core.errors`."""

    code: str
    title: str
    detail: str
    actor: Actor
    step: NextStep | None


_HELD = _Cause(
    "run_held",
    "A sync would change more than usual, so it waits.",
    "Look at its plan, and approve or reject it. Nothing is written until then.",
    Actor.TECHNICIAN,
    NextStep.DECIDE,
)
_UNCLEAR = _Cause(
    "reviews_waiting",
    "Some people could not be matched without guessing.",
    "Say which contact is theirs, or that they need one of their own.",
    Actor.TECHNICIAN,
    NextStep.REVIEW,
)
_PAUSED = _Cause(
    "paused_for_long",
    "The syncs of the customer have been paused for more than a week.",
    "Resume them, or disconnect the customer if they are not wanted any more.",
    Actor.TECHNICIAN,
    NextStep.RESUME,
)


class Affected(msgspec.Struct, frozen=True):
    """A customer that an issue is about; `run_id`: the run that shows it."""

    customer_id: str
    connection_id: str
    run_id: str | None = None


class Issue(msgspec.Struct, frozen=True):
    """One root cause, in words that may be shown. `id` is the same for as long as the issue lasts.

    `affected`: every customer it is about, by id; `since`: of the one that had it first.
    """

    id: str
    code: str
    title: str
    detail: str
    actor: Actor
    next_step: NextStep | None
    since: datetime | None
    affected: tuple[Affected, ...]


def issues(
    destination: AccountDestination | None,
    connections: Iterable[Connection],
    unclear: Collection[str],
    now: datetime,
) -> list[Issue]:
    """Every issue of the connections of one account, those that affect most first.

    `unclear`: the ids of the connections in whose review queue somebody waits for a decision.
    """
    found: dict[str, Issue] = {}
    for connection in sorted(connections, key=lambda connection: connection.customer_id):
        for issue in _of(connection, destination, connection.id in unclear, now):
            known = found.get(issue.id)
            found[issue.id] = issue if known is None else _joined(known, issue)
    refusal = _refusal(destination)
    if refusal is not None:
        found.setdefault(refusal.id, refusal)  # it holds without a single connection too
    return sorted(found.values(), key=lambda issue: (-len(issue.affected), issue.code, issue.id))


def _of(
    connection: Connection, destination: AccountDestination | None, reviews: bool, now: datetime
) -> list[Issue]:
    """The issues of one connection; those that others may share have the same id there."""
    one, state = _of_state(connection, now), connection.state
    if state is ConnectionState.ACTIVE:
        one += _of_runs(connection, destination)
    if reviews and state in {ConnectionState.ACTIVE, ConnectionState.PAUSED}:
        one.append(_issue(_UNCLEAR, connection.id, None, _affected(connection)))
    return one


def _of_state(connection: Connection, now: datetime) -> list[Issue]:
    since = connection.state_since
    if connection.state is ConnectionState.ACTION_REQUIRED and connection.reason is not None:
        why = reason(connection.reason)
        step = NextStep.CONNECT if why.actor is not Actor.OPERATOR else None
        cause = _Cause(why.code, why.title, why.detail, why.actor, step)
        return [_issue(cause, connection.id, since, _affected(connection))]
    if connection.state is ConnectionState.PAUSED and since is not None and now - since >= PAUSED_FOR_LONG:
        return [_issue(_PAUSED, connection.id, since, _affected(connection))]
    return []


def _of_runs(connection: Connection, destination: AccountDestination | None) -> list[Issue]:
    found = []
    if refusal := _refusal(destination, _affected(connection)):
        found.append(refusal)
    if (held := connection.held_run) is not None:
        found.append(_issue(_HELD, connection.id, asked_for_at(held), _affected(connection, held)))
    trouble = connection.trouble
    if trouble is not None and trouble.run_id == connection.last_run:
        cause = _Cause(trouble.code, trouble.title, trouble.detail, Actor(trouble.actor), NextStep.LOOK)
        found.append(_issue(cause, "run", trouble.since, _affected(connection, trouble.run_id)))
    return found + [_of_gap(connection, gap) for gap in connection.gaps if _matters(gap)]


def _refusal(destination: AccountDestination | None, *affected: Affected) -> Issue | None:
    """That the PSA lets nobody in: one issue, however many customers it has."""
    problem = None if destination is None else destination.problem
    if problem is None:
        return None
    actor = Actor(problem.actor)
    cause = _Cause(problem.code, problem.title, problem.detail, actor, NextStep.CHECK_KEY)
    return _issue(cause, "destination", problem.since, *affected)


def _matters(gap: Gap) -> bool:
    """Whether anybody can do something about the gap: what a tenant does not have at all is no issue."""
    return not gap.permanent and gap.actor != Actor.NOBODY


def _of_gap(connection: Connection, gap: Gap) -> Issue:
    actor = Actor(gap.actor)
    step = NextStep.CONNECT if actor is Actor.CUSTOMER_ADMIN else NextStep.LOOK
    cause = _Cause(gap.code, gap.title, gap.detail, actor, step)
    affected = _affected(connection, connection.last_run)
    return _issue(cause, f"gap {gap.enrichment}", connection.synced_at, affected)


def _joined(known: Issue, more: Issue) -> Issue:
    since = min((at for at in (known.since, more.since) if at is not None), default=None)
    return msgspec.structs.replace(known, since=since, affected=known.affected + more.affected)


def _affected(connection: Connection, run_id: str | None = None) -> Affected:
    return Affected(connection.customer_id, connection.id, run_id)


def _issue(cause: _Cause, about: str, since: datetime | None, *affected: Affected) -> Issue:
    """`about`: what tells issues of one code apart; those that are about the same are one."""
    digest = hashlib.blake2b(f"{cause.code} {about}".encode(), digest_size=8).hexdigest()
    return Issue(digest, cause.code, cause.title, cause.detail, cause.actor, cause.step, since, affected)
