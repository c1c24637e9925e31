"""The simulated Microsoft Entra ID as an aiohttp application: its addresses, and how errors leave it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from aiohttp import web

from sandbox.simulators.entra.admin_consent import begin_admin_consent
from sandbox.simulators.entra.authorize import begin_authorize
from sandbox.simulators.entra.clients import with_basic_credentials
from sandbox.simulators.entra.control import STATE, add_control_routes
from sandbox.simulators.entra.errors import ERRORS, EntraError, error_fields
from sandbox.simulators.entra.metadata import instance_discovery, openid_configuration, signing_keys
from sandbox.simulators.entra.pages import error_page, page
from sandbox.simulators.entra.state import EntraState
from sandbox.simulators.entra.token_endpoint import answer_token_request
from sandbox.simulators.faults import FaultPlan, add_fault_routes, fault_middleware
from sandbox.simulators.request_log import RequestLog, add_request_log_routes, request_log_middleware
from sandbox.simulators.tokens import TokenAuthority
from sandbox.world.model import World


def entra_application(
    world: World, tokens: TokenAuthority, base_url: str, *, faults: FaultPlan | None = None
) -> web.Application:
    """Build the simulator that answers at `base_url`, which becomes the authority of all tokens."""
    tokens.base_url = base_url
    plan, log = faults or FaultPlan(), RequestLog()
    application = web.Application(
        middlewares=[request_log_middleware(log, _tenant_of), fault_middleware(plan, _tenant_of)]
    )
    application[STATE] = EntraState(world, tokens, base_url)
    router = application.router
    router.add_get("/common/discovery/instance", _show_instance)
    router.add_get("/error", _explain_error)
    router.add_post("/sign-in", _submit_account)
    router.add_post("/decision", _submit_decision)
    router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", _show_configuration)
    router.add_get("/{tenant}/discovery/v2.0/keys", _show_keys)
    router.add_get("/{tenant}/oauth2/v2.0/authorize", _authorize)
    router.add_post("/{tenant}/oauth2/v2.0/token", _issue_tokens)
    router.add_get("/{tenant}/oauth2/v2.0/logout", _sign_out)
    router.add_get("/{tenant}/v2.0/adminconsent", _admin_consent)
    add_control_routes(application)
    add_fault_routes(application, plan)
    add_request_log_routes(application, log)
    return application


async def _authorize(request: web.Request) -> web.Response:
    try:
        return begin_authorize(request.app[STATE], request.match_info["tenant"], request.query)
    except EntraError as failure:
        return error_page(failure)


async def _admin_consent(request: web.Request) -> web.Response:
    try:
        return begin_admin_consent(request.app[STATE], request.match_info["tenant"], request.query)
    except EntraError as failure:
        return error_page(failure)


async def _submit_account(request: web.Request) -> web.Response:
    form = await _form(request)
    try:
        flow = request.app[STATE].flow(form.get("flow", ""))
    except EntraError as failure:
        return error_page(failure)
    return flow.submit_account(account) if (account := form.get("account")) else flow.sign_in_page()


async def _submit_decision(request: web.Request) -> web.Response:
    form = await _form(request)
    try:
        return request.app[STATE].flow(form.get("flow", "")).submit_decision(form.get("decision") == "accept")
    except EntraError as failure:
        return error_page(failure)


async def _issue_tokens(request: web.Request) -> web.Response:
    form = with_basic_credentials(await _form(request), request.headers.get("Authorization"))
    try:
        answer = answer_token_request(request.app[STATE], request.match_info["tenant"], form)
    except EntraError as failure:
        return _error_answer(request, failure)
    return web.json_response(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


async def _show_configuration(request: web.Request) -> web.Response:
    try:
        return web.json_response(openid_configuration(request.app[STATE], request.match_info["tenant"]))
    except EntraError as failure:
        # Discovery names an unknown tenant differently from the token endpoint.
        return _error_answer(request, failure, error="invalid_tenant")


async def _show_keys(request: web.Request) -> web.Response:
    try:
        return web.json_response(signing_keys(request.app[STATE], request.match_info["tenant"]))
    except EntraError as failure:
        return _error_answer(request, failure)


async def _show_instance(request: web.Request) -> web.Response:
    try:
        return web.json_response(
            instance_discovery(request.app[STATE], request.query.get("authorization_endpoint", ""))
        )
    except EntraError as failure:
        return _error_answer(request, failure)


async def _sign_out(request: web.Request) -> web.Response:
    target = request.query.get("post_logout_redirect_uri", "")
    registered = request.app[STATE].world.applications.values()
    if any(target in application.redirect_uris for application in registered):
        return web.Response(status=302, headers={"Location": target})
    return page("signed_out")


async def _explain_error(request: web.Request) -> web.Response:
    code = request.query.get("code", "")
    kind = ERRORS.get(int(code)) if code.isdecimal() else None
    if kind is None:
        raise web.HTTPNotFound
    return page("error", code=code, text=kind.text)


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _error_answer(request: web.Request, failure: EntraError, **changes: str) -> web.Response:
    state = request.app[STATE]
    correlation_id = request.headers.get("client-request-id") or str(uuid.uuid4())
    fields: Mapping[str, object] = error_fields(failure, state.world.now(), correlation_id, state.base_url)
    return web.json_response(
        {**fields, **changes}, status=failure.kind.status, headers={"Cache-Control": "no-store"}
    )


def _tenant_of(request: web.Request) -> str | None:
    name = request.match_info.get("tenant")
    tenant = request.app[STATE].world.tenant_by_domain(name) if name else None
    return tenant.id if tenant else name
