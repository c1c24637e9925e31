"""Which page of the portal an issue is dealt with on."""

from shared.core.issues import Issue, NextStep
from shared.web.identifiers import segment
from shared.web.sessions import ACCOUNT_PAGE


def page_of(issue: Issue) -> str | None:
    """The page's path; of an issue of several customers the account's."""
    if issue.next_step is None:
        return None
    if issue.next_step is NextStep.CHECK_KEY or len(issue.affected) != 1:
        return ACCOUNT_PAGE
    (affected,) = issue.affected
    page = f"/portal/customers/{segment(affected.customer_id)}"
    match issue.next_step:
        case NextStep.REVIEW:
            return f"{page}/reviews"
        case NextStep.DECIDE | NextStep.LOOK if affected.run_id is not None:
            return f"{page}/runs/{segment(affected.run_id)}"
    return page
