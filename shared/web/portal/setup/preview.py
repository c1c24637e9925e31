"""The last steps: everything at a glance, what a sync would do, and the button that lets it."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from shared.app import App
from shared.core.configuration import GroupMode, SharedMailboxes
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import NotFound, SetupChanged
from shared.core.permissions import GROUPS, MAILBOXES, NEEDED_BY, lacking
from shared.core.run import Run
from shared.core.setup import Setup, SetupStep
from shared.web.following import document, following_run
from shared.web.lines_table import lines_table
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm, run_of
from shared.web.portal.run_view import Lines, run_view
from shared.web.portal.setup.frame import base_of, chosen_from, entered_in, frame, to, version_of
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/setup")


@router.api_route("/check", methods=READ)
async def check(request: Request, app: Services, customer: TheSetupCustomer, changed: str = "") -> Response:
    """What is chosen, in sentences. `changed`: somebody else was quicker."""
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    return frame(
        request,
        customer,
        # The sentences are those of a configuration in force.
        msgspec.structs.replace(connection, configuration=setup.draft),
        "check.html",
        setup=setup,
        step=SetupStep.CHECK,
        status=409 if changed else 200,
        overtaken=bool(changed),
        stale=connection.configuration_version != setup.based_on,
        unchanged=not connection.being_set_up and setup.draft == connection.configuration,
        lacking=_lacking(connection, setup),
    )


@router.post("/preview")
async def begin(request: Request, app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Look at what a sync would do; one that shows these very settings is not begun again."""
    version = version_of(await entered_in(request))
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    run = await _run(app, customer, setup)
    if setup.version == version and setup.shown and run is not None and not run.state.ended:
        return to(customer, "preview")
    try:
        await app.setups.preview(customer, version)
    except SetupChanged:
        return to(customer, "check?changed=yes")
    return to(customer, "preview")


@router.api_route("/preview", methods=READ)
async def show(request: Request, app: Services, customer: TheSetupCustomer, wanted: Lines) -> Response:
    """The preview: under way, or person by person, with the button that lets it happen."""
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    run = await _run(app, customer, setup)
    if run is None:
        return to(customer, "done" if connection.setup is None and connection.last_run else "check")
    address = f"{base_of(customer)}/preview"
    return frame(
        request,
        customer,
        connection,
        "preview.html",
        setup=setup,
        step=SetupStep.CHECK,
        stale=connection.configuration_version != setup.based_on,
        view=following_run(run),
        **await run_view(request, app, run, address, wanted),
    )


@router.api_route("/preview/changes.csv", methods=READ)
async def table(app: Services, customer: TheSetupCustomer, wanted: Lines) -> Response:
    """The lines that are looked for, as a table to keep."""
    return lines_table(await _the_run(app, customer), app.changes, wanted.fits, {})


@router.api_route("/preview.json", methods=READ)
async def progress(request: Request, app: Services, customer: TheSetupCustomer) -> JSONResponse:
    """What the page follows while the preview is made."""
    return document(request, following_run(await _the_run(app, customer)))


@router.post("/preview/cancel")
async def cancel(app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Nobody waits for the preview any more."""
    await app.runs.cancel(await _the_run(app, customer))
    return to(customer, "preview")


@router.post("/import")
async def finish(request: Request, app: Services, customer: TheSetupForm) -> RedirectResponse:
    """Put the settings into force and begin; pressed twice, it is one import."""
    values = await entered_in(request)
    based_on = values.number("configuration_version")
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    if connection.setup is None:  # pressed before, here or elsewhere
        return to(customer, "done")
    if setup.version == version_of(values) and not setup.shown:
        return to(customer, "preview")
    try:
        run_id = await app.setups.finish(
            customer, version_of(values), based_on if isinstance(based_on, int) else -1
        )
    except SetupChanged:
        fresh = await chosen_from(app, customer)
        finished = fresh is not None and fresh.setup is None
        return to(customer, "done" if finished else "check?changed=yes")
    return to(customer, f"done?run={run_id}" if run_id else "done")


async def _run(app: App, customer: Customer, setup: Setup) -> Run | None:
    try:
        return None if setup.preview is None else await run_of(app, customer, setup.preview)
    except NotFound:
        return None


async def _the_run(app: App, customer: Customer) -> Run:
    connection = await chosen_from(app, customer)
    run = None if connection is None else await _run(app, customer, app.setups.of(connection))
    if run is None:
        raise NotFound("run")
    return run


def _lacking(connection: Connection, setup: Setup) -> list[str]:
    """The permissions that what is chosen needs and the tenant has not granted."""
    draft = setup.draft
    needed = [NEEDED_BY[enrichment] for enrichment in draft.enrichments]
    if draft.scope.groups.mode is not GroupMode.NONE:
        needed.append(GROUPS)
    if draft.scope.shared_mailboxes is SharedMailboxes.LEAVE_OUT_BY_PURPOSE:
        needed.append(MAILBOXES)
    return [name for name in dict.fromkeys(needed) if lacking(connection.permissions, name)]
