"""Where a customer's admin leaves for Microsoft and comes back from it.

A link that is opened uses nothing up, so that mail scanners and link previews may look at it; only the
button on its page, or the way back from Microsoft with the browser's own cookie, does something.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from shared.app import App
from shared.core.connection import Connection, Grant
from shared.core.consent import link_used
from shared.core.reasons import reason
from shared.services.onboarding import Redirect
from shared.web.cookies import HANDSHAKE, RECEIPT
from shared.web.following import document, following
from shared.web.headers import content_security_policy, origin
from shared.web.identifiers import segment
from shared.web.pages import page
from shared.web.services import READ, Services
from shared.web.sessions import check_same_origin, session_of
from shared.web.words import words_of

router = APIRouter(prefix="/connect")


@router.api_route("/start", methods=READ)
async def ask(request: Request, app: Services, ticket: str = "") -> HTMLResponse:
    """What will be asked and why, before anybody signs in."""
    connection, grant = await app.onboarding.asked(ticket)
    # Chromium holds redirects that follow a form to the page's form-action, so Microsoft must be in it.
    policy = content_security_policy(origin(app.settings.entra_authority))
    return page(
        request,
        "connect/start.html",
        headers={"Content-Security-Policy": policy},
        ticket=ticket,
        delegated=grant is Grant.DELEGATED,
        **await _names(request, app, connection),
    )


@router.post("/start")
async def start(request: Request, app: Services, ticket: Annotated[str, Form()] = "") -> Response:
    """Use the ticket up and go to Microsoft's sign-in."""
    check_same_origin(request)
    return _onward(request, await app.onboarding.start(ticket))


@router.get("/callback")
async def callback(request: Request, app: Services) -> Response:
    """Microsoft's answer, to the sign-in or to the admin consent."""
    answer, browser = dict(request.query_params), HANDSHAKE.read(request)
    # Whatever is wrong with the answer, its page leads back to where the sign-in was begun.
    if await session_of(request) is not None:
        request.state.connecting = await app.onboarding.handshake(answer.get("state"), browser)
    step = await app.onboarding.callback(answer, browser)
    if isinstance(step, Redirect):
        return _onward(request, step)
    # Away from the address with the code in it; what comes next can be loaded again.
    response = RedirectResponse(await _next_page(request, step.connection), 303)
    HANDSHAKE.forget(request, response)
    RECEIPT.write(request, response, await app.onboarding.receipt(step.connection))
    return response


@router.api_route("/done", methods=READ)
async def done(request: Request, app: Services) -> HTMLResponse:
    """How the connection stands, to the browser that consented."""
    connection = await _followed(request, app)
    state = connection.state_at(app.clock.now())
    return page(
        request,
        "connect/done.html",
        connection=connection,
        state=state,
        reason=None if connection.reason is None else reason(connection.reason),
        view=following(connection, state, None),
        **await _names(request, app, connection),
    )


@router.api_route("/done.json", methods=READ)
async def done_json(request: Request, app: Services) -> JSONResponse:
    """The same, as far as the page follows it."""
    connection = await _followed(request, app)
    return document(request, following(connection, connection.state_at(app.clock.now()), None))


def _onward(request: Request, step: Redirect) -> Response:
    response = RedirectResponse(step.url, 302)
    HANDSHAKE.write(request, response, step.handshake)
    return response


async def _next_page(request: Request, connection: Connection) -> str:
    session = await session_of(request)
    if (
        session is not None
        and session.account_id == connection.account_id
        and session.opens_setup(connection.customer_id)
    ):
        page = f"/portal/customers/{segment(connection.customer_id)}"
        return f"{page}/setup" if session.setup or connection.being_set_up else page
    return "/connect/done"


async def _followed(request: Request, app: App) -> Connection:
    connection = await app.onboarding.followed(RECEIPT.read(request) or "")
    if connection is None:
        raise link_used()
    return connection


async def _names(request: Request, app: App, connection: Connection) -> dict[str, Any]:
    """Who asks, and for whom."""
    account = await app.access.accounts.get(connection.account_id)
    customer = await app.customers.get(connection.account_id, connection.customer_id)
    return {
        "account_name": account.name if account else words_of(request).gettext("Your provider"),
        "customer_name": customer.name,
    }
