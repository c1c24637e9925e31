"""What somebody has to act on, across the customers of an account."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.web.issue_pages import page_of
from shared.web.pages import page
from shared.web.portal.accounts.frame import PageNumber, account, part
from shared.web.portal.guard import TheAccount
from shared.web.services import READ, Services
from shared.web.sessions import ACCOUNT_PAGE

router = APIRouter(prefix=f"{ACCOUNT_PAGE}/issues")

_ISSUES = 25


@router.api_route("", methods=READ)
async def issues(
    request: Request, app: Services, account_id: TheAccount, number: PageNumber = 1
) -> HTMLResponse:
    """One entry for each root cause, those that affect most customers first."""
    found = await app.issues.of_account(account_id)
    shown = part(found, number, _ISSUES)
    names = {one.id: one.name async for one in app.overview.every_customer(account_id)} if found else {}
    return page(
        request,
        "portal/account/issues.html",
        account=await account(app, account_id),
        issues=shown,
        pages={issue.id: page_of(issue) for issue in shown.items},
        names=names,
    )
