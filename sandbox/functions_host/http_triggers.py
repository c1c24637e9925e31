"""HTTP functions: find the one a request is for, check its key, call it, answer."""

from __future__ import annotations

from aiohttp import web

from sandbox.functions_host import http_messages
from sandbox.functions_host.functions import Function, HttpTrigger
from sandbox.functions_host.invocations import MANUAL, Invocations, new_trace
from sandbox.functions_host.keys import AccessKeys
from sandbox.functions_host.logs import HOST
from sandbox.functions_host.protos import ParameterBinding
from sandbox.functions_host.routes import RouteTable
from sandbox.functions_host.worker import Call

_HOME = "<!doctype html><title>Functions</title><p>The Functions host is up and running."


class HttpTriggers:
    """Answers every request that is not for the host itself."""

    def __init__(
        self,
        functions: dict[str, Function],
        routes: RouteTable,
        keys: AccessKeys,
        invocations: Invocations,
        disabled: frozenset[str],
    ) -> None:
        self._functions = functions
        self._routes = routes
        self._keys = keys
        self._invocations = invocations
        self._disabled = disabled

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer 404 without a matching route or method, 401 without a fitting key, 500 when it fails."""
        found = self._routes.find(request.method, request.rel_url.raw_path)
        if found is None:
            if request.rel_url.raw_path == "/":
                return web.Response(text=_HOME, content_type="text/html")
            return web.Response(status=404)
        name, route_values = found
        function = self._functions[name]
        assert isinstance(function.trigger, HttpTrigger)
        if name in self._disabled and not self._keys.allow_admin(request):
            return web.Response(status=404)
        if not self._keys.allow(request, name, function.trigger.auth_level):
            return web.Response(status=401)
        return await self._call(function, function.trigger, request, route_values)

    async def _call(
        self, function: Function, trigger: HttpTrigger, request: web.Request, route_values: dict[str, str]
    ) -> web.Response:
        body = await http_messages.to_rpc(request, route_values)
        trace = new_trace(request.headers.get("traceparent", ""), request.headers.get("tracestate", ""))
        call = Call([ParameterBinding(trigger.parameter, body)], trace=trace)
        outcome = await self._invocations.run(function, MANUAL, call)
        if not outcome.succeeded:
            return web.Response(status=503 if outcome.cancelled else 500)
        try:
            return http_messages.to_response(outcome.return_value, request.method)
        except ValueError as error:
            HOST.error("The response of Functions.%s cannot be sent: %s", function.name, error)
            return web.Response(status=500)
