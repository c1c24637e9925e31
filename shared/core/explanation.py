"""What a one-user run says about itself: import, scope, match, plan, apply, each with its result."""

from enum import StrEnum

import msgspec

from shared.core.changes import Change, ChangeKind
from shared.core.configuration import Configuration
from shared.core.models import DirectoryUser
from shared.core.scope import Filter, SkipReason
from shared.core.supplement import Supplement


class StepName(StrEnum):
    """The steps in their order."""

    IMPORT = "import"
    SCOPE = "scope"
    MATCH = "match"
    PLAN = "plan"
    APPLY = "apply"


class StepResult(StrEnum):
    """How a step ended; after `stopped` there is nothing to do for the steps that follow."""

    DONE = "done"
    STOPPED = "stopped"
    NOT_NEEDED = "not_needed"


class Clause(msgspec.Struct, frozen=True):
    """A condition of the scope by its reason code, and whether the user meets it."""

    reason: str
    met: bool


class Step(msgspec.Struct, frozen=True):
    """One step: its result, and a reason code or kind of change as `detail`; `clauses` of the scope."""

    step: StepName
    result: StepResult
    detail: str = ""
    clauses: tuple[Clause, ...] = ()


NOT_FOUND = (
    Step(StepName.IMPORT, StepResult.STOPPED, "user_not_found"),
    *(Step(step, StepResult.NOT_NEEDED) for step in StepName if step is not StepName.IMPORT),
)
"""Nobody in the directory goes by what was asked for."""

_OTHER_REASONS = frozenset({SkipReason.NO_ADDRESS, SkipReason.NO_SITE, SkipReason.DISMISSED})


def explained(
    user: DirectoryUser | None,
    changes: tuple[Change, ...],
    configuration: Configuration,
    supplement: Supplement,
    *,
    applied: bool,
    failure: str | None = None,
) -> tuple[Step, ...]:
    """The steps for one user.

    `user`: None for somebody who left the directory; `changes`: their lines of the plan; `applied`: whether
    what is to be written was; `failure`: why the destination did not take it.
    """
    imported = Step(StepName.IMPORT, StepResult.DONE, "present" if user is not None else "removed")
    scope = Step(StepName.SCOPE, StepResult.NOT_NEEDED)
    skip = next((change for change in changes if change.kind is ChangeKind.SKIP), None)
    if user is not None:
        scope = _scope(user, skip, configuration, supplement)
    writes = [change for change in changes if change.writes]
    conflict = next((change for change in changes if change.kind is ChangeKind.CONFLICT), None)
    in_scope = user is not None and skip is None
    return (
        imported,
        scope,
        _match(conflict, writes) if in_scope else Step(StepName.MATCH, StepResult.NOT_NEEDED),
        _plan(changes),
        _apply(writes, failure, applied=applied),
    )


def _scope(
    user: DirectoryUser, skip: Change | None, configuration: Configuration, supplement: Supplement
) -> Step:
    clauses = [Clause(reason.value, met) for reason, met in Filter(configuration, supplement).clauses(user)]
    if skip is None:
        return Step(StepName.SCOPE, StepResult.DONE, "in_scope", tuple(clauses))
    reason = skip.reason or ""
    if reason in _OTHER_REASONS:
        clauses.append(Clause(reason, met=False))
    return Step(StepName.SCOPE, StepResult.STOPPED, reason, tuple(clauses))


def _match(conflict: Change | None, writes: list[Change]) -> Step:
    if conflict is not None:
        return Step(StepName.MATCH, StepResult.STOPPED, conflict.reason or "")
    kinds = {change.kind for change in writes}
    if ChangeKind.CREATE in kinds:
        return Step(StepName.MATCH, StepResult.DONE, "no_contact")
    return Step(StepName.MATCH, StepResult.DONE, "adopted" if ChangeKind.LINK in kinds else "found")


def _plan(changes: tuple[Change, ...]) -> Step:
    if not changes:
        return Step(StepName.PLAN, StepResult.DONE, "unchanged")
    return Step(StepName.PLAN, StepResult.DONE, ", ".join(change.kind.value for change in changes))


def _apply(writes: list[Change], failure: str | None, *, applied: bool) -> Step:
    if not writes:
        return Step(StepName.APPLY, StepResult.NOT_NEEDED)
    if failure is not None:
        return Step(StepName.APPLY, StepResult.STOPPED, failure)
    return Step(StepName.APPLY, StepResult.DONE if applied else StepResult.STOPPED)
