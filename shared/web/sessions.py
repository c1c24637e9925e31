"""Who is at the browser, and whether a form really comes from our own page."""

import hashlib
import hmac

from starlette.requests import Request

from shared.core.errors import Actor, Refused
from shared.services.access import Intent, PortalSession
from shared.web.cookies import SESSION
from shared.web.headers import origin
from shared.web.identifiers import segment
from shared.web.services import services_of

ACCOUNT_PAGE = "/portal/account"

_MOST_FIELDS = 3000  # the form with 999 groups in it has that many and some; a body is bounded anyway


class SessionEnded(Refused):
    """A portal page in a browser that has no session, or none any more."""

    status = 403

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "session_ended",
            "Your session has ended.",
            "Go back to where you came from and open this page from there again.",
            Actor.TECHNICIAN,
        )


class ForeignForm(Refused):
    """A form that was not filled in on our own page."""

    status = 403

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "form_refused",
            "This request did not come from our own page.",
            "Open the page again and press the button there. Nothing was changed.",
            Actor.TECHNICIAN,
        )


async def session_of(request: Request) -> PortalSession | None:
    """The browser's portal session, while it lasts; for one request it is looked up once."""
    if hasattr(request.state, "session"):
        return known_session(request)
    token = SESSION.read(request)
    session = None if not token else await services_of(request).access.portal_session(token)
    request.state.session = session
    return session


def known_session(request: Request) -> PortalSession | None:
    """The session that `session_of` found for this request; None where nobody asked it."""
    session: PortalSession | None = getattr(request.state, "session", None)
    return session


def home_of(session: PortalSession) -> str:
    """The page that the session begins on."""
    if session.customer_id is None:
        return ACCOUNT_PAGE
    page = f"/portal/customers/{segment(session.customer_id)}"
    return f"{page}/setup" if session.setup else page


def landing_of(session: PortalSession) -> str:
    """The page that a link opens."""
    home = home_of(session)
    if session.customer_id is None or session.setup:
        return home
    match session.intent:
        case Intent.CONNECT | Intent.CONFIGURE | Intent.PREVIEW:
            return f"{home}/setup"
        case Intent.REVIEW:
            return f"{home}/reviews"
    return home


def form_token(request: Request) -> str:
    """What our own forms carry and nobody else can know: it follows from the session's secret token."""
    token = SESSION.read(request) or ""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def check_same_origin(request: Request) -> None:
    """Raises ForeignForm when a browser says that another site sent the form.

    Pages that send no referrer make browsers write `Origin: null`, so `Sec-Fetch-Site` is asked first.
    What carries neither header is no browser, and has no session to abuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site != "same-origin":
            raise ForeignForm
        return
    sender = request.headers.get("Origin")
    if sender is not None and sender != origin(services_of(request).settings.public_url):
        raise ForeignForm


async def check_form(request: Request) -> None:
    """Raises ForeignForm unless the form is one of ours, filled in in this session."""
    check_same_origin(request)
    try:
        sent = (await request.form(max_fields=_MOST_FIELDS)).get("form_token")
    except UnicodeError:  # in a charset of the sender's choice
        raise ForeignForm from None
    if not isinstance(sent, str) or not sent.isascii() or not hmac.compare_digest(sent, form_token(request)):
        raise ForeignForm
