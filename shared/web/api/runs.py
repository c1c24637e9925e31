"""Runs: asking for one, following it, and what it did."""

from fastapi import APIRouter, Response

from shared.core.run import Run, Trigger
from shared.web.api.keys import Account, KeyedRoute, TheCustomer
from shared.web.api.schemas import ChangeShown, Part, RunSent, RunShown, StartedRunShown
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.services import READ, Services

router = APIRouter(route_class=KeyedRoute)

_LOOK_AGAIN = "2"  # seconds


@router.post("/customers/{customer}/runs", status_code=202)
async def start(
    app: Services, customer: TheCustomer, response: Response, sent: RunSent | None = None
) -> StartedRunShown:
    """A run, or with status 200 the one that is under way already."""
    run, new = await app.runs.start(customer, (sent or RunSent()).kind, Trigger.API)
    response.status_code = 202 if new else 200
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    response.headers["Retry-After"] = _LOOK_AGAIN
    return StartedRunShown(**dict(RunShown.model_validate(run)), coalesced=not new)


@router.api_route("/customers/{customer}/runs", methods=READ)
async def runs(
    app: Services, customer: TheCustomer, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[RunShown]:
    """The customer's runs, newest first."""
    of = f"runs {customer.connection_id}"
    page = await app.runs.list(customer, limit, opened(after, of))
    return Part(data=[RunShown.model_validate(run) for run in page.items], after=sealed(page.after, of))


@router.api_route("/runs/{run}", methods=READ)
async def read(app: Services, account_id: Account, run: str, response: Response) -> RunShown:
    """One run."""
    found: Run = await app.runs.get(account_id, run)
    if not found.state.ended:
        response.headers["Retry-After"] = _LOOK_AGAIN
    return RunShown.model_validate(found)


@router.api_route("/runs/{run}/changes", methods=READ)
async def changes(
    app: Services, account_id: Account, run: str, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[ChangeShown]:
    """What the run did, person by person, in order."""
    found = await app.runs.get(account_id, run)
    of = f"changes {found.id}"
    page = await app.changes.list(found.id, limit, opened(after, of))
    return Part(
        data=[ChangeShown.model_validate(change) for change in page.items], after=sealed(page.after, of)
    )
