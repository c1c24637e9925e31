"""The pages that only show something."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse

from shared.app import App
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.run import Run, RunKind
from shared.core.standing import verdict
from shared.web.following import Following, document, following, following_run
from shared.web.identifiers import segment
from shared.web.issue_pages import page_of
from shared.web.lines_table import lines_table
from shared.web.pages import page
from shared.web.portal.customers.tabs import open_reviews, tabs
from shared.web.portal.guard import TheCustomer, run_of
from shared.web.portal.run_view import Lines, run_view
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}")

_RECENT_RUNS = 10
_SYNCS = frozenset({RunKind.SYNC, RunKind.FULL})  # the others leave the time of the last sync as it is


@router.api_route("", methods=READ)
async def show(request: Request, app: Services, customer: TheCustomer) -> HTMLResponse:
    """Where the connection stands, and its recent runs."""
    connection, state = await _standing(app, customer)
    recent = (await app.runs.list(customer, _RECENT_RUNS, None)).items if connection else ()
    under_way = None if connection is None else await _under_way(app, connection)
    now, syncs = app.clock.now(), [run for run in recent if run.kind in _SYNCS]
    overdue = None if connection is None else app.customers.overdue_since(connection)
    unclear = await open_reviews(app, connection)
    found = await app.issues.of_customer(customer)
    return page(
        request,
        "portal/customer.html",
        customer=customer,
        connection=connection,
        state=state,
        issues=found,
        pages={issue.id: page_of(issue) for issue in found},
        setup_link=None if connection is None else connection.open_setup_link(now),
        next_sync=app.customers.next_sync(connection) if connection else None,
        runs=recent,
        last_done=next((run for run in syncs if run.state.done), None),
        last_failed=next((run for run in syncs[:1] if run.error is not None), None),
        verdict=verdict(
            connection,
            now,
            last=next((run for run in syncs if run.state.ended), None),
            overdue=overdue,
            open_reviews=unclear,
        ),
        overdue=overdue,
        freshness=now - connection.synced_at if connection and connection.synced_at else None,
        tabs=tabs(connection, "overview", unclear),
        run=under_way,
        view=following(connection, state, under_way) if connection else Following("", "", ""),
    )


@router.api_route("/progress.json", methods=READ)
async def progress(request: Request, app: Services, customer: TheCustomer) -> JSONResponse:
    """What the customer's page follows while something is under way."""
    connection, state = await _standing(app, customer)
    if connection is None:
        raise NotFound("connection")
    return document(request, following(connection, state, await _under_way(app, connection)))


@router.api_route("/disconnect", methods=READ)
async def before_disconnect(request: Request, app: Services, customer: TheCustomer) -> HTMLResponse:
    """What disconnecting means, before it is done."""
    connection = (await app.customers.connection(customer)).value
    return page(request, "portal/disconnect.html", customer=customer, connection=connection)


@router.api_route("/runs/{run}", methods=READ)
async def show_run(
    request: Request,
    app: Services,
    customer: TheCustomer,
    run: str,
    wanted: Lines,
) -> HTMLResponse:
    """One run and what it did, person by person."""
    found = await run_of(app, customer, run)
    address = f"/portal/customers/{segment(customer.id)}/runs/{found.id}"
    view = await run_view(request, app, found, address, wanted)
    return page(request, "portal/run.html", customer=customer, view=following_run(found), **view)


@router.api_route("/runs/{run}/changes.csv", methods=READ)
async def run_table(app: Services, customer: TheCustomer, run: str, wanted: Lines) -> StreamingResponse:
    """The same as a table to keep, every line of it that is looked for."""
    found = await run_of(app, customer, run)
    return lines_table(found, app.changes, wanted.fits, {})


@router.api_route("/runs/{run}/progress.json", methods=READ)
async def run_progress(request: Request, app: Services, customer: TheCustomer, run: str) -> JSONResponse:
    """What a run's page follows while it is under way."""
    return document(request, following_run(await run_of(app, customer, run)))


async def _standing(app: App, customer: Customer) -> tuple[Connection | None, ConnectionState]:
    stored = await app.customers.find_connection(customer)
    if stored is None:
        return None, ConnectionState.PENDING
    return stored.value, stored.value.state_at(app.clock.now())


async def _under_way(app: App, connection: Connection) -> Run | None:
    if connection.current_run is None:
        return None
    try:
        run = await app.runs.get(connection.account_id, connection.current_run)
    except NotFound:
        return None
    return None if run.state.ended else run
