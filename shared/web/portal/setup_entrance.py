"""Into a customer's set-up with a link that was mailed.

Looking at the link writes nothing, so that mail scanners may; a button lets the browser in.
"""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from shared.web.cookies import SESSION
from shared.web.pages import page
from shared.web.services import READ, Services
from shared.web.sessions import check_same_origin, home_of

router = APIRouter(prefix="/portal/setup")


@router.api_route("", methods=READ)
async def ask(request: Request, app: Services, token: str = "") -> HTMLResponse:
    """Who asks, for whom, and what setting up means."""
    connection = await app.setup_links.asked(token)
    account = await app.access.accounts.get(connection.account_id)
    customer = await app.customers.get(connection.account_id, connection.customer_id)
    return page(
        request,
        "portal/setup_link.html",
        token=token,
        account_name=account.name if account else None,
        customer_name=customer.name,
    )


@router.post("")
async def begin(request: Request, app: Services, token: Annotated[str, Form()] = "") -> RedirectResponse:
    """Let the browser in, away from the address with the token in it."""
    check_same_origin(request)
    session_token, session = await app.setup_links.open(token)
    former = SESSION.read(request)
    if former:
        await app.access.close_portal(former)
    response = RedirectResponse(home_of(session), 303)
    SESSION.write(request, response, session_token)
    return response
