"""Why a run waits for a person, and what that person has to do, in words."""

from shared.core.errors import Actor
from shared.core.guard import GuardRule, Tripped
from shared.core.run import Run, RunError, RunKind, RunState
from shared.web.words import Words, english


def sentence(broken: Tripped, words: Words | None = None) -> str:
    """What the guard found, and how much of it passes; in English unless there are other `words`."""
    say = words or english()
    values = {"most": say.number(broken.limit), "base": say.number(broken.baseline)}
    match broken.rule:
        case GuardRule.EMPTY_DIRECTORY:
            return say.gettext("The directory lists nobody at all.")
        case GuardRule.SCOPE_DROP:
            return say.ngettext(
                "%(num)s person of %(base)s would leave the scope; %(most)s may.",
                "%(num)s people of %(base)s would leave the scope; %(most)s may.",
                broken.actual,
                **values,
            )
        case GuardRule.DEACTIVATIONS:
            return say.ngettext(
                "%(num)s contact of %(base)s linked ones would be deactivated; %(most)s may.",
                "%(num)s contacts of %(base)s linked ones would be deactivated; %(most)s may.",
                broken.actual,
                **values,
            )
        case GuardRule.BLANKED:
            contacts = say.ngettext("on %(num)s contact", "on %(num)s contacts", broken.baseline)
            return say.ngettext(
                "%(num)s value %(on_contacts)s would be blanked; %(most)s may.",
                "%(num)s values %(on_contacts)s would be blanked; %(most)s may.",
                broken.actual,
                on_contacts=contacts,
                **values,
            )
        case GuardRule.CREATIONS:
            people = say.ngettext(
                "with %(num)s person in scope before", "with %(num)s people in scope before", broken.baseline
            )
            return say.ngettext(
                "%(num)s contact would be created, %(with_people)s; %(most)s may.",
                "%(num)s contacts would be created, %(with_people)s; %(most)s may.",
                broken.actual,
                with_people=people,
                **values,
            )


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
