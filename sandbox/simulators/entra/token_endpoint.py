"""The token endpoint: authorization_code, refresh_token and client_credentials.

Follows "Microsoft identity platform and OAuth 2.0 authorization code flow"
(learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow), "OAuth 2.0 client credentials flow on
the Microsoft identity platform" (…/v2-oauth2-client-creds-grant-flow) and "Refresh tokens in the Microsoft
identity platform" (…/refresh-tokens): a refresh token lives 90 days, every use returns a new one, and the old
one stays good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from sandbox.simulators.entra.accounts import MULTI_TENANT, PERSONAL, find_addressed_tenant, find_application
from sandbox.simulators.entra.clients import authenticate
from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.flow import require
from sandbox.simulators.entra.permissions import DEFAULT, OPENID_SCOPES, RequestedScopes, full_name
from sandbox.simulators.entra.state import AuthorizationCode, EntraState, Grant
from sandbox.simulators.tokens import GRAPH_AUDIENCE
from sandbox.world.model import Application, Tenant, User

Answer = dict[str, Any]


def answer_token_request(state: EntraState, tenant_name: str, form: Mapping[str, str]) -> Answer:
    """Return the members of a successful token response; raises EntraError otherwise."""
    grant_type = require(form, "grant_type")
    tenant = find_addressed_tenant(state.world, tenant_name) if tenant_name != PERSONAL else None
    application = find_application(state.world, require(form, "client_id"), tenant_name)
    authenticate(state, application, form, _assertion_audiences(state, tenant_name, tenant))
    match grant_type:
        case "client_credentials":
            if tenant is None:
                raise EntraError(9001023)
            return _client_credentials(state, tenant, application, form)
        case "authorization_code":
            return _authorization_code(state, tenant, application, form)
        case "refresh_token":
            return _refresh_token(state, tenant, application, form)
        case _:
            raise EntraError(70003, grant_type=grant_type)


def _client_credentials(
    state: EntraState, tenant: Tenant, application: Application, form: Mapping[str, str]
) -> Answer:
    resource, separator, _ = require(form, "scope").rpartition(f"/{DEFAULT}")
    if not separator or " " in resource:
        raise EntraError(1002012)
    resource = resource.rstrip("/")
    if resource not in state.tokens.resources:
        raise EntraError(500011, resource=resource, tenant=tenant.display_name)
    principal = tenant.service_principals.get(application.client_id)
    at_home = tenant.id == application.home_tenant_id and resource != GRAPH_AUDIENCE
    if not at_home and (principal is None or state.replication.hides(principal, state.world.now())):
        raise EntraError(7000229, client_id=application.client_id, tenant=tenant.id)
    if principal and not principal.enabled:
        raise EntraError(7000112, client_id=application.client_id)
    lifetime = state.tokens.draw_lifetime()
    roles = principal.app_roles if principal and resource == GRAPH_AUDIENCE else ()
    token = state.tokens.issue_access_token(tenant, application, resource, roles=roles, lifetime=lifetime)
    seconds = int(lifetime.total_seconds())
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _authorization_code(
    state: EntraState, tenant: Tenant | None, application: Application, form: Mapping[str, str]
) -> Answer:
    code = state.code(require(form, "code"), application.client_id)
    if require(form, "redirect_uri") != code.redirect_uri:
        raise EntraError(500112)
    _check_verifier(code, form.get("code_verifier"))
    grantor = _grantor(state, code.grant, tenant)
    code.redeemed = True
    return _delegated_answer(state, application, grantor, code.grant, form, nonce=code.nonce)


def _refresh_token(
    state: EntraState, tenant: Tenant | None, application: Application, form: Mapping[str, str]
) -> Answer:
    token = state.refresh_token(require(form, "refresh_token"), application.client_id)
    return _delegated_answer(state, application, _grantor(state, token.grant, tenant), token.grant, form)


def _grantor(state: EntraState, grant: Grant, addressed: Tenant | None) -> tuple[Tenant, User]:
    """Return whose grant it is, if it still holds: the consent is there, and the person may still sign in."""
    tenant = find_addressed_tenant(state.world, grant.tenant_id)
    if tenant is None or addressed not in (None, tenant):
        raise EntraError(70000)
    user = tenant.users.get(grant.user_id)
    if user is None:
        raise EntraError(50034, account=grant.user_id)
    if not user.enabled:
        raise EntraError(50057)
    principal = tenant.service_principals.get(grant.client_id)
    if principal is None or principal.id != grant.principal_id:
        raise EntraError(65001, client_id=grant.client_id)
    if not principal.enabled:
        raise EntraError(7000112, client_id=grant.client_id)
    return tenant, user


def _delegated_answer(
    state: EntraState,
    application: Application,
    grantor: tuple[Tenant, User],
    grant: Grant,
    form: Mapping[str, str],
    *,
    nonce: str | None = None,
) -> Answer:
    tenant, user = grantor
    scope = form.get("scope") or grant.scope
    requested = RequestedScopes.parse(scope)
    # OpenID scopes are settled at sign-in; a token request only chooses among the Graph permissions.
    openid = requested.openid | RequestedScopes.parse(grant.scope).openid
    granted = state.granted_scopes(tenant, application, user)
    if not requested.delegated <= granted:
        raise EntraError(65001, client_id=application.client_id)
    delegated = (granted - OPENID_SCOPES) if requested.default else requested.delegated
    lifetime = state.tokens.draw_lifetime()
    seconds = int(lifetime.total_seconds())
    scopes = delegated | (openid - {"offline_access"})
    token = state.tokens.issue_access_token(
        tenant, application, GRAPH_AUDIENCE, scopes=scopes, user=user, lifetime=lifetime
    )
    reported = sorted(map(full_name, scopes)) + ([full_name(DEFAULT)] if requested.default else [])
    answer: Answer = {
        "token_type": "Bearer",
        "scope": " ".join(reported),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": token,
    }
    if "offline_access" in openid:
        answer["refresh_token"] = state.issue_refresh_token(
            state.grant(tenant, application, user, " ".join(sorted({*scope.split(), *openid})))
        )
    if "openid" in openid:
        answer["id_token"] = state.tokens.issue_id_token(
            tenant, application, user, scopes=openid, nonce=nonce, forgery=state.take_forgery()
        )
    if form.get("client_info") == "1":
        information = json.dumps({"uid": user.id, "utid": tenant.id}).encode()
        answer["client_info"] = base64.urlsafe_b64encode(information).rstrip(b"=").decode()
    return answer


def _check_verifier(code: AuthorizationCode, verifier: str | None) -> None:
    if code.challenge is None and verifier is None:
        return
    expected = verifier or ""
    if code.challenge_method == "S256":
        digest = hashlib.sha256(expected.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(expected.encode(), (code.challenge or "").encode()):
        raise EntraError(501481)


def _assertion_audiences(state: EntraState, tenant_name: str, tenant: Tenant | None) -> frozenset[str]:
    names = {tenant_name} | ({tenant.id} if tenant else MULTI_TENANT)
    paths = ("oauth2/v2.0/token", "v2.0")
    return frozenset(f"{state.base_url}/{name}/{path}" for name in names for path in paths)
