"""Every run of a customer, page by page."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.web.pages import page
from shared.web.paging import opened, sealed
from shared.web.portal.customers.tabs import frame
from shared.web.portal.guard import TheCustomer
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}")

_RUNS = 25


@router.api_route("/history", methods=READ)
async def history(
    request: Request, app: Services, customer: TheCustomer, after: str | None = None
) -> HTMLResponse:
    """Syncs of every kind, newest first."""
    connection, tabs = await frame(app, customer, "history")
    of = f"portal history {connection.id}"
    found = await app.runs.list(customer, _RUNS, opened(after, of))
    return page(
        request,
        "portal/customer/history.html",
        customer=customer,
        tabs=tabs,
        runs=found.items,
        after=sealed(found.after, of),
        further=after is not None,
    )
