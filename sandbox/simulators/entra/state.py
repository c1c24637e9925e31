"""What the simulated Entra ID remembers: sign-ins under way, codes, refresh tokens, consents."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.tokens import Forgery, TokenAuthority
from sandbox.world.model import Application, ServicePrincipal, Tenant, User, World

if TYPE_CHECKING:
    from sandbox.simulators.entra.flow import Flow

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_TOKEN_IDLE_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person gave an application: it is bound to the service principal that existed at that moment."""

    tenant_id: str
    user_id: str
    client_id: str
    principal_id: str
    scope: str
    issued: datetime


@dataclass(slots=True)
class AuthorizationCode:
    """A code and what redeeming it must match; `challenge` is None when the request had no PKCE."""

    grant: Grant
    redirect_uri: str
    nonce: str | None
    challenge: str | None
    challenge_method: str
    redeemed: bool = False


@dataclass(slots=True)
class RefreshToken:
    """A refresh token; `revoked` holds the moment from which it is no longer good."""

    grant: Grant
    revoked: datetime | None = None


@dataclass(slots=True)
class Replication:
    """How long a new consent stays invisible: for a number of seconds, and for a number of token requests."""

    seconds: float = 0.0
    failures: int = 0
    _pending: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def begin(self, principal: ServicePrincipal, now: datetime) -> None:
        self._pending[principal.id] = (now + timedelta(seconds=self.seconds), self.failures)

    def hides(self, principal: ServicePrincipal, now: datetime) -> bool:
        """Say whether a token request must still miss the consent; each call uses up one failure."""
        visible_from, failures = self._pending.get(principal.id, (now, 0))
        self._pending[principal.id] = (visible_from, max(0, failures - 1))
        return failures > 0 or now < visible_from


class EntraState:
    """All of it, in memory; times come from the world's clock."""

    def __init__(self, world: World, tokens: TokenAuthority, base_url: str) -> None:
        self.world = world
        self.tokens = tokens
        self.base_url = base_url
        self.replication = Replication()
        self.next_id_token: Forgery | None = None
        self.certificates: dict[str, list[str]] = {}
        self._flows: dict[str, Flow] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._user_consents: dict[tuple[str, str], set[str]] = {}

    def open_flow(self, flow: Flow) -> str:
        """Remember a sign-in under way and return the id by which its pages name it."""
        flow_id = secrets.token_urlsafe(24)
        self._flows[flow_id] = flow
        return flow_id

    def flow(self, flow_id: str) -> Flow:
        try:
            return self._flows[flow_id]
        except KeyError:
            raise EntraError(165000) from None

    def close_flow(self, flow_id: str) -> None:
        self._flows.pop(flow_id, None)

    def granted_scopes(self, tenant: Tenant, application: Application, user: User) -> set[str]:
        """Return the delegated permissions in force: those of an administrator and those the user gave."""
        principal = tenant.service_principals.get(application.client_id)
        if principal is None:
            return set()
        return principal.scopes | self._user_consents.get((principal.id, user.id), set())

    def record_user_consent(
        self, tenant: Tenant, application: Application, user: User, scopes: frozenset[str]
    ) -> None:
        principal = tenant.grant_consent(application.client_id)
        self._user_consents.setdefault((principal.id, user.id), set()).update(scopes)

    def record_admin_consent(
        self, tenant: Tenant, application: Application, app_roles: set[str], scopes: set[str]
    ) -> None:
        principal = tenant.grant_consent(application.client_id, app_roles, scopes)
        self.replication.begin(principal, self.world.now())

    def grant(self, tenant: Tenant, application: Application, user: User, scope: str) -> Grant:
        principal = tenant.service_principals[application.client_id]
        return Grant(tenant.id, user.id, application.client_id, principal.id, scope, self.world.now())

    def issue_code(self, code: AuthorizationCode) -> str:
        value = secrets.token_urlsafe(48)
        self._codes[value] = code
        return value

    def code(self, value: str, client_id: str) -> AuthorizationCode:
        """Find a code that was given to a client; raises EntraError when it is unknown, expired or used."""
        code = self._codes.get(value)
        if code is None or code.grant.client_id != client_id:
            raise EntraError(70000)
        if code.redeemed:
            raise EntraError(54005)
        if self.world.now() - code.grant.issued > CODE_LIFETIME:
            raise EntraError(70008)
        return code

    def issue_refresh_token(self, grant: Grant) -> str:
        value = secrets.token_urlsafe(64)
        self._refresh_tokens[value] = RefreshToken(grant)
        return value

    def refresh_token(self, value: str, client_id: str) -> RefreshToken:
        """Find a refresh token given to a client; raises EntraError when it is unknown, idle or revoked."""
        token = self._refresh_tokens.get(value)
        if token is None or token.grant.client_id != client_id:
            raise EntraError(70000)
        issued = token.grant.issued
        if token.revoked:
            raise EntraError(50173, issued=issued.isoformat(), valid_from=token.revoked.isoformat())
        if self.world.now() - issued > REFRESH_TOKEN_IDLE_LIFETIME:
            raise EntraError(700082, issued=issued.isoformat())
        return token

    def revoke_refresh_tokens(
        self, tenant_id: str, *, client_id: str | None = None, user_id: str | None = None
    ) -> int:
        """Revoke a tenant's refresh tokens, one client's or user's if named; return how many were good."""
        matching = [
            token
            for token in self._refresh_tokens.values()
            if token.revoked is None
            and token.grant.tenant_id == tenant_id
            and client_id in (None, token.grant.client_id)
            and user_id in (None, token.grant.user_id)
        ]
        for token in matching:
            token.revoked = self.world.now()
        return len(matching)

    def take_forgery(self) -> Forgery | None:
        """Return what the next id_token must falsify, once."""
        forgery, self.next_id_token = self.next_id_token, None
        return forgery
