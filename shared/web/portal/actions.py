"""What the buttons do; each leads back to a page (POST, redirect, GET)."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse

from shared.core.connection import Grant
from shared.core.customer import Customer
from shared.core.run import RunKind, Trigger
from shared.web.identifiers import segment
from shared.web.portal.guard import TheForm, run_of
from shared.web.services import Services

router = APIRouter(prefix="/portal/customers/{customer}")


@router.post("/connect")
async def connect(app: Services, customer: TheForm) -> RedirectResponse:
    """To the page that says what will be asked; a reconnect asks for the same kind of access again."""
    stored = await app.customers.find_connection(customer)
    grant = Grant.APPLICATION if stored is None else stored.value.grant
    _, url = await app.onboarding.begin(customer, grant, set_up=True)
    return RedirectResponse(url, 303)


@router.post("/sync")
async def sync(app: Services, customer: TheForm) -> RedirectResponse:
    """A run now, or the one that is under way."""
    await app.runs.start(customer, RunKind.SYNC, Trigger.PORTAL)
    return _back(customer)


@router.post("/runs/{run}/approve")
async def approve(
    app: Services, customer: TheForm, run: str, digest: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Let a held run carry out the plan that the page showed."""
    await app.runs.approve(await run_of(app, customer, run), digest)
    return _back(customer, run)


@router.post("/runs/{run}/reject")
async def reject(app: Services, customer: TheForm, run: str) -> RedirectResponse:
    """End a held run; nothing is written."""
    await app.runs.reject(await run_of(app, customer, run))
    return _back(customer, run)


@router.post("/disconnect")
async def disconnect(app: Services, customer: TheForm) -> RedirectResponse:
    """Forget the tenant; the contacts stay."""
    stored = await app.customers.connection(customer)
    await app.onboarding.disconnect(customer.account_id, stored.value.id)
    return _back(customer)


def _back(customer: Customer, run: str | None = None) -> RedirectResponse:
    tail = "" if run is None else f"/runs/{run}"
    return RedirectResponse(f"/portal/customers/{segment(customer.id)}{tail}", 303)
