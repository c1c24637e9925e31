"""The admin consent endpoint.

Follows "Admin consent on the Microsoft identity platform"
(learn.microsoft.com/entra/identity-platform/v2-admin-consent). Every answer carries `admin_consent=True`, a
refusal too: only the absence of `error` means approval, and a refusal names no tenant.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from sandbox.simulators.entra.accounts import find_addressed_tenant, find_application
from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.flow import Flow, ReplyAddress, reported_error, require
from sandbox.simulators.entra.permissions import (
    OPENID_SCOPES,
    RequestedScopes,
    may_approve_app_roles,
    may_approve_scopes,
)
from sandbox.simulators.entra.state import EntraState
from sandbox.world.model import Application, Tenant, User


class AdminConsentFlow(Flow):
    """Ends with a service principal that has the permissions, or with an error."""

    consent_page = "admin_consent"
    decline_error = "consent_required"

    def __init__(
        self,
        state: EntraState,
        application: Application,
        addressed_tenant: Tenant | None,
        reply_address: ReplyAddress,
        scope: str,
    ) -> None:
        super().__init__(state, application, addressed_tenant, reply_address)
        self.scope = scope

    def finish(self, fields: dict[str, str]) -> web.Response:
        return super().finish({"admin_consent": "True", **fields})

    def may_approve(self, user: User) -> bool:
        return may_approve_app_roles(user) if self._app_roles() else may_approve_scopes(user)

    def _continue(self, tenant: Tenant, user: User) -> web.Response:
        return self.ask_for_consent(
            tenant, user, sorted(self._app_roles() | (self._scopes() - OPENID_SCOPES))
        )

    def _accept(self, tenant: Tenant, user: User) -> web.Response:
        if not self.may_approve(user):
            raise EntraError(90094)
        # Consent for the whole organization covers the sign-in scopes of everybody in it.
        scopes = self._scopes() | OPENID_SCOPES
        self.state.record_admin_consent(tenant, self.application, self._app_roles(), scopes)
        granted = [scope for scope in self.scope.split() if scope != "offline_access"]
        return self.finish({"tenant": tenant.id, "scope": " ".join(granted)})

    def _app_roles(self) -> set[str]:
        requested = RequestedScopes.parse(self.scope)
        return set(self.application.required_app_roles) if requested.default else set()

    def _scopes(self) -> set[str]:
        return set(RequestedScopes.parse(self.scope).permissions(self.application))


def begin_admin_consent(state: EntraState, tenant_name: str, parameters: Mapping[str, str]) -> web.Response:
    """Answer the request that opens the consent; raises EntraError where only an error page is safe."""
    application = find_application(state.world, require(parameters, "client_id"), tenant_name)
    reply_address = ReplyAddress.parse(application, parameters)
    tenant = find_addressed_tenant(state.world, tenant_name)
    try:
        RequestedScopes.parse(scope := require(parameters, "scope"))
    except EntraError as failure:
        return reply_address.reply({"admin_consent": "True"} | reported_error(state, failure))
    return AdminConsentFlow(state, application, tenant, reply_address, scope).sign_in_page()
