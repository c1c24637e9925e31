"""What a request passes before any work is done for it: key, call limit, account, permission."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from math import ceil

from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.errors import AteraError
from sandbox.simulators.atera.keys import presented_key
from sandbox.simulators.atera.state import Atera

Work = Callable[[AteraAccount, web.Request], Awaitable[web.Response]]

_logger = logging.getLogger(__name__)


class Gate:
    """Lets the callers of one service through to the work they may have done."""

    def __init__(self, atera: Atera) -> None:
        self._atera = atera

    def tenant_of(self, request: web.Request) -> str | None:
        """Return the id of the account whose key was sent, good or not, in whichever header."""
        texts = (presented_key(request.headers)[1], request.headers.get("X-API-KEY", ""))
        return next((account.id for text in texts if (account := self._atera.account_of(text))), None)

    def guarded(
        self, permission: str | None, work: Work
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Do the work for callers with the permission; `permission`: None when every good key will do."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await work(self._admit(request, permission), request)
            except AteraError as error:
                return error.answer()
            except Exception:
                # A write hook may raise: what is written stays written, and the caller cannot know.
                _logger.exception("the simulated Atera failed")
                return web.Response(status=500)

        return answer

    def _admit(self, request: web.Request, permission: str | None) -> AteraAccount:
        caller = self._atera.caller(request.headers)
        if caller is None:
            raise AteraError(401)
        account, key = caller
        _count(account)
        if account.suspended:
            raise AteraError(account.behaviour.suspended_status, "The account is suspended.")
        if permission is not None and permission not in key.permissions:
            raise AteraError(403, f"The token lacks the permission {permission}.")
        return account


def _count(account: AteraAccount) -> None:
    account.limit.per_minute = account.behaviour.calls_per_minute
    wait = account.limit.take(account.id)
    if wait is not None:
        headers = {"Retry-After": str(max(1, ceil(wait)))} if account.behaviour.retry_after else {}
        raise AteraError(429, "The account has made too many calls.", headers=headers)
