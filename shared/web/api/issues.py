"""What somebody has to act on: one issue for each root cause, however many customers it affects."""

from fastapi import APIRouter

from shared.core.api_key import Resource
from shared.core.issues import Issue
from shared.web.api.issue_schemas import AffectedShown, IssueShown
from shared.web.api.keys import Account, TheCustomer, keyed
from shared.web.api.schemas import Part
from shared.web.issue_pages import page_of
from shared.web.services import READ, Services

router = APIRouter(route_class=keyed(Resource.ISSUES))

_MOST_SHOWN = 100  # of the customers that one issue affects


@router.api_route("/issues", methods=READ)
async def account_issues(app: Services, account_id: Account) -> Part[IssueShown]:
    """Every issue of the account, those that affect most customers first."""
    found = await app.issues.of_account(account_id)
    return Part(data=[_shown(issue, app.settings.public_url) for issue in found], after=None)


@router.api_route("/customers/{customer}/issues", methods=READ)
async def customer_issues(app: Services, customer: TheCustomer) -> Part[IssueShown]:
    """The issues that affect this customer."""
    found = await app.issues.of_customer(customer)
    return Part(data=[_shown(issue, app.settings.public_url) for issue in found], after=None)


def _shown(issue: Issue, public_url: str) -> IssueShown:
    page = page_of(issue)
    return IssueShown(
        id=issue.id,
        code=issue.code,
        title=issue.title,
        detail=issue.detail,
        actor=issue.actor,
        next_step=issue.next_step,
        url=None if page is None else f"{public_url}{page}",
        since=issue.since,
        affected=[AffectedShown.model_validate(one) for one in issue.affected[:_MOST_SHOWN]],
        affected_count=len(issue.affected),
    )
