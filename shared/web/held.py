"""Why a run waits for a person, and what that person has to do, in words."""

from shared.core.errors import Actor
from shared.core.guard import GuardRule, Tripped
from shared.core.run import Run, RunError, RunKind, RunState


def sentence(broken: Tripped) -> str:
    """What the guard found, and how much of it passes."""
    actual, most, baseline = broken.actual, f"{broken.limit:,}", broken.baseline
    match broken.rule:
        case GuardRule.EMPTY_DIRECTORY:
            return "The directory lists nobody at all."
        case GuardRule.SCOPE_DROP:
            return f"{_many(actual, 'person', 'people')} of {baseline:,} would leave the scope; {most} may."
        case GuardRule.DEACTIVATIONS:
            found = f"{_many(actual, 'contact')} of {baseline:,} linked ones"
            return f"{found} would be deactivated; {most} may."
        case GuardRule.BLANKED:
            found = f"{_many(actual, 'value')} on {_many(baseline, 'contact')}"
            return f"{found} would be blanked; {most} may."
        case GuardRule.CREATIONS:
            found = f"{_many(actual, 'contact')} would be created"
            return f"{found}, with {_many(baseline, 'person', 'people')} in scope before; {most} may."


def waits_for(run: Run) -> RunError | None:
    """Who must act on a held run, and how; None for any other run."""
    if run.state is not RunState.HELD:
        return None
    return RunError(
        "approval_needed",
        "The run would change more than usual, so it waits for a person.",
        "Look at its changes; then approve this plan, which its digest names, or reject it. Until then "
        "nothing is written.",
        Actor.TECHNICIAN.value,
    )


def only_planned(run: Run) -> bool:
    """Whether the lines of the run say what it would do, rather than what it did."""
    if run.kind is RunKind.PREVIEW:
        return True
    if not run.guard or run.state.done:
        return False
    approved = run.state is not RunState.HELD and run.approved is not None and run.approved == run.digest
    return not (approved and run.applied)


def _many(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
