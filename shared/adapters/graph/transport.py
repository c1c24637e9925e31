"""Requests to Microsoft Graph: through the SDK's request adapter, raw bytes back, retried where it helps.

The SDK's typed models cost hundreds of times the CPU, its retry handler gives up on a long Retry-After, and
its `GraphServiceClient(credentials)` sends the token to any host a nextLink names; so only its adapter and
its authentication provider are used, with the allowed host given.
"""

from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import httpx
import stamina
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter

from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph import documents
from shared.adapters.retry_after import retry_after
from shared.core.errors import Actor, ResyncRequired, RetryLater, SourceFault
from shared.core.reasons import reason

_ATTEMPTS = 5
_LONGEST_WAIT_HERE = 10.0  # seconds; what Graph asks beyond that is waited out by the queue
_OUTAGE = timedelta(minutes=5)
_PORTS = {"https": 443, "http": 80}
_RESYNC = frozenset({"syncstatenotfound", "resyncrequired"})
_NO_TENANT = "Directory_ObjectNotFound"  # the whole directory: no address of ours names a single object
_BRIEF = frozenset({408, 500, 502, 503, 504, 509})


class _Again(Exception):
    """Worth another try, after `wait` seconds or after the usual growing pause."""

    def __init__(self, wait: float | None = None) -> None:
        super().__init__()
        self.wait = wait


class _TokenRefused(Exception):
    """Graph does not take the token: 401, or 404 because it knows no such tenant."""


class GraphTransport:
    """GETs of one tenant."""

    def __init__(
        self, http: httpx.AsyncClient, credential: ConnectionCredential, graph_url: str, scope: str
    ) -> None:
        """`http` is shared by all tenants; `graph_url`: scheme and host; `scope`: of the token."""
        self._credential, self._origin = credential, _origin(graph_url)
        host = urlsplit(graph_url).hostname or ""
        provider = AzureIdentityAuthenticationProvider(credential, scopes=[scope], allowed_hosts=[host])
        self._adapter = GraphRequestAdapter(provider, http)
        self._adapter.base_url = f"{graph_url}/v1.0"
        self.requests = 0

    def url(self, path: str) -> str:
        """The address of a path below /v1.0."""
        return f"{self._adapter.base_url}/{path}"

    def check(self, link: str) -> None:
        """Whether a link leads to Graph; raises SourceFault when not."""
        if _origin(link) != self._origin:
            raise SourceFault(
                "foreign_link",
                "Microsoft Graph named a page on another server.",
                "The operator must look into it. Nothing was sent there.",
                Actor.OPERATOR,
            )

    async def get(self, url: str) -> bytes:
        """The body of a successful answer.

        Raises ResyncRequired, ActionRequired, RetryLater, and SourceFault for an answer that makes no sense
        and for an address outside of Graph, to which nothing is sent.
        """
        self.check(url)
        try:
            return await self._with_retries(url)
        except _TokenRefused:
            # A token may be revoked before it expires; asking for a fresh one tells what is gone.
            self._credential.forget()
        try:
            return await self._with_retries(url)
        except _TokenRefused:
            raise reason("consent_revoked", replicating=True) from None

    async def _with_retries(self, url: str) -> bytes:
        try:
            async for attempt in stamina.retry_context(
                on=_pause, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=_LONGEST_WAIT_HERE
            ):
                with attempt:
                    return await self._once(url)
        except _Again as error:
            after = timedelta(seconds=error.wait) if error.wait else _OUTAGE
            raise RetryLater("graph_unavailable", "Microsoft Graph is not answering.", after) from None
        raise AssertionError("the retries neither returned nor raised")

    async def _once(self, url: str) -> bytes:
        request = RequestInformation()
        request.http_method = Method.GET
        request.url = url
        request.headers.try_add("Accept", "application/json")
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        self.requests += 1
        try:
            answer = cast(httpx.Response, await self._adapter.send_no_response_content_async(request, {}))
        except (httpx.TransportError, httpx.DecodingError):
            raise _Again from None
        if answer.status_code == httpx.codes.OK:
            return _whole(answer)
        raise _failure(answer)


def _whole(answer: httpx.Response) -> bytes:
    """The body, if it is all there; a connection may break off without the HTTP library noticing."""
    body = answer.content.strip()
    if not body or (body.startswith(b"{") and not body.endswith(b"}")):
        raise _Again
    return body


def _failure(answer: httpx.Response) -> Exception:
    status, code = answer.status_code, documents.error_code(answer.content)
    if status == httpx.codes.GONE or (code.lower() in _RESYNC and status in (400, 404)):
        return ResyncRequired()
    if status == httpx.codes.UNAUTHORIZED or (status, code) == (httpx.codes.NOT_FOUND, _NO_TENANT):
        return _TokenRefused()
    wait = retry_after(answer.headers)
    if status == httpx.codes.TOO_MANY_REQUESTS or status in _BRIEF:
        if wait is not None and wait > _LONGEST_WAIT_HERE:
            title = "Microsoft Graph asks this service to wait."
            return RetryLater("graph_throttled", title, timedelta(seconds=wait))
        return _Again(wait)
    if status == httpx.codes.FORBIDDEN:
        return reason("permission_missing", replicating=True)
    return SourceFault(
        "graph_refused",
        f"Microsoft Graph refused a request with status {status}.",
        "The run is tried again. If it keeps failing, the operator must look at its log.",
        Actor.OPERATOR,
    )


def _pause(error: Exception) -> bool | float:
    """stamina's question: try again, and after how many seconds?"""
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else error.wait


def _origin(url: str) -> tuple[str, str | None, int | None]:
    nowhere = ("", None, None)
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return nowhere
    # Libraries differ in what they make of control characters and of names before the host.
    plain = url.isascii() and url.isprintable() and parts.username is None and parts.password is None
    return (parts.scheme, parts.hostname, port) if plain else nowhere
