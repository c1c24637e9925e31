"""Requests to a PSA, never repeated here: only the caller knows what may be repeated."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import msgspec

from shared.adapters.psa.allowance import Allowance
from shared.adapters.psa.problems import NotSent, not_reached, rationed, unanswered, unintelligible
from shared.adapters.retry_after import retry_after
from shared.core.text import clean
from shared.telemetry.spans import calling

T = TypeVar("T")

_PATIENCE = 30.0
"""Seconds for a request from beginning to end; see `shared.core.links.SETTLED`."""
_TIMEOUT = httpx.Timeout(_PATIENCE, connect=10.0)
_THROTTLED = timedelta(seconds=30)  # where the PSA does not say how long
_LONGEST_SAYING = 200  # characters of what a PSA says that are shown
_DEEPEST = 4  # lists and fields within each other that are looked into for what a PSA says
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Reply(msgspec.Struct, frozen=True):
    """An answer that is neither a failure of the other side nor a request to wait."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return httpx.codes.is_success(self.status)  # also of a status that is in no book

    def read(self, kind: type[T], psa: str) -> T:
        """The body. Raises Unanswered where it makes no sense: what was asked for may be done."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unintelligible(psa) from None


class PsaHttp:
    """One account's API."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        psa: str,
        base_url: str,
        headers: Mapping[str, str],
        allowance: Allowance,
    ) -> None:
        """`http`: shared, bounded, follows no redirect; `base_url`: https, without a slash at its end;
        `headers` carry the key."""
        self._http, self.psa, self._base_url = http, psa, base_url
        self._headers = {**headers, "Accept": "application/json"}
        self.allowance = allowance
        self.calls = 0

    async def ask(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Reply:
        """The reply to one request. Raises NotSent and Unanswered, never anything with the key in it."""
        await self.allowance.take()
        self.calls += 1
        content = None if body is None else msgspec.json.encode(body)
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        try:
            with calling(self.psa.lower(), method) as call:
                async with asyncio.timeout(_PATIENCE):
                    found = await self._http.request(
                        method,
                        f"{self._base_url}/{path}",
                        params=params,
                        content=content,
                        headers=headers,
                        timeout=_TIMEOUT,
                        follow_redirects=False,
                    )
                call.answered(found.status_code)
        except _UNSENT:
            raise not_reached(self.psa) from None
        except (httpx.TransportError, httpx.DecodingError, TimeoutError):
            raise unanswered(self.psa) from None
        if found.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise await self._told_to_wait(found.headers)
        if found.is_server_error:
            raise unanswered(self.psa)
        if found.is_redirect or found.is_informational:
            raise unintelligible(self.psa)
        return Reply(found.status_code, found.content)

    async def _told_to_wait(self, headers: Mapping[str, str]) -> NotSent:
        seconds = retry_after(headers)
        wait = _THROTTLED if seconds is None else timedelta(seconds=max(seconds, 1.0))
        await self.allowance.pause(wait)
        return rationed(self.psa, wait)


def saying(*texts: object) -> str:
    """What the PSA said, as one short and harmless line."""
    said = clean("; ".join(text for text in map(_text, texts) if text))
    return said if len(said) <= _LONGEST_SAYING else f"{said[: _LONGEST_SAYING - 1]}…"


def _text(value: object, depth: int = 0) -> str:
    """Errors come as a text, a list of texts, or texts by field."""
    if isinstance(value, str):
        return value
    if depth == _DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_text(item, depth + 1) for item in value)))
    if isinstance(value, dict):
        said = ((name, _text(item, depth + 1)) for name, item in value.items())
        return "; ".join(f"{name}: {text}" for name, text in said if text)
    return ""
