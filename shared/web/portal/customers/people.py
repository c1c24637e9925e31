"""Finding one person of the directory, to sync them alone."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.core.text import clean
from shared.web.pages import page
from shared.web.portal.customers.tabs import frame
from shared.web.portal.guard import TheCustomer
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}")

LONGEST_NAME = 320
_MOST = 20


@router.api_route("/people", methods=READ)
async def people(request: Request, app: Services, customer: TheCustomer, search: str = "") -> HTMLResponse:
    """Whoever has the text in their name or address. Raises Conflict while the directory cannot be read."""
    connection, tabs = await frame(app, customer, "overview")
    search = clean(search)[:LONGEST_NAME]
    found = await app.browsing.people(connection, search, _MOST + 1) if search else []
    return page(
        request,
        "portal/customer/people.html",
        customer=customer,
        tabs=tabs,
        search=search,
        people=found[:_MOST],
        more=len(found) > _MOST,
        address="@" in search,
    )
