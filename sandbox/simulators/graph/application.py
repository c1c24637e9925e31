"""The simulated Microsoft Graph v1.0 as a web application.

Follows "Use the Microsoft Graph API", "Paging Microsoft Graph data" and "Microsoft Graph throttling guidance"
(learn.microsoft.com/graph). The modules beside this one name the documents of their resources.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from sandbox.simulators.faults import FAULT, Fault, add_fault_routes, fault_middleware
from sandbox.simulators.graph.authorization import Caller, authenticate, token_claims
from sandbox.simulators.graph.batch import Member, answer_batch
from sandbox.simulators.graph.control import add_control_routes
from sandbox.simulators.graph.control_groups import add_group_control_routes
from sandbox.simulators.graph.control_insights import add_insight_control_routes
from sandbox.simulators.graph.downloads import DOWNLOAD_PREFIX, tenant_in
from sandbox.simulators.graph.errors import BadRequest, GraphError
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, json_answer, parse_target
from sandbox.simulators.graph.routes import Route, find_route
from sandbox.simulators.graph.state import GraphState
from sandbox.simulators.graph.throttling import cost
from sandbox.simulators.request_log import (
    ROUTE,
    LoggedRequest,
    add_request_log_routes,
    request_log_middleware,
)
from sandbox.simulators.tokens import TokenAuthority
from sandbox.world.model import World
from sandbox.world.seeded import seeded

VERSION_PREFIX = "/v1.0/"
COMPRESS_FROM = 1_024
DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"000"}}'
STATE: web.AppKey[GraphState] = web.AppKey("graph", GraphState)


def graph_application(
    world: World,
    tokens: TokenAuthority,
    base_url: str,
    *,
    clock: Callable[[], datetime] | None = None,
    seed: int = 0,
) -> web.Application:
    """Build the simulator; `base_url` is where it will be served and what its links begin with.

    `clock` judges the age of delta tokens and the throttling window (default: the world's); `seed` decides
    the order of what may come in any order.
    """
    simulator = _Simulator(GraphState(world, tokens, base_url, clock, seed), seed)
    state = simulator.state
    application = web.Application(
        middlewares=[
            request_log_middleware(state.requests, _tenant_of),
            fault_middleware(state.faults, _tenant_of),
        ]
    )
    application[STATE] = state
    add_fault_routes(application, state.faults)
    add_request_log_routes(application, state.requests)
    add_control_routes(application, state)
    add_group_control_routes(application, state)
    add_insight_control_routes(application, state)
    application.router.add_route("*", "/{path:.*}", simulator.serve)
    return application


class _Simulator:
    def __init__(self, state: GraphState, seed: int) -> None:
        self.state = state
        self._random = seeded("batch answers", seed)

    async def serve(self, http: web.Request) -> web.Response:
        if http.host.lower() in self.state.foreign_hosts:
            # Somebody followed a link away from Graph: note whether the token went along.
            call = {"path": http.path, "authorization": "Authorization" in http.headers}
            self.state.foreign_calls.append(call)
            return web.Response(status=404)
        if http.path.startswith(DOWNLOAD_PREFIX):
            return self._download(http)
        request_id = str(uuid.uuid4())
        client_request_id = http.headers.get("client-request-id", request_id)
        try:
            answer = await self._answer(http)
        except GraphError as error:
            answer = self._error_answer(error, request_id, client_request_id)
        answer.headers |= {
            "request-id": request_id,
            "client-request-id": client_request_id,
            "x-ms-ags-diagnostic": DIAGNOSTIC,
            "OData-Version": "4.0",
            "Cache-Control": "no-cache",
            "Content-Type": answer.content_type,
        }
        answer.headers.setdefault("x-ms-resource-unit", "1")
        return _response(answer, accepts_gzip="gzip" in http.headers.get("Accept-Encoding", ""))

    def _download(self, http: web.Request) -> web.Response:
        http[ROUTE] = "report download"
        life = timedelta(seconds=self.state.reports.download_seconds)
        answer = self.state.downloads.fetch(http.path, http.headers, self.state.now(), life)
        answer.headers["Content-Type"] = answer.content_type
        return _response(answer, accepts_gzip="gzip" in http.headers.get("Accept-Encoding", ""))

    async def _answer(self, http: web.Request) -> GraphAnswer:
        if not http.path.startswith(VERSION_PREFIX):
            raise BadRequest("Invalid version.")
        caller = authenticate(self.state.world, self.state.tokens, http.headers.get("Authorization"))
        target = http.raw_path.removeprefix(VERSION_PREFIX)
        if target.partition("?")[0] in ("$batch", "%24batch"):
            http[ROUTE] = "$batch"
            if http.method != "POST":
                raise _method_not_allowed()
            return answer_batch(
                await http.read(), lambda member: self._answer_member(caller, member), self._random
            )
        route, answer = self._dispatch(caller, http.method, target, http.headers, http.get(FAULT))
        http[ROUTE] = route
        return answer

    def _dispatch(
        self, caller: Caller, method: str, target: str, headers: Mapping[str, str], fault: Fault | None
    ) -> tuple[str, GraphAnswer]:
        segments, query = parse_target(target)
        route = find_route(segments)
        if method != "GET":
            raise _method_not_allowed()
        charged = self._charge(route, caller, query)
        request = GraphRequest(segments, query, headers, caller, self.state.base_url, fault)
        answer = route.handle(self.state, request)
        answer.headers |= charged
        return "/".join(route.path), answer

    def _charge(self, route: Route, caller: Caller, query: dict[str, str]) -> dict[str, str]:
        now = self.state.now()
        if route.limit:
            self.state.limits.count(route.limit, caller.tenant, caller.client_id, now)
        if not route.units:
            return {}
        return self.state.units.charge(caller.tenant, caller.client_id, cost(route.units, query), now)

    def _answer_member(self, caller: Caller, member: Member) -> GraphAnswer:
        request_id = str(uuid.uuid4())
        target = member.url.removeprefix("/")
        headers = CIMultiDict(member.headers)
        path = f"{VERSION_PREFIX}{target}"
        fault = self.state.faults.take(member.method, unquote(path), caller.tenant.id)
        try:
            if fault and fault.kind in ("status", "throttle"):
                answer = _member_fault(fault)
            else:
                _, answer = self._dispatch(caller, member.method.upper(), target, headers, fault)
        except GraphError as error:
            answer = self._error_answer(error, request_id, request_id)
        logged = LoggedRequest(member.method, path.partition("?")[0], answer.status, caller.tenant.id)
        self.state.requests.record("$batch member", logged)
        return answer

    def _error_answer(self, error: GraphError, request_id: str, client_request_id: str) -> GraphAnswer:
        answer = json_answer(error.body(self.state.now(), request_id, client_request_id), error.status)
        answer.headers |= error.headers
        answer.content_type = "application/json"
        return answer


def _method_not_allowed() -> GraphError:
    message = "Specified HTTP method is not allowed for the request target."
    return GraphError(405, "Request_BadRequest", message)


def _member_fault(fault: Fault) -> GraphAnswer:
    status = fault.status or (429 if fault.kind == "throttle" else 500)
    code = "TooManyRequests" if status == 429 else "generalException"
    body = fault.body if fault.body is not None else {"error": {"code": code, "message": "Simulated."}}
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return GraphAnswer(status, msgspec.json.encode(body), headers, "application/json")


def _tenant_of(request: web.Request) -> str | None:
    if (downloaded := tenant_in(request.path)) is not None:
        return downloaded
    tenant = token_claims(request.headers.get("Authorization")).get("tid")
    return tenant if isinstance(tenant, str) else None


def _response(answer: GraphAnswer, *, accepts_gzip: bool) -> web.Response:
    body, headers = answer.body, answer.headers
    if accepts_gzip and len(body) >= COMPRESS_FROM:
        compressor = zlib.compressobj(level=1, wbits=31)
        body = compressor.compress(body) + compressor.flush()
        headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(status=answer.status, body=body, headers=headers)
