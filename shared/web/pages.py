"""HTML pages: Jinja templates, always escaped, with a style sheet and one script of our own."""

from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.core.connection import Connection
from shared.services.access import PortalSession
from shared.web.cookies import SESSION
from shared.web.counts import read_and_written, written
from shared.web.identifiers import segment
from shared.web.languages import LANGUAGES, here, language_of
from shared.web.problems import Problem
from shared.web.sessions import form_token, home_of, known_session, session_of
from shared.web.static_files import address
from shared.web.words import utc, words_in


@cache
def _templates(language: str) -> Environment:
    """The templates in one language."""
    words = words_in(language)
    templates = Environment(
        loader=PackageLoader("shared.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.policies["ext.i18n.trimmed"] = True
    templates.install_gettext_translations(words.catalogue.translations, newstyle=True)  # type: ignore[attr-defined]
    templates.globals.update(static=address, segment=segment, language=language, languages=LANGUAGES)
    templates.filters.update(
        utc=utc,
        utc_text=words.utc_text,
        day=words.day,
        duration=words.duration,
        ago=words.ago,
        number=words.number,
        money=words.money,
        percent=words.percent,
        listed=words.listed,
        field=words.field,
        why=words.why,
        translated=words.sentence,
        written=partial(written, words),
        read_and_written=partial(read_and_written, words),
    )
    return templates


# What programs are told about ids and methods means nothing to people; and a page of somebody else's is
# no page at all, in the same words.
_NO_SUCH_PAGE = {"not_found", "invalid_request", "method_not_allowed"}


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page made of a template. Forms find `form_token` when the browser has a session; `whole_account` is
    whether that session is for the account rather than for one of its customers; `return_url` leads back to
    `return_site`, where the browser came from."""
    token, session = form_token(request) if SESSION.read(request) else None, known_session(request)
    language = language_of(request)
    back = None if session is None else session.return_url
    html = (
        _templates(language)
        .get_template(template)
        .render(
            form_token=token,
            whole_account=session is not None and session.customer_id is None,
            here_again=here(request, status),
            return_url=back,
            return_site=None if back is None else urlsplit(back).netloc,
            **values,
        )
    )
    said = {"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    return HTMLResponse(html, status, said | (headers or {}))


async def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """What happened, who must act, and how; with the way back where the browser has a portal open."""
    try:
        session = await session_of(request)
    except Exception:  # noqa: BLE001 - what broke the page may break this too; the way back is a courtesy
        session = None
    if problem.code in _NO_SUCH_PAGE:
        problem = msgspec.structs.replace(
            problem,
            title="There is no such page.",
            detail="Check the address, or open the page again from where you came.",
        )
    return page(
        request,
        "problem.html",
        status=problem.status,
        headers=dict(problem.headers),
        problem=problem,
        request_id=request.state.request_id,
        home=home_of(session) if session else None,
        setup=_setup(request, session) if session else None,
    )


def _setup(request: Request, session: PortalSession) -> str | None:
    """The setup in which a sign-in at Microsoft was begun that came to nothing."""
    if not request.scope["path"].startswith("/connect/"):
        return None
    begun: Connection | None = getattr(request.state, "connecting", None)
    customer = session.customer_id if begun is None else begun.customer_id
    ours = begun is None or begun.account_id == session.account_id
    if customer is None or not ours or not session.opens_setup(customer):
        return None
    return f"/portal/customers/{segment(customer)}/setup"
