"""The account's page: where its contacts live, and its customers."""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from shared.app import App
from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.errors import Actor, DestinationRefused, NotFound, Refused, RetryLater
from shared.core.text import clean
from shared.services.account_setup import importing
from shared.web import csv_table
from shared.web.following import Following, document
from shared.web.marks import marked
from shared.web.pages import page
from shared.web.paging import opened, sealed
from shared.web.portal.customer_table import COLUMNS, Only, lines, rows
from shared.web.portal.guard import TheAccount, TheAccountForm
from shared.web.problems import Problem, problem_of
from shared.web.services import READ, Services
from shared.web.sessions import ACCOUNT_PAGE
from shared.web.words import PSA_NAMES

router = APIRouter(prefix=ACCOUNT_PAGE)

_LONGEST_SEARCH = 200
_JUST_NOW = timedelta(minutes=1)
_SYNCRO = ".syncromsp.com"


class Attempt(msgspec.Struct, frozen=True):
    """What somebody tried on the page and what became of it; of a form everything but the key.

    `errors`: message by field; `form`: whether it was the form.
    """

    problem: Problem | None = None
    errors: Mapping[str, str] = {}
    form: bool = False
    kind: DestinationKind | None = None
    subdomain: str = ""


@router.api_route("", methods=READ)
async def show(
    request: Request,
    app: Services,
    account_id: TheAccount,
    *,
    search: str = "",
    only: Only = Only.ALL,
    after: str | None = None,
) -> HTMLResponse:
    """The destination, and a page of the customers."""
    search = clean(search)[:_LONGEST_SEARCH]
    return await _page(request, app, account_id, search=search, only=only, after=after)


@router.api_route("/customers.csv", methods=READ)
async def table(app: Services, account_id: TheAccount, search: str = "", only: Only = Only.ALL) -> Response:
    """The customers for a spreadsheet, as they are searched and filtered on the page."""
    found = lines(app, account_id, clean(search)[:_LONGEST_SEARCH], only)
    headers = {"Content-Disposition": 'attachment; filename="customers.csv"'}
    body = csv_table.table(COLUMNS, found)
    return StreamingResponse(body, media_type=csv_table.MEDIA_TYPE, headers=headers)


@router.api_route("/progress.json", methods=READ)
async def progress(request: Request, app: Services, account_id: TheAccount) -> JSONResponse:
    """What the page follows while customers are imported."""
    return document(request, _view(await app.account_setup.get(account_id), app))


@router.post("")
async def choose(
    request: Request,
    app: Services,
    account_id: TheAccountForm,
    *,
    kind: Annotated[str, Form()] = "",
    api_key: Annotated[str, Form()] = "",
    subdomain: Annotated[str, Form()] = "",
) -> Response:
    """Test the key and keep it. One that is not good changes nothing, and the form is there again."""
    chosen = next((known for known in DestinationKind if known.value == kind), None)
    named = _subdomain(subdomain) if chosen is DestinationKind.SYNCRO else ""
    attempt = Attempt(errors=_missing(chosen, api_key, named), form=True, kind=chosen, subdomain=named)
    if chosen is None or attempt.errors:
        return await _page(request, app, account_id, attempt=attempt, status=400)
    choice = app.account_setup.choose(account_id, chosen, api_key, named or None)
    return await _done(request, app, account_id, choice, attempt)


@router.post("/test")
async def test(request: Request, app: Services, account_id: TheAccountForm) -> Response:
    """Try the key that is kept."""
    return await _done(request, app, account_id, _tested(app, account_id), Attempt())


@router.post("/import")
async def import_customers(request: Request, app: Services, account_id: TheAccountForm) -> Response:
    """Have the PSA's customers read again."""
    return await _done(request, app, account_id, app.account_setup.begin_import(account_id), Attempt())


async def _done(
    request: Request,
    app: App,
    account_id: str,
    doing: Awaitable[object],
    attempt: Attempt,
) -> Response:
    """Back to the page; or the page with what is the matter, which nothing else would show again."""
    try:
        await doing
    except (DestinationRefused, Refused, RetryLater) as error:
        failed = msgspec.structs.replace(attempt, problem=_told(error))
        return await _page(request, app, account_id, attempt=failed, status=problem_of(error).status)
    return RedirectResponse(ACCOUNT_PAGE, 303)


async def _tested(app: App, account_id: str) -> None:
    with suppress(DestinationRefused):  # which is kept with the key, and shown for as long as it lasts
        await app.account_setup.test(account_id)


async def _page(
    request: Request,
    app: App,
    account_id: str,
    *,
    search: str = "",
    only: Only = Only.ALL,
    after: str | None = None,
    attempt: Attempt | None = None,
    status: int = 200,
) -> HTMLResponse:
    account = await app.access.accounts.get(account_id)
    if account is None:
        raise NotFound("account")
    destination, of = (
        await app.account_setup.get(account_id),
        f"portal customers {account_id} {only.value} {search}",
    )
    found = await rows(app, account_id, search, only, opened(after, of))
    now = app.clock.now()
    return page(
        request,
        "portal/account.html",
        status=status,
        account=account,
        destination=destination,
        psa=PSA_NAMES.get(destination.kind),
        reading=importing(destination, now),
        view=_view(destination, app),
        just_tested=destination.tested_at is not None and now - destination.tested_at < _JUST_NOW,
        attempt=attempt or Attempt(),
        rows=found.items,
        search=search,
        only=only.value,
        after=sealed(found.after, of),
        further=after is not None,
    )


def _view(destination: AccountDestination, app: App) -> Following:
    if not importing(destination, app.clock.now()):
        return Following("", "", "")
    psa = PSA_NAMES.get(destination.kind, "")
    return Following(
        str(destination.importing_since),
        marked("Reading the customers from {psa}").format(psa=psa),
        "They appear below when all of them are read. Nobody has to act.",
    )


def _missing(kind: DestinationKind | None, api_key: str, subdomain: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if kind is None:
        errors["kind"] = "Choose one of them."
    if kind is DestinationKind.SYNCRO and not subdomain:
        errors["subdomain"] = "Say which Syncro account it is."
    if kind is not DestinationKind.BUILTIN and not api_key.strip():
        errors["api_key"] = "Paste the key."
    return errors


def _subdomain(text: str) -> str:
    """The account's own part of an address, of which people paste more."""
    host = text.strip().lower().removeprefix("https://").partition("/")[0]
    return host.removesuffix(_SYNCRO)


def _told(error: DestinationRefused | Refused | RetryLater) -> Problem:
    """The problem; what would be tried again by itself in a run is here for the reader to do."""
    problem = problem_of(error)
    if not isinstance(error, RetryLater):
        return problem
    return msgspec.structs.replace(
        problem, detail="Nothing was changed. Try again in a minute.", actor=Actor.TECHNICIAN
    )
