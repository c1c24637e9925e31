"""Requests to Microsoft Graph: through the SDK's request adapter, raw bytes back, retried where it helps.

The SDK's typed models cost hundreds of times the CPU, its retry handler gives up on a long Retry-After and
sees nothing of a batch's members, and its `GraphServiceClient(credentials)` sends the token to any host a
nextLink names; so only its adapter and its authentication provider are used, with the allowed host given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

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
from shared.adapters.graph import answers, batches, links
from shared.adapters.graph.answers import LONGEST_WAIT_HERE, Again, Answer, TokenRefused
from shared.adapters.graph.limits import Allowance, SharedLimits
from shared.adapters.graph.tracing import traced
from shared.core.errors import RetryLater, TenantryError
from shared.core.reasons import reason
from shared.telemetry import metrics
from shared.telemetry.spans import calling

T = TypeVar("T")

_ATTEMPTS = 5
_OUTAGE = timedelta(minutes=5)
_BATCHES_AT_ONCE = 4
ROUND = _BATCHES_AT_ONCE * batches.LARGEST
"""How many paths are worth giving to `batch` at once: more of them wait for each other."""

_NOTHING: frozenset[int] = frozenset()


class GraphTransport:
    """Reads of one tenant.

    Every method raises ResyncRequired, ActionRequired, RetryLater, and SourceFault for an answer that makes
    no sense and for an address outside of Graph, to which nothing is sent.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        credential: ConnectionCredential,
        graph_url: str,
        scope: str,
        *,
        tenant_id: str = "",
        limits: SharedLimits | None = None,
    ) -> None:
        """`http` is shared by all tenants, bounds what it reads and follows no redirect; `graph_url`: scheme
        and host; `scope`: of the token; `limits`: shared by all workers."""
        self.tenant_id = tenant_id
        self.requests = 0
        self._http, self._credential, self._limits = http, credential, limits
        self._graph_url = graph_url
        host = httpx.URL(graph_url).host
        provider = _Counting(credential, scopes=[scope], allowed_hosts=[host])
        provider.count = self._count
        self._adapter = GraphRequestAdapter(provider, traced(http))
        self._adapter.base_url = f"{graph_url}/v1.0"

    def url(self, path: str) -> str:
        """The address of a path below /v1.0."""
        return f"{self._adapter.base_url}/{path}"

    def check(self, link: str) -> None:
        """Whether a link leads to Graph; raises SourceFault when not."""
        if links.origin(link) != links.origin(self._graph_url):
            raise answers.foreign()

    async def reserve(self, *allowances: Allowance) -> None:
        """Take one request of each allowance, where they are shared at all."""
        if self._limits is not None:
            await self._limits.reserve(*allowances)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a successful answer."""
        return (await self.ask(url, headers=headers)).body

    async def ask(
        self, url: str, *, accept: Collection[int] = _NOTHING, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, successful or of a status in `accept`."""
        self.check(url)

        async def attempt(fresh_token: bool) -> Answer:
            return await self._expected(await self._send(Method.GET, url, headers), accept, fresh_token)

        return await self._insist(attempt)

    async def batch(
        self,
        paths: Sequence[str],
        *,
        accept: Collection[int] = _NOTHING,
        headers: Mapping[str, str] | None = None,
    ) -> list[Answer]:
        """The answers to GETs of paths below /v1.0 in the order asked, as `ask` gives them."""
        gate = asyncio.Semaphore(_BATCHES_AT_ONCE)

        async def part(start: int) -> list[Answer]:
            async with gate:
                return await self._batch(paths[start : start + batches.LARGEST], accept, headers or {})

        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(part(start)) for start in range(0, len(paths), batches.LARGEST)]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [answer for done in parts for answer in done.result()]

    async def download(self, location: str) -> bytes:
        """The body behind an address that Graph made for us, asked for without a token.

        Whoever knows the address can read what is there, so no error carries it.
        """
        if not links.may_download(location, self._graph_url):
            raise answers.foreign()

        async def attempt(_: bool) -> bytes:
            self._count()
            try:
                with calling("graph", "GET") as call:
                    found = await self._http.get(location, follow_redirects=False)
                    call.answered(found.status_code)
            except httpx.InvalidURL:
                raise answers.foreign() from None
            except (httpx.TransportError, httpx.DecodingError):
                raise Again from None
            if found.status_code == httpx.codes.OK:
                return found.content
            answer = Answer.of(found.status_code, found.headers, b"")
            if answer.passes:
                raise answers.passing(answer)
            if found.is_redirect:
                raise answers.foreign()
            raise _unavailable(_OUTAGE)  # such an address is good for minutes; the next run gets another

        return await self._insist(attempt)

    async def _batch(
        self, paths: Sequence[str], accept: Collection[int], headers: Mapping[str, str]
    ) -> list[Answer]:
        done: dict[int, Answer] = {}

        async def attempt(fresh_token: bool) -> list[Answer]:
            missing = {number: path for number, path in enumerate(paths) if number not in done}
            sent = await self._send(
                Method.POST, self.url("$batch"), content=batches.questions(missing, headers)
            )
            outer = await self._expected(sent, _NOTHING, fresh_token)
            failures: list[Exception] = []
            for number, answer in batches.replies(outer.body, list(missing)).items():
                try:
                    done[number] = await self._expected(answer, accept, fresh_token)
                except (TenantryError, Again, TokenRefused) as failure:
                    failures.append(failure)
            if failures:
                raise answers.weightiest(failures)
            return [done[number] for number in range(len(paths))]

        return await self._insist(attempt)

    async def _insist(self, attempt: Callable[[bool], Awaitable[T]]) -> T:
        """Try as often as it helps; `attempt` is told whether its token was just made."""
        if self._limits is not None:
            await self._limits.check()
        try:
            return await _with_retries(attempt, fresh_token=False)
        except TokenRefused:
            # A token may be revoked before it expires; asking for a fresh one tells what is gone.
            self._credential.forget()
        try:
            return await _with_retries(attempt, fresh_token=True)
        except TokenRefused:
            raise reason("consent_revoked", replicating=True) from None

    async def _expected(self, answer: Answer, accept: Collection[int], fresh_token: bool) -> Answer:
        if answer.status == httpx.codes.TOO_MANY_REQUESTS:
            metrics.graph_throttled()
        if answer.throttles_every_tenant and self._limits is not None:
            await self._limits.pause(answer.wait)
        return answers.expected(answer, accept, fresh_token=fresh_token)

    async def _send(
        self, method: Method, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        request = RequestInformation()
        request.http_method = method
        request.url = url
        request.headers.try_add("Accept", "application/json")
        for name, value in (headers or {}).items():
            request.headers.try_add(name, value)
        if content is not None:
            request.set_stream_content(content, "application/json")
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        try:
            found = cast(httpx.Response, await self._adapter.send_no_response_content_async(request, {}))
        except (httpx.TransportError, httpx.DecodingError):
            raise Again from None
        return Answer.of(found.status_code, found.headers, found.content)

    def _count(self) -> None:
        self.requests += 1


class _Counting(AzureIdentityAuthenticationProvider):
    """Counts every request that gets a token, the adapter's own answer to a claims challenge too."""

    count: Callable[[], None]

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: dict[str, Any] | None = None
    ) -> None:
        await super().authenticate_request(request, additional_authentication_context or {})
        self.count()


async def _with_retries(attempt: Callable[[bool], Awaitable[T]], *, fresh_token: bool) -> T:
    try:
        async for another in stamina.retry_context(
            on=_pause, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=LONGEST_WAIT_HERE
        ):
            with another:
                return await attempt(fresh_token)
    except Again as error:
        raise _unavailable(timedelta(seconds=error.wait) if error.wait else _OUTAGE) from None
    raise AssertionError("the retries neither returned nor raised")


def _unavailable(after: timedelta) -> RetryLater:
    return RetryLater("graph_unavailable", "Microsoft Graph is not answering.", after)


def _pause(error: Exception) -> bool | float:
    """stamina's question: try again, and after how many seconds?"""
    if not isinstance(error, Again):
        return False
    return True if error.wait is None else error.wait
