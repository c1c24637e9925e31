"""The guard: a plan that looks wrong changes nothing until a person has approved exactly it."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from shared.core.changes import ChangeKind
from shared.core.configuration import Guard, Limit
from shared.core.planning import Plan


class GuardRule(StrEnum):
    """What may hold a run."""

    EMPTY_DIRECTORY = "guard.empty_directory"
    SCOPE_DROP = "guard.scope_drop"
    DEACTIVATIONS = "guard.deactivations"
    BLANKED = "guard.blanked"
    CREATIONS = "guard.creations"


class Tripped(msgspec.Struct, frozen=True):
    """A rule that a plan broke: `actual` exceeds `limit`, which was derived from `baseline`."""

    rule: GuardRule
    limit: int
    actual: int
    baseline: int


def tripped(plan: Plan, limits: Guard, baseline: int | None) -> tuple[Tripped, ...]:
    """The rules that the plan breaks, in a fixed order.

    `baseline`: how many users were in scope after the last committed run, None for a connection's first;
    the first run may create as much as it likes.
    """
    return tuple(_broken(plan, limits, baseline))


def _broken(plan: Plan, limits: Guard, baseline: int | None) -> Iterator[Tripped]:
    counts = plan.counts()
    if plan.users_read == 0:
        yield Tripped(GuardRule.EMPTY_DIRECTORY, 0, 0, baseline or 0)
    if baseline is not None:
        drop = baseline - plan.in_scope
        most = _largest_drop(limits.scope_drop, baseline)
        if drop > most:
            yield Tripped(GuardRule.SCOPE_DROP, most, drop, baseline)
    deactivations = counts[ChangeKind.DEACTIVATE]
    most = _at_most(limits.deactivations, plan.linked)
    if deactivations > most:
        yield Tripped(GuardRule.DEACTIVATIONS, most, deactivations, plan.linked)
    blanked = blanked_values(plan)
    most = _at_most(limits.blanked, plan.contacts)
    if blanked > most:
        yield Tripped(GuardRule.BLANKED, most, blanked, plan.contacts)
    if baseline is not None:
        creations = counts[ChangeKind.CREATE]
        most = _at_most(limits.creations, baseline)
        if creations > most:
            yield Tripped(GuardRule.CREATIONS, most, creations, baseline)


def blanked_values(plan: Plan) -> int:
    """How many values the plan would take from contacts and put nothing in their place."""
    return sum(
        1
        for change in plan.changes
        if change.writes
        for modified in change.changed
        if modified.old and not modified.new
    )


def _at_most(limit: Limit, base: int) -> int:
    """The most that passes: the larger of the number and the share, rounded down."""
    return max(limit.count, base * limit.percent // 100)


def _largest_drop(limit: Limit, baseline: int) -> int:
    """The largest drop that passes: smaller than the share, or smaller than the number if that is larger.

    Here the limit itself is too much: a drop of 20 % holds the run.
    """
    share = -(-baseline * limit.percent // 100)  # the smallest drop that reaches the share
    return max(limit.count, share, 1) - 1
