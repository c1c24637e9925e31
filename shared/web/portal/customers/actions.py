"""What the buttons of a customer's page do besides the plain sync (POST, redirect, GET)."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse

from shared.core.customer import Customer
from shared.core.run import RunKind, Trigger
from shared.core.text import clean
from shared.web.identifiers import segment
from shared.web.portal.customers.people import LONGEST_NAME
from shared.web.portal.guard import TheForm
from shared.web.services import Services

router = APIRouter(prefix="/portal/customers/{customer}")


@router.post("/full")
async def full(app: Services, customer: TheForm) -> RedirectResponse:
    """A run that reads the whole directory, or the one that is under way."""
    await app.runs.start(customer, RunKind.FULL, Trigger.PORTAL)
    return _to(customer)


@router.post("/person")
async def person(app: Services, customer: TheForm, user: Annotated[str, Form()] = "") -> RedirectResponse:
    """A run for one person, whose page explains what became of them; back to the search without one."""
    asked = clean(user)
    if not asked or len(asked) > LONGEST_NAME:
        return _to(customer, "/people")
    run, _ = await app.runs.start(customer, RunKind.USER, Trigger.PORTAL, asked)
    return _to(customer, f"/runs/{run.id}")


@router.post("/pause")
async def pause(app: Services, customer: TheForm) -> RedirectResponse:
    """No syncs until somebody resumes them."""
    await app.pausing.pause(customer)
    return _to(customer)


@router.post("/resume")
async def resume(app: Services, customer: TheForm) -> RedirectResponse:
    """Syncs as scheduled again."""
    await app.pausing.resume(customer)
    return _to(customer)


def _to(customer: Customer, tail: str = "") -> RedirectResponse:
    return RedirectResponse(f"/portal/customers/{segment(customer.id)}{tail}", 303)
