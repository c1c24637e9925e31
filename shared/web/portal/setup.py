"""The pages of a customer's set-up, which a setup link opens too."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from shared.bootstrap import App
from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.reasons import reason
from shared.web.following import following
from shared.web.pages import page
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/setup")


@router.api_route("", methods=READ)
async def show(request: Request, app: Services, customer: TheSetupCustomer) -> HTMLResponse:
    """How far the set-up is, and what comes next."""
    connection, state = await _standing(app, customer)
    account = await app.access.accounts.get(customer.account_id)
    return page(
        request,
        "portal/setup.html",
        customer=customer,
        account_name=account.name if account else None,
        connection=connection,
        state=state,
        reason=reason(connection.reason) if connection and connection.reason else None,
        view=following(connection, state, None) if connection else None,
    )


@router.api_route("/progress.json", methods=READ)
async def progress(app: Services, customer: TheSetupCustomer) -> JSONResponse:
    """What the page follows while a consent is proven."""
    connection, state = await _standing(app, customer)
    if connection is None:
        raise NotFound("connection")
    return JSONResponse(msgspec.to_builtins(following(connection, state, None)))


@router.post("/connect")
async def connect(app: Services, customer: TheSetupForm) -> RedirectResponse:
    """To the page that says what will be asked; a reconnect asks for the same kind of access again."""
    stored = await app.customers.find_connection(customer)
    grant = Grant.APPLICATION if stored is None else stored.value.grant
    _, url = await app.onboarding.begin(customer, grant)
    return RedirectResponse(url, 303)


async def _standing(app: App, customer: Customer) -> tuple[Connection | None, ConnectionState]:
    stored = await app.customers.find_connection(customer)
    if stored is None:
        return None, ConnectionState.PENDING
    return stored.value, stored.value.state_at(app.clock.now())
