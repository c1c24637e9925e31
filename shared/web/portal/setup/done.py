"""After the last button: the first sync as it goes, and what came of it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from shared.app import App
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.run import Run, RunKind, Trigger
from shared.web.following import Following, document, following_run
from shared.web.held import only_planned, sentence, waits_for
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm, run_of
from shared.web.portal.setup.frame import entered_in, frame, to
from shared.web.services import READ, Services
from shared.web.words import words_of

router = APIRouter(prefix="/portal/customers/{customer}/setup")

_BEGINS = Following("begins", "Sync in progress", "It begins in a moment.")


@router.api_route("/done", methods=READ)
async def show(request: Request, app: Services, customer: TheSetupCustomer, run: str = "") -> Response:
    """The sync that goes by the new settings, from its beginning to its result."""
    stored = await app.customers.find_connection(customer)
    if stored is None or stored.value.being_set_up:
        return to(customer)
    connection = stored.value
    found = await _run(app, customer, connection, run)
    begins = found is None and connection.current_run is not None
    return frame(
        request,
        customer,
        connection,
        "done.html",
        setup=app.setups.of(connection),
        run=found,
        begins=begins,
        under_way=begins or (found is not None and _key(found) == "under_way"),
        planned=found is not None and only_planned(found),
        waits_for=None if found is None else waits_for(found),
        guard=[sentence(broken, words_of(request)) for broken in found.guard] if found else [],
        next_sync=app.customers.next_sync(connection),
        view=_BEGINS if found is None else following_run(found),
    )


@router.api_route("/done.json", methods=READ)
async def progress(
    request: Request, app: Services, customer: TheSetupCustomer, run: str = ""
) -> JSONResponse:
    """What the page follows meanwhile."""
    connection = (await app.customers.connection(customer)).value
    found = await _run(app, customer, connection, run)
    return document(request, _BEGINS if found is None else following_run(found))


@router.post("/done/cancel")
async def cancel(request: Request, app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Stop the sync; what it wrote stays."""
    run = await run_of(app, customer, (await entered_in(request)).one("run"))
    await app.runs.cancel(run)
    return to(customer, f"done?run={run.id}")


@router.post("/done/again")
async def again(app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Another sync, in place of one that did not get to its end."""
    run, _ = await app.runs.start(customer, RunKind.SYNC, Trigger.PORTAL)
    return to(customer, f"done?run={run.id}")


async def _run(app: App, customer: Customer, connection: Connection, asked: str) -> Run | None:
    """The run that the address names, else the one under way, held, or last."""
    for run_id in (asked, connection.current_run, connection.held_run, connection.last_run):
        try:
            if run_id:
                return await run_of(app, customer, run_id)
        except NotFound:
            if run_id == connection.current_run:
                return None  # it is about to begin
    return None


def _key(run: Run) -> str:
    return following_run(run).key
