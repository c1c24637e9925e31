"""The host's own endpoints below `/admin`: its status, the list of functions, and running one by hand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.functions_host.functions import Function, HttpTrigger
from sandbox.functions_host.invocations import MANUAL, Invocations, new_trace
from sandbox.functions_host.keys import AccessKeys
from sandbox.functions_host.protos import ParameterBinding, TypedData
from sandbox.functions_host.timers import TimerListener
from sandbox.functions_host.worker import Call


class Admin:
    """Status and ping are open to everybody on this machine; everything else needs the master key."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        timers: Mapping[str, TimerListener],
        disabled: frozenset[str],
        keys: AccessKeys,
        invocations: Invocations,
    ) -> None:
        self._functions = {name.lower(): function for name, function in functions.items()}
        self._timers = timers
        self._disabled = disabled
        self._keys = keys
        self._invocations = invocations
        self._started = time.monotonic()
        self._background: set[asyncio.Task[Any]] = set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the endpoints."""
        router.add_get("/admin/host/status", self._status)
        router.add_get("/admin/host/ping", self._ping)
        router.add_get("/admin/functions", self._list)
        router.add_get("/admin/functions/{name}", self._show)
        router.add_post("/admin/functions/{name}", self._run)

    async def _ping(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def _status(self, _request: web.Request) -> web.Response:
        uptime = int((time.monotonic() - self._started) * 1000)
        return web.json_response(
            {"state": "Running", "processUptime": uptime, "running": self._invocations.running}
        )

    async def _list(self, request: web.Request) -> web.Response:
        self._authorize(request)
        return web.json_response([self._describe(function) for function in self._functions.values()])

    async def _show(self, request: web.Request) -> web.Response:
        self._authorize(request)
        return web.json_response(self._describe(self._find(request)))

    async def _run(self, request: web.Request) -> web.Response:
        self._authorize(request)
        function = self._find(request)
        text = await _read_input(request)
        if isinstance(function.trigger, HttpTrigger):
            raise web.HTTPBadRequest(text="An HTTP function is run by a request to its own route.")
        if timer := self._timers.get(function.name):
            started: Any = timer.fire_manually()
        else:
            started = self._invocations.run(function, MANUAL, _queue_call(function, text))
        task = asyncio.create_task(started)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return web.Response(status=202)

    def _authorize(self, request: web.Request) -> None:
        if not self._keys.allow_admin(request):
            raise web.HTTPUnauthorized

    def _find(self, request: web.Request) -> Function:
        try:
            return self._functions[request.match_info["name"].lower()]
        except KeyError:
            raise web.HTTPNotFound from None

    def _describe(self, function: Function) -> dict[str, Any]:
        return {
            "name": function.name,
            "language": "python",
            "isDisabled": function.name in self._disabled,
            "config": {
                "name": function.name,
                "entryPoint": function.name,
                "bindings": list(function.bindings),
            },
        }


async def _read_input(request: web.Request) -> str:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        document = json.loads(await request.read())
    except ValueError:
        raise web.HTTPBadRequest(text="The body must be JSON.") from None
    text = (document.get("input") or "") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise web.HTTPBadRequest(text='The body must be an object like {"input": "text"}.')
    return text


def _queue_call(function: Function, text: str) -> Call:
    binary = getattr(function.trigger, "binary", False)
    content = TypedData(bytes=text.encode()) if binary else TypedData(string=text)
    metadata = {"Id": TypedData(string=""), "DequeueCount": TypedData(json="0")}
    return Call([ParameterBinding(function.trigger.parameter, content)], metadata, new_trace())
