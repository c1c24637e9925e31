"""Runs: asking for one, following it, and deciding about it."""

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from shared.app import App
from shared.core.api_key import Resource
from shared.core.configuration import Configuration
from shared.core.customer import Customer
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.web.api.configuration import merged
from shared.web.api.keys import Account, TheCustomer, keyed
from shared.web.api.run_schemas import ApproveSent, RunSent, RunShown, StartedRunShown
from shared.web.api.schemas import Part
from shared.web.held import sentence, waits_for
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.problems import InvalidRequest
from shared.web.services import READ, Services

router = APIRouter(route_class=keyed(Resource.RUNS))

_LOOK_AGAIN, _LOOK_LATER = "2", "60"  # seconds


@router.post("/customers/{customer}/runs", status_code=202)
async def start(
    app: Services, customer: TheCustomer, response: Response, sent: RunSent | None = None
) -> StartedRunShown:
    """A run, or with status 200 the one that is under way already."""
    sent = sent or RunSent()
    _check_members(sent)
    if sent.kind is RunKind.PREVIEW:
        configuration = await _tried_out(app, customer, sent)
        run, new = await app.runs.preview(customer, Trigger.API, configuration), True
    else:
        run, new = await app.runs.start(customer, sent.kind, Trigger.API, sent.user)
    response.status_code = 202 if new else 200
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    response.headers["Retry-After"] = _LOOK_AGAIN
    return StartedRunShown.model_validate({**_document(run), "coalesced": not new})


@router.api_route("/customers/{customer}/runs", methods=READ)
async def runs(
    app: Services, customer: TheCustomer, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[RunShown]:
    """The customer's runs, newest first."""
    of = f"runs {customer.connection_id}"
    page = await app.runs.list(customer, limit, opened(after, of))
    data = [RunShown.model_validate(_document(run)) for run in page.items]
    return Part(data=data, after=sealed(page.after, of))


@router.api_route("/runs/{run}", methods=READ)
async def read(app: Services, account_id: Account, run: str, response: Response) -> RunShown:
    """One run."""
    return _answer(response, await app.runs.get(account_id, run))


@router.post("/runs/{run}/approve")
async def approve(
    app: Services, account_id: Account, run: str, sent: ApproveSent, response: Response
) -> RunShown:
    """Let a held run carry out exactly the plan with the digest."""
    return _answer(response, await app.runs.approve(await app.runs.get(account_id, run), sent.digest))


@router.post("/runs/{run}/reject")
async def reject(app: Services, account_id: Account, run: str, response: Response) -> RunShown:
    """End a held run; nothing is written."""
    return _answer(response, await app.runs.reject(await app.runs.get(account_id, run)))


@router.post("/runs/{run}/cancel")
async def cancel(app: Services, account_id: Account, run: str, response: Response) -> RunShown:
    """Stop a run; what it wrote stays. One that has ended stays as it is."""
    return _answer(response, await app.runs.cancel(await app.runs.get(account_id, run)))


def _check_members(sent: RunSent) -> None:
    errors: dict[str, str] = {}
    if sent.kind is RunKind.USER and sent.user is None:
        errors["user"] = "Say whom the run is about: an object id, a user principal name or an address."
    if sent.kind is not RunKind.USER and sent.user is not None:
        errors["user"] = "It only goes with the kind user."
    if sent.kind is not RunKind.PREVIEW and sent.configuration is not None:
        errors["configuration"] = "It only goes with the kind preview."
    if errors:
        raise InvalidRequest(errors)


async def _tried_out(app: App, customer: Customer, sent: RunSent) -> Configuration | None:
    if sent.configuration is None:
        return None
    present = (await app.customers.connection(customer)).value
    return merged(present.configuration, sent.configuration, customer.sites)


def _answer(response: Response, run: Run) -> RunShown:
    if not run.state.ended:
        response.headers["Retry-After"] = _LOOK_LATER if run.state is RunState.HELD else _LOOK_AGAIN
    return RunShown.model_validate(_document(run))


def _document(run: Run) -> dict[str, Any]:
    broken = [{**msgspec.structs.asdict(rule), "text": sentence(rule)} for rule in run.guard]
    return {
        **msgspec.structs.asdict(run),
        "approved": run.approved is not None and run.approved == run.digest,
        "guard": broken,
        "steps": list(run.steps),
        "gaps": list(run.gaps),
        "waits_for": waits_for(run),
    }
