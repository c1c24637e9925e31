"""The languages that pages speak, and which of them a request gets."""

import re
from datetime import timedelta
from http import HTTPStatus

from babel import negotiate_locale
from starlette.requests import Request

from shared.web.cookies import Cookie
from shared.web.negotiation import by_preference
from shared.web.sessions import home_of, known_session

LANGUAGES = {"en": "English", "de": "Deutsch", "it": "Italiano"}
"""Code → what its speakers call it."""

SOURCE = "en"
"""What the code and the templates are written in."""

CHOSEN = Cookie("language", timedelta(days=365))

_LONGEST_HEADER = 500
_OUR_PAGE = re.compile(r"/(?:portal|connect)(?:[/?][!-\[\]-~]{0,2000})?")  # ASCII, but no \


def language_of(request: Request) -> str:
    """What somebody chose in this browser; or else the first that the browser asks for; or English.

    The reference of the API is in English, as the API is.
    """
    if request.scope["path"].startswith("/api/"):
        return SOURCE
    chosen = CHOSEN.read(request)
    if chosen in LANGUAGES:
        return chosen
    asked = by_preference(request.headers.get("Accept-Language", "")[:_LONGEST_HEADER])
    return negotiate_locale(asked, LANGUAGES, sep="-") or SOURCE


def here(request: Request, status: int) -> str:
    """Where the page can be read again.

    A page that a form led to has no address, and one that says what is wrong does not repeat what it was
    asked for: then it is where the browser's session begins, or where a consent does.
    """
    path, query = str(request.scope["path"]), request.scope["query_string"].decode("ascii", errors="replace")
    if status < HTTPStatus.BAD_REQUEST and request.method != "POST":
        return f"{path}?{query}" if query else path
    session = known_session(request)
    if session is not None:
        return home_of(session)
    return "/connect/start" if path.startswith("/connect/") else "/portal"


def page_of_ours(address: str) -> str:
    """The address if it is one of a page of this site, without a host; else where the portal begins."""
    return address if _OUR_PAGE.fullmatch(address) else "/portal"
