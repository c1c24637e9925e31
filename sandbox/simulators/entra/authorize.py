"""The authorization endpoint: code flow with PKCE, nonce and consent.

Follows "Microsoft identity platform and OAuth 2.0 authorization code flow"
(learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.simulators.entra.accounts import find_addressed_tenant, find_application
from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.flow import Flow, ReplyAddress, reported_error, require
from sandbox.simulators.entra.permissions import RequestedScopes, is_admin_restricted, may_approve_scopes
from sandbox.simulators.entra.state import AuthorizationCode, EntraState
from sandbox.world.model import Application, Tenant, User

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """The part of an authorization request that decides what the code will be good for."""

    scope: str
    nonce: str | None
    challenge: str | None
    challenge_method: str
    always_ask: bool
    login_hint: str

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> CodeRequest:
        """Check the request; raises EntraError for what the service reports to the redirect URI."""
        if (response_type := require(parameters, "response_type")) != "code":
            raise EntraError(700054, response_type=response_type)
        scope = require(parameters, "scope")
        RequestedScopes.parse(scope)
        if parameters.get("prompt") == "none":
            raise EntraError(50058)
        challenge = parameters.get("code_challenge")
        method = parameters.get("code_challenge_method", "plain")
        if challenge is not None and (method not in {"S256", "plain"} or not CHALLENGE.fullmatch(challenge)):
            raise EntraError(501491)
        always_ask = parameters.get("prompt") == "consent"
        return cls(
            scope, parameters.get("nonce"), challenge, method, always_ask, parameters.get("login_hint", "")
        )


class AuthorizeFlow(Flow):
    """Ends with an authorization code."""

    consent_page = "consent"
    decline_error = "access_denied"

    def __init__(
        self,
        state: EntraState,
        application: Application,
        addressed_tenant: Tenant | None,
        reply_address: ReplyAddress,
        request: CodeRequest,
    ) -> None:
        super().__init__(state, application, addressed_tenant, reply_address, request.login_hint)
        self.request = request

    def _continue(self, tenant: Tenant, user: User) -> web.Response:
        missing = self._permissions() - self.state.granted_scopes(tenant, self.application, user)
        if missing or self.request.always_ask:
            return self.ask_for_consent(tenant, user, sorted(missing or self._permissions()))
        return self._send_code(tenant, user)

    def _accept(self, tenant: Tenant, user: User) -> web.Response:
        if not self.may_approve(user):
            raise EntraError(90094)
        self.state.record_user_consent(tenant, self.application, user, self._permissions())
        return self._send_code(tenant, user)

    def may_approve(self, user: User) -> bool:
        return may_approve_scopes(user) or not any(map(is_admin_restricted, self._permissions()))

    def _permissions(self) -> frozenset[str]:
        return RequestedScopes.parse(self.request.scope).permissions(self.application)

    def _send_code(self, tenant: Tenant, user: User) -> web.Response:
        principal = tenant.service_principals[self.application.client_id]
        if not principal.enabled:
            raise EntraError(7000112, client_id=self.application.client_id)
        request = self.request
        code = AuthorizationCode(
            self.state.grant(tenant, self.application, user, request.scope),
            self.reply_address.redirect_uri,
            request.nonce,
            request.challenge,
            request.challenge_method,
        )
        return self.finish({"code": self.state.issue_code(code)})


def begin_authorize(state: EntraState, tenant_name: str, parameters: Mapping[str, str]) -> web.Response:
    """Answer the request that opens the sign-in; raises EntraError where only an error page is safe."""
    application = find_application(state.world, require(parameters, "client_id"), tenant_name)
    reply_address = ReplyAddress.parse(application, parameters)
    tenant = find_addressed_tenant(state.world, tenant_name)
    try:
        request = CodeRequest.parse(parameters)
    except EntraError as failure:
        return reply_address.reply(reported_error(state, failure))
    return AuthorizeFlow(state, application, tenant, reply_address, request).sign_in_page()
