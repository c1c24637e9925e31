"""The first page of a setup: connecting, the permissions as they are proven, and the way on."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from shared.app import App
from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.permissions import OPTIONAL, REQUIRED
from shared.core.reasons import reason
from shared.web.following import Following, document, following
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm
from shared.web.portal.setup.frame import entered_in, frame, to, version_of
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/setup")


@router.api_route("", methods=READ)
async def show(request: Request, app: Services, customer: TheSetupCustomer) -> HTMLResponse:
    """How far the setup is, and what comes next."""
    connection, state = await _standing(app, customer)
    account = await app.access.accounts.get(customer.account_id)
    found = {item.name: item.outcome for item in connection.permissions} if connection else {}
    return frame(
        request,
        customer,
        connection,
        "start.html",
        setup=app.setups.of(connection) if connection else None,
        account_name=account.name if account else None,
        state=state,
        reason=reason(connection.reason) if connection and connection.reason else None,
        required=[(name, found.get(name)) for name in REQUIRED],
        optional=[(name, found.get(name)) for name in OPTIONAL],
        view=_view(connection, state) if connection else None,
    )


@router.api_route("/progress.json", methods=READ)
async def progress(request: Request, app: Services, customer: TheSetupCustomer) -> JSONResponse:
    """What the page follows while a consent is proven."""
    connection, state = await _standing(app, customer)
    if connection is None:
        raise NotFound("connection")
    return document(request, _view(connection, state))


@router.post("/connect")
async def connect(app: Services, customer: TheSetupForm) -> RedirectResponse:
    """To the page that says what will be asked; a reconnect asks for the same kind of access again."""
    stored = await app.customers.find_connection(customer)
    grant = Grant.APPLICATION if stored is None else stored.value.grant
    _, url = await app.onboarding.begin(customer, grant, set_up=True)
    return RedirectResponse(url, 303)


@router.post("/permissions")
async def try_permissions(app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Find out once more what was granted."""
    await app.setups.try_permissions(customer)
    return to(customer)


@router.post("/drop")
async def drop(request: Request, app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Forget what was chosen and is not in force."""
    await app.setups.drop(customer, version_of(await entered_in(request)))
    return to(customer)


async def _standing(app: App, customer: Customer) -> tuple[Connection | None, ConnectionState]:
    stored = await app.customers.find_connection(customer)
    if stored is None:
        return None, ConnectionState.PENDING
    return stored.value, stored.value.state_at(app.clock.now())


def _view(connection: Connection, state: ConnectionState) -> Following:
    """With every permission that is proven the page is another one."""
    view = following(connection, state, None)
    proven = ".".join(f"{item.name}={item.outcome}" for item in connection.permissions)
    return msgspec.structs.replace(view, key=f"{view.key}.{proven}")
