"""A link for the customer's administrator, which opens the set-up and nothing else."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from shared.web.identifiers import segment
from shared.web.pages import page
from shared.web.portal.guard import TheForm
from shared.web.services import Services

router = APIRouter(prefix="/portal/customers/{customer}/setup-link")

_DAYS = 14


@router.post("")
async def create(request: Request, app: Services, customer: TheForm) -> HTMLResponse:
    """The new link, on a page that cannot be had again: of its secret nothing is kept. Raises Conflict."""
    link, url = await app.setup_links.create(customer, timedelta(days=_DAYS))
    return page(request, "portal/customer/setup_link.html", customer=customer, link=link, url=url)


@router.post("/revoke")
async def revoke(app: Services, customer: TheForm, link: Annotated[str, Form()] = "") -> RedirectResponse:
    """Let the link end now, and every session that it opened. Raises NotFound."""
    await app.setup_links.revoke(customer, link)
    return RedirectResponse(f"/portal/customers/{segment(customer.id)}", 303)
