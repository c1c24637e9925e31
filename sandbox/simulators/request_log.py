"""What a simulator was asked: counts by route and tenant, and the latest requests, never a token or a query.

Control surface: `GET /_control/requests` (optionally `?tenant=`), `DELETE /_control/requests`.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.simulators.faults import CONTROL_PREFIX, TenantOf

RECENT = 500
ROUTE: web.RequestKey[str] = web.RequestKey("route", str)


class LoggedRequest(NamedTuple):
    """One request as it was answered; a status of 499 means that the connection was cut."""

    method: str
    path: str
    status: int
    tenant: str | None


class RequestLog:
    """Counts since the last reset, and the most recent requests, oldest first."""

    def __init__(self) -> None:
        self.by_route: Counter[tuple[str | None, str]] = Counter()
        self.recent: deque[LoggedRequest] = deque(maxlen=RECENT)

    def clear(self) -> None:
        self.by_route.clear()
        self.recent.clear()

    def record(self, route: str, request: LoggedRequest) -> None:
        self.by_route[request.tenant, f"{request.method} {route}"] += 1
        self.recent.append(request)

    def summary(self, tenant: str | None = None) -> dict[str, Any]:
        """Return `{total, by_route, recent}`, of one tenant or of all."""
        by_route: Counter[str] = Counter()
        for (seen_tenant, route), count in self.by_route.items():
            if tenant in (None, seen_tenant):
                by_route[route] += count
        return {
            "total": by_route.total(),
            "by_route": dict(by_route),
            "recent": [entry._asdict() for entry in self.recent if tenant in (None, entry.tenant)],
        }


def request_log_middleware(log: RequestLog, tenant_of: TenantOf | None = None) -> Middleware:
    """Return a middleware that records requests outside the control surface.

    It goes before the fault middleware. A handler that serves many routes names its own in `request[ROUTE]`.
    """

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await handler(request)
        status = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            resource = request.match_info.route.resource
            route = request.get(ROUTE) or (resource.canonical if resource else request.path)
            tenant = tenant_of(request) if tenant_of else None
            log.record(route, LoggedRequest(request.method, request.path, status, tenant))

    return record


def add_request_log_routes(application: web.Application, log: RequestLog) -> None:
    """Add the control surface of a request log."""

    async def show(request: web.Request) -> web.Response:
        return web.json_response(log.summary(request.query.get("tenant")))

    async def clear(_request: web.Request) -> web.Response:
        log.clear()
        return web.Response(status=204)

    application.router.add_get("/_control/requests", show)
    application.router.add_delete("/_control/requests", clear)
