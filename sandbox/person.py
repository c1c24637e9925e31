"""A person with a browser: follows redirects and fills in the forms of the simulated sign-in."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urljoin

import httpx
from bs4 import BeautifulSoup, Tag

Decision = Literal["accept", "decline", "close"]
ConsentPage = Literal["consent", "admin_consent"]
MAX_HOPS = 30


class LostPerson(Exception):
    """The person cannot get any further: the visit has no end, or a page lacks its form."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a visit; `page` names the simulator's page that answered, None for other answers."""

    method: str
    url: str
    status: int
    page: str | None


@dataclass(slots=True)
class Visit:
    """How a visit went: every hop in order, and the answer it ended on."""

    response: httpx.Response
    hops: list[Hop] = field(default_factory=list)

    @property
    def page(self) -> str | None:
        return self.hops[-1].page

    def callback(self, redirect_uri: str) -> str:
        """Return the address by which the application was last called back; raises LostPerson if never."""
        for hop in reversed(self.hops):
            if hop.url.partition("?")[0] == redirect_uri:
                return hop.url
        raise LostPerson(f"{redirect_uri} was never called")


class Person:
    """A browser with its own cookies, good for the application (http) and the simulators (https) alike.

    `tls` is the context that trusts the sandbox's certificate authority. Use it as an async context manager.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._client = httpx.AsyncClient(transport=BrowserTransport(verify=tls), timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def connect(
        self,
        url: str,
        *,
        account: str,
        decision: Decision = "accept",
        at: ConsentPage = "admin_consent",
    ) -> Visit:
        """Open `url`, sign in with `account` wherever asked, and go on to the application's last page.

        The application's own page before Microsoft's, if the link leads to one, is continued.
        `decision` is taken on the page `at`; the other consent page is always accepted. `close` leaves that
        page open and ends the visit there. Where an administrator's approval is missing, the person goes back
        to the application. The visit ends on the first page that is not one of the simulator's, or on its
        error page, or when the account is refused.
        """
        visit = await self.open(url)
        signed_in_at: set[str] = set()
        if (start := _find_form(visit.response, "ticket")) is not None:
            await self._submit(visit, start)
        while True:
            match visit.page:
                case "sign_in":
                    form = _form(visit.response, "account")
                    if (flow := form.fields["flow"]) in signed_in_at:
                        return visit
                    signed_in_at.add(flow)
                    await self._submit(visit, form, account=account)
                case "consent" | "admin_consent" as page:
                    chosen = decision if page == at else "accept"
                    if chosen == "close":
                        return visit
                    answer = "accept" if chosen == "accept" else "cancel"
                    await self._submit(visit, _form(visit.response, "decision"), decision=answer)
                case "approval_required":
                    await self._submit(visit, _form(visit.response, "decision"), decision="cancel")
                case "form_post":
                    await self._submit(visit, _form(visit.response))
                case _:
                    return visit

    async def open(self, url: str) -> Visit:
        """Get an address, follow its redirects and stop at the first page."""
        request = self._client.build_request("GET", url)
        visit = Visit(httpx.Response(204))
        await self._send(visit, request)
        return visit

    async def replay(self, visit: Visit, redirect_uri: str) -> Visit:
        """Open the address by which the application was called back once more."""
        return await self.open(visit.callback(redirect_uri))

    async def _submit(self, visit: Visit, form: _Form, **entries: str) -> None:
        request = self._client.build_request(form.method, form.action, data={**form.fields, **entries})
        await self._send(visit, request)

    async def _send(self, visit: Visit, request: httpx.Request) -> None:
        next_request: httpx.Request | None = request
        while next_request is not None:
            if len(visit.hops) >= MAX_HOPS:
                raise LostPerson(f"still no end after {MAX_HOPS} hops, the last to {next_request.url}")
            visit.response = response = await self._client.send(next_request)
            visit.hops.append(
                Hop(next_request.method, str(next_request.url), response.status_code, _page(response))
            )
            next_request = response.next_request


class BrowserTransport(httpx.AsyncHTTPTransport):
    """Reads an empty `domain=` of a cookie as browsers do: as not given (RFC 6265, 5.2.3).

    The Functions host writes one, and Python's cookie jar would refuse the cookie for it.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.headers = httpx.Headers(
            [
                (name, re.sub(rb"(?i);\s*domain=\s*(?=;|$)", b"", value))
                if name.lower() == b"set-cookie"
                else (name, value)
                for name, value in response.headers.raw
            ]
        )
        return response


@dataclass(frozen=True, slots=True)
class _Form:
    action: str
    method: str
    fields: dict[str, str]


def _page(response: httpx.Response) -> str | None:
    if "text/html" not in response.headers.get("Content-Type", ""):
        return None
    body = BeautifulSoup(response.text, "html.parser").body
    page = body.get("data-entra-page") if body else None
    return page if isinstance(page, str) else None


def _form(response: httpx.Response, control: str | None = None) -> _Form:
    """Return a page's first form that has a control of this name, with its hidden inputs."""
    form = _find_form(response, control)
    if form is None:
        raise LostPerson(f"no form with {control!r} on {response.url.copy_with(query=None)}")
    return form


def _find_form(response: httpx.Response, control: str | None = None) -> _Form | None:
    for form in BeautifulSoup(response.text, "html.parser").find_all("form"):
        if control is None or form.select_one(f'[name="{control}"]'):
            return _Form(
                urljoin(str(response.url), _attribute(form, "action")),
                _attribute(form, "method").upper() or "GET",
                {
                    _attribute(field, "name"): _attribute(field, "value")
                    for field in form.find_all("input", type="hidden")
                },
            )
    return None


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value if isinstance(value, str) else ""
