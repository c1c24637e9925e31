"""Into the portal with a one-use link, and out again."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.app import App
from shared.web.cookies import SESSION
from shared.web.languages import CHOSEN, LANGUAGES, page_of_ours
from shared.web.pages import page
from shared.web.services import READ, Services
from shared.web.sessions import SessionEnded, check_form, check_same_origin, home_of, landing_of, session_of

router = APIRouter(prefix="/portal")

_AHEAD_OF_TIME = ("Sec-Purpose", "Purpose", "X-Moz")


@router.api_route("", methods=READ)
async def home(request: Request) -> Response:
    """To the account's or the customer's page."""
    session = await session_of(request)
    if session is None:
        raise SessionEnded
    return RedirectResponse(home_of(session), 303)


@router.get("/open")
async def open_link(request: Request, app: Services, token: str = "") -> Response:
    """Use the link up and let the browser in."""
    if any("prefetch" in request.headers.get(name, "") for name in _AHEAD_OF_TIME):
        # A browser that loads ahead of time discards an error and asks again when it is meant.
        raise HTTPException(503)
    return await _open(request, app, token)


@router.post("/open")
async def open_form(request: Request, app: Services, token: Annotated[str, Form()] = "") -> Response:
    """The same, for front ends that would rather not put the token into an address."""
    return await _open(request, app, token)


@router.post("/sign-out")
async def sign_out(request: Request, app: Services) -> HTMLResponse:
    """End the session, here and on our side."""
    await check_form(request)
    await app.access.close_portal(SESSION.read(request) or "")
    response = page(request, "portal/signed_out.html")
    SESSION.forget(request, response)
    return response


@router.post("/language")
def choose_language(
    request: Request, language: Annotated[str, Form()] = "", page: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Speak this language to this browser from now on, and back to the page; no session is needed."""
    check_same_origin(request)
    response = RedirectResponse(page_of_ours(page), 303)
    if language in LANGUAGES:
        CHOSEN.write(request, response, language)
    return response


async def _open(request: Request, app: App, token: str) -> Response:
    session_token, session = await app.access.open_portal(token)
    former = SESSION.read(request)
    if former:
        await app.access.close_portal(former)
    response = RedirectResponse(landing_of(session), 303)
    SESSION.write(request, response, session_token)
    return response
