"""Requests to Atera: which header carries the key, and what the answers mean."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec

from shared.adapters.psa import problems
from shared.adapters.psa.atera_documents import (
    Problem,
)
from shared.adapters.psa.http import PsaHttp, Reply, saying
from shared.ports import Clock

NAME = "Atera"
WHERE = "Admin > Data management > API"
PAGE = 50
_DOMAIN = {"contacts": "Contacts", "customers": "Customers", "departments": "Departments"}
_LEGACY = " Atera is replacing its older keys by access tokens that carry an expiry date."


def headers_of(key: str) -> dict[str, str]:
    """The header that carries the key: an access token is a JWT, an older key 32 hexadecimal digits."""
    return {"Authorization": f"Bearer {key}"} if _is_token(key) else {"X-API-KEY": key}


def expiry_of(key: str) -> datetime | None:
    """When an access token says that it expires; it is not ours to verify."""
    if not _is_token(key):
        return None
    try:
        part = key.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Claims)
        return None if claims.exp is None else datetime.fromtimestamp(claims.exp, UTC)
    except (IndexError, msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError):
        return None


class _Claims(msgspec.Struct):
    exp: float | None = None


def _is_token(key: str) -> bool:
    return key.startswith("eyJ") or len(key) > 100


class AteraRequests:
    """Requests, and what their answers mean."""

    def __init__(self, http: PsaHttp, expires_at: datetime | None, clock: Clock) -> None:
        """`http`: of one account; `expires_at`: of its key, where the key says so."""
        self._http, self._expires_at, self._clock = http, expires_at, clock

    async def ask(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Reply:
        reply = await self._http.ask(method, path, params=params, body=body)
        if reply.ok:
            return reply
        match reply.status:
            case HTTPStatus.UNAUTHORIZED:
                raise self._key_refused()
            case HTTPStatus.PAYMENT_REQUIRED:
                raise _suspended()
            case HTTPStatus.FORBIDDEN:
                raise await self._forbidden(method, path)
            case HTTPStatus.NOT_FOUND:
                raise problems.Unknown
            case HTTPStatus.CONFLICT:
                raise problems.Taken(_said(reply))
            case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
                raise problems.Invalid(_said(reply))
        raise problems.unintelligible(NAME)

    def _key_refused(self) -> Exception:
        if self._expires_at is not None and self._expires_at <= self._clock.now():
            return problems.key_expired(NAME, WHERE, self._expires_at.date().isoformat())
        return problems.key_refused(NAME, WHERE, "" if self._expires_at is not None else _LEGACY)

    async def _forbidden(self, method: str, path: str) -> Exception:
        """A key without one permission may at least ask whose it is."""
        resource = path.partition("/")[0].lower()
        if resource == "account" or not (await self._http.ask("GET", "account")).ok:
            return _suspended()
        domain = _DOMAIN.get(resource, "CustomValues")
        return problems.permission_missing(NAME, WHERE, f"{domain}: {'Read' if method == 'GET' else 'Write'}")


def _said(reply: Reply) -> str:
    try:
        problem = reply.read(Problem, NAME)
    except problems.Unanswered:
        return ""
    return saying(problem.errors) or saying(problem.detail, problem.title)


def _suspended() -> Exception:
    return problems.suspended(NAME, "The account is suspended, on trial, or its plan has no API.")
