"""People who could not be matched without guessing, and deciding about them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.app import App
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import Conflict
from shared.core.reviews import Decision, ReviewAction
from shared.services.candidates import UNKNOWN
from shared.web import deciding
from shared.web.identifiers import segment
from shared.web.pages import page
from shared.web.portal.accounts.frame import PageNumber, part
from shared.web.portal.customers.tabs import tabs
from shared.web.portal.guard import TheCustomer, TheForm
from shared.web.problems import InvalidRequest, Problem, problem_of
from shared.web.services import READ, Services
from shared.web.words import PSA_NAMES

router = APIRouter(prefix="/portal/customers/{customer}/reviews")

_PEOPLE = 25
_LONGEST_ID = 128
_ANOTHER = "another"


class Attempt(msgspec.Struct, frozen=True):
    """A decision that could not be kept: nothing was chosen, or there is no such contact."""

    object_id: str = ""
    contact_id: str = ""
    missing: bool = False
    unknown: bool = False
    problem: Problem | None = None


@router.api_route("", methods=READ)
async def reviews(
    request: Request,
    app: Services,
    customer: TheCustomer,
    *,
    waiting: PageNumber = 1,
    settled: PageNumber = 1,
) -> HTMLResponse:
    """Whoever waits for a decision, and below them those about whom somebody decided."""
    return await _page(request, app, customer, (waiting, settled))


@router.post("")
async def decide(
    request: Request,
    app: Services,
    customer: TheForm,
    *,
    person: Annotated[str, Form()] = "",
    choice: Annotated[str, Form()] = "",
    contact_id: Annotated[str, Form()] = "",
    waiting: PageNumber = 1,
) -> Response:
    """Keep what somebody chose. What cannot be kept is there again with what is the matter."""
    connection = (await app.customers.connection(customer)).value
    decision = _decision(choice, contact_id)
    attempt = Attempt(person, contact_id[:_LONGEST_ID], missing=True)
    if decision is not None:
        try:
            await deciding.decide(app, connection, person, decision)
        except InvalidRequest:
            attempt = msgspec.structs.replace(attempt, missing=False, unknown=True)
        except Conflict as error:
            attempt = msgspec.structs.replace(attempt, missing=False, problem=problem_of(error))
        else:
            back = f"/portal/customers/{segment(customer.id)}/reviews?waiting={waiting}"
            return RedirectResponse(back if waiting > 1 else back.partition("?")[0], 303)
    status = 400 if attempt.problem is None else attempt.problem.status
    return await _page(request, app, customer, (waiting, 1), attempt=attempt, status=status)


def _decision(choice: str, contact_id: str) -> Decision | None:
    action, _, chosen = choice.partition(":")
    if action == ReviewAction.LINK:
        contact_id = (contact_id if chosen == _ANOTHER else chosen.removeprefix("id:")).strip()
        return Decision(ReviewAction.LINK, contact_id) if 0 < len(contact_id) <= _LONGEST_ID else None
    if choice in {ReviewAction.CREATE, ReviewAction.DISMISS}:
        return Decision(ReviewAction(choice))
    return None


async def _page(
    request: Request,
    app: App,
    customer: Customer,
    numbers: tuple[int, int],
    *,
    attempt: Attempt | None = None,
    status: int = 200,
) -> HTMLResponse:
    connection: Connection = (await app.customers.connection(customer)).value
    found = await app.reviews.list(connection)
    waiting = [review for review in found if review.decision is None]
    settled = [review for review in found if review.decision is not None]
    shown = part(waiting, numbers[0], _PEOPLE)
    candidates = await app.candidates.of(connection, shown.items)
    destination = await app.account_setup.get(customer.account_id)
    return page(
        request,
        "portal/customer/reviews.html",
        status=status,
        customer=customer,
        connection=connection,
        tabs=tabs(connection, "reviews", len(waiting)),
        waiting=shown,
        settled=part(settled, numbers[1], _PEOPLE),
        candidates={review.object_id: candidates.get(review.object_id, UNKNOWN) for review in shown.items},
        psa=PSA_NAMES.get(destination.kind),
        attempt=attempt or Attempt(),
    )
