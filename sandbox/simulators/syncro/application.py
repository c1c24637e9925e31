"""The simulated SyncroMSP API v1 as a web application.

Follows the vendor's OpenAPI document (api-docs.syncromsp.com/swagger.json) and "Syncro REST API"
(docs.syncromsp.com/scripting-apis/syncro-rest-api). The real API has the account's subdomain in the host
name; here it is the first part of the path. Names that nobody has an account under are answered as by the
host of all subdomains.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.simulators.faults import CONTROL_PREFIX, FaultPlan, add_fault_routes, fault_middleware
from sandbox.simulators.request_log import RequestLog, add_request_log_routes, request_log_middleware
from sandbox.simulators.syncro import handlers
from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.control import add_control_routes
from sandbox.simulators.syncro.errors import (
    Body,
    Refusal,
    no_such_site,
    not_authorized,
    not_found,
    suspended,
    unauthenticated,
)
from sandbox.simulators.syncro.handlers import Call
from sandbox.simulators.syncro.state import Syncro
from sandbox.simulators.syncro.tokens import CREATE, EDIT, LIST, VIEW, Token

_API = "/{subdomain}/api/v1"
_ROUTES: tuple[tuple[str, str, str | None, Callable[[Call], Awaitable[Body]]], ...] = (
    ("GET", "/me", None, handlers.me),
    ("GET", "/contacts", VIEW, handlers.list_contacts),
    ("POST", "/contacts", EDIT, handlers.post_contact),
    ("GET", "/contacts/{id}", VIEW, handlers.get_contact),
    ("PUT", "/contacts/{id}", EDIT, handlers.put_contact),
    ("DELETE", "/contacts/{id}", EDIT, handlers.remove_contact),
    ("GET", "/customers", LIST, handlers.list_customers),
    ("POST", "/customers", CREATE, handlers.post_customer),
    ("GET", "/customers/{id}", VIEW, handlers.get_customer),
    ("PUT", "/customers/{id}", EDIT, handlers.put_customer),
)


def syncro_application(syncro: Syncro, base_url: str, *, faults: FaultPlan | None = None) -> web.Application:
    """Build the service that answers at `base_url`, for all its accounts."""
    plan, log = faults or FaultPlan(), RequestLog()
    server = _Server(syncro, base_url)
    application = web.Application(
        middlewares=[
            request_log_middleware(log, _subdomain_in),
            server.limit_calls,
            fault_middleware(plan, _subdomain_in),
        ]
    )
    add_fault_routes(application, plan)
    add_request_log_routes(application, log)
    add_control_routes(application, syncro)
    for method, path, permission, handle in _ROUTES:
        application.router.add_route(method, _API + path, server.endpoint(permission, handle))
    application.router.add_route("*", "/{subdomain}{path:.*}", server.endpoint(None, _nothing_here))
    return application


class _Server:
    def __init__(self, syncro: Syncro, base_url: str) -> None:
        self._syncro, self._base_url = syncro, base_url

    @web.middleware
    async def limit_calls(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer no more calls of one IP address than the limit allows, whatever they ask for."""
        if request.path.startswith(CONTROL_PREFIX):
            return await handler(request)
        wait = self._syncro.limit.take(request.remote or "")
        if wait is None:
            return await handler(request)
        headers = {"Retry-After": str(max(math.ceil(wait), 1))} if self._syncro.retry_after else {}
        # Nobody has published this body; it is what the usual limiter of Rails applications says.
        return web.Response(status=429, text="Retry later\n", headers=headers)

    def endpoint(self, permission: str | None, handle: Callable[[Call], Awaitable[Body]]) -> Handler:
        """Return a handler for those whose token has the permission."""

        async def answer(request: web.Request) -> web.Response:
            try:
                account = self._account(request)
                token = _authenticate(account, request)
                if permission is not None and not token.allows(permission):
                    raise not_authorized()
                site_url = f"{self._base_url}/{account.subdomain}"
                return web.json_response(await handle(Call(account, token, request, site_url)))
            except Refusal as refusal:
                return _answer_refusal(refusal)

        return answer

    def _account(self, request: web.Request) -> SyncroAccount:
        account = self._syncro.accounts.get(request.match_info["subdomain"].lower())
        if account is None:
            raise no_such_site()
        return account


async def _nothing_here(_call: Call) -> Body:
    raise not_found()


def _authenticate(account: SyncroAccount, request: web.Request) -> Token:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        text = request.query.get("api_key", "")
    token = account.token(text.strip())
    if token is None:
        raise unauthenticated(account.behaviour)
    if account.suspended:
        raise suspended(account.behaviour)
    return token


def _answer_refusal(refusal: Refusal) -> web.Response:
    if isinstance(refusal.body, str):
        return web.Response(status=refusal.status, text=refusal.body, content_type="text/html")
    return web.json_response(refusal.body, status=refusal.status)


def _subdomain_in(request: web.Request) -> str | None:
    return request.path.split("/")[1].lower() or None
