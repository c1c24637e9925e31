"""Requests to Syncro, and what the answers mean."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shared.adapters.psa import problems
from shared.adapters.psa.http import PsaHttp, Reply, saying
from shared.adapters.psa.syncro_documents import (
    Refusal,
)

NAME = "Syncro"
WHERE = "Admin > API > API Tokens"
VIEW, LIST, EDIT = "Customers - View Detail", "Customers - List/Search", "Customers - Edit"
"""Permissions of a token, by Syncro's names."""
SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A label of a host name, and nothing that could lead anywhere else."""
_SUSPENDED = " If the key is right, see whether the Syncro account is suspended."
_TAKEN = re.compile(r"taken|already|duplicate|in use", re.IGNORECASE)


class SyncroRequests:
    """Requests, and what their answers mean."""

    def __init__(self, http: PsaHttp) -> None:
        """`http`: of one account."""
        self._http = http

    async def ask(
        self,
        method: str,
        path: str,
        permission: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Reply:
        reply = await self._http.ask(method, path, params=params, body=body)
        if reply.ok:
            return reply
        refusal = _refusal(reply)
        match reply.status:
            case HTTPStatus.UNAUTHORIZED if (
                refusal is not None and "not authorized" in saying(refusal.error).lower()
            ):
                raise problems.permission_missing(NAME, WHERE, permission)
            case HTTPStatus.UNAUTHORIZED:
                raise problems.key_refused(NAME, WHERE, _SUSPENDED)
            case HTTPStatus.PAYMENT_REQUIRED | HTTPStatus.FORBIDDEN:
                raise problems.suspended(NAME, "The account is suspended, or its plan has no API.")
            case HTTPStatus.NOT_FOUND if refusal is None:
                raise problems.account_unknown(NAME)  # a page for people, not the API's own answer
            case HTTPStatus.NOT_FOUND:
                raise problems.Unknown
            case HTTPStatus.UNPROCESSABLE_ENTITY if refusal is not None:
                said = saying(refusal.errors, refusal.message)
                raise problems.Taken(said) if _TAKEN.search(said) else problems.Invalid(said)
        raise problems.unintelligible(NAME)


def _refusal(reply: Reply) -> Refusal | None:
    """The API's own answer, or None for a page that something else made."""
    try:
        return reply.read(Refusal, NAME)
    except problems.Unanswered:
        return None
