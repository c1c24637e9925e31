"""Misbehaviour on request: a plan of faults and the middleware by which any simulator obeys it.

Control surface at `/_control/faults`: GET shows, POST adds one fault or a list of them, DELETE clears.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import unquote

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

FaultKind = Literal[
    "status",
    "throttle",
    "delay",
    "reset",
    "lose_reply",
    "truncate",
    "expire_delta",
    "foreign_next_link",
    "looping_next_link",
]
TenantOf = Callable[[web.Request], str | None]
CONTROL_PREFIX = "/_control/"
FAULT: web.RequestKey[Fault] = web.RequestKey("fault", object)  # type: ignore[arg-type]
CONNECTION_CUT = 499


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One way to misbehave, for the requests it matches.

    A request matches when `method` is empty or equal, `tenant` is empty or equal, and the regular
    expression `path` is found in its decoded path and query. The first `skip` matches pass unharmed, the
    next `count` are hit (None: all of them).

    - `status`: answer `status` with `body` (text as it is, anything else as JSON) instead of doing the work.
    - `throttle`: answer 429 (or `status`), with `retry_after` seconds if given.
    - `delay`: wait `seconds`, then do the work.
    - `reset`: cut the connection before doing anything; `lose_reply`: do the work, then cut it.
    - `truncate`: do the work, announce the whole length, send half of the body and close.
    - the others are obeyed by the simulator itself, which finds the fault under `request[FAULT]`.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    tenant: str = ""
    skip: int = 0
    count: int | None = 1
    status: int = 0
    retry_after: int | None = None
    seconds: float = 0.0
    headers: dict[str, str] = {}
    body: Any = None
    hits: int = 0

    def __post_init__(self) -> None:
        re.compile(self.path)

    def matches(self, method: str, path: str, tenant: str | None) -> bool:
        return (
            self.method.upper() in {"", method.upper()}
            and self.tenant.lower() in {"", (tenant or "").lower()}
            and re.search(self.path, path) is not None
        )


class FaultPlan:
    """The faults to come, in order; the first that matches a request and is not used up decides."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def clear(self) -> None:
        self.faults.clear()

    def take(self, method: str, path: str, tenant: str | None = None) -> Fault | None:
        """Return the fault that hits a request, counting it as used; `path` is decoded and has its query."""
        for fault in self.faults:
            if fault.count is not None and fault.hits >= fault.count:
                continue
            if not fault.matches(method, path, tenant):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None


def fault_answer(fault: Fault) -> web.Response:
    """Build the answer of a `status` or `throttle` fault."""
    status = fault.status or (429 if fault.kind == "throttle" else 500)
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault.body, str):
        return web.Response(status=status, headers=headers, text=fault.body)
    if fault.body is None and fault.kind == "throttle":
        body: Any = {"error": {"code": "TooManyRequests", "message": "Too many requests."}}
    else:
        body = fault.body
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.json_response(body, status=status, headers=headers)


def fault_middleware(plan: FaultPlan, tenant_of: TenantOf | None = None) -> Middleware:
    """Return a middleware that applies the plan to every request outside the control surface."""

    @web.middleware
    async def apply_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await handler(request)
        tenant = tenant_of(request) if tenant_of and plan.faults else None
        fault = plan.take(request.method, unquote(request.raw_path), tenant)
        if fault is None:
            return await handler(request)
        return await _misbehave(fault, request, handler)

    return apply_faults


async def _misbehave(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    match fault.kind:
        case "status" | "throttle":
            await request.read()
            return fault_answer(fault)
        case "reset":
            _cut(request)
            return web.Response(status=CONNECTION_CUT)
        case "lose_reply":
            response = await handler(request)
            _cut(request)
            return response
        case "truncate":
            return await _truncate(request, await handler(request))
        case "delay":
            await request.read()  # so that the work is done late even for a client that has gone by then
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        case _:
            request[FAULT] = fault
            return await handler(request)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _truncate(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes):
        raise TypeError("only an answer with a body of bytes can be cut short")
    headers = {**response.headers, "Content-Length": str(len(body)), "Connection": "close"}
    cut_short = web.StreamResponse(status=response.status, headers=headers)
    await cut_short.prepare(request)
    await cut_short.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut_short


def add_fault_routes(application: web.Application, plan: FaultPlan) -> None:
    """Add the control surface of a fault plan."""

    async def show(_request: web.Request) -> web.Response:
        return web.json_response({"faults": msgspec.to_builtins(plan.faults)})

    async def add(request: web.Request) -> web.Response:
        try:
            decoded = msgspec.json.decode(await request.read())
            wanted = msgspec.convert(decoded if isinstance(decoded, list) else [decoded], list[Fault])
        except (msgspec.DecodeError, msgspec.ValidationError, re.error) as error:
            return web.json_response({"error": str(error)}, status=400)
        plan.add(*wanted)
        return web.json_response({"faults": msgspec.to_builtins(plan.faults)}, status=201)

    async def clear(_request: web.Request) -> web.Response:
        plan.clear()
        return web.Response(status=204)

    application.router.add_get("/_control/faults", show)
    application.router.add_post("/_control/faults", add)
    application.router.add_delete("/_control/faults", clear)
