"""Second factors and secure scores across the customers of an account."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.core.security_report import CustomerSecurity
from shared.web.bars import WIDTH, Piece, bar
from shared.web.pages import page
from shared.web.portal.accounts.frame import PageNumber, account, part
from shared.web.portal.guard import TheAccount
from shared.web.report_tables import security_table
from shared.web.services import READ, Services
from shared.web.sessions import ACCOUNT_PAGE

router = APIRouter(prefix=f"{ACCOUNT_PAGE}/security")


@router.api_route("", methods=READ)
async def security(
    request: Request, app: Services, account_id: TheAccount, number: PageNumber = 1
) -> HTMLResponse:
    """Customers, worst first."""
    found = await app.overview.security(account_id)
    shown = part(found.customers, number)
    return page(
        request,
        "portal/account/security.html",
        account=await account(app, account_id),
        report=found,
        customers=shown,
        bars={customer.customer_id: bars(customer) for customer in shown.items},
    )


@router.api_route(".csv", methods=READ)
async def table(app: Services, account_id: TheAccount) -> Response:
    """The same for a spreadsheet."""
    return security_table((await app.overview.security(account_id)).customers)


def bars(customer: CustomerSecurity) -> dict[str, Sequence[Piece] | None]:
    """A bar for each share that is known of the customer."""
    mfa = None if customer.mfa is None else customer.mfa.percent
    score = None if customer.secure_score is None else customer.secure_score.percent
    shares = {"mfa": mfa, "score": score}
    return {name: None if share is None else bar((share,), WIDTH) for name, share in shares.items()}
