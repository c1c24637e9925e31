"""Who is calling, and what the call may read.

Follows "Microsoft Graph permissions reference" (learn.microsoft.com/graph) and "Continuous access evaluation"
(learn.microsoft.com/entra).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from sandbox.simulators.graph.errors import GraphError
from sandbox.simulators.tokens import GRAPH_AUDIENCE, InvalidToken, TokenAuthority
from sandbox.world.model import Tenant, User, World

_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
USER_READ = _DIRECTORY | {"User.Read.All", "User.ReadWrite.All"}
USER_READ_BASIC = USER_READ | {"User.ReadBasic.All"}
GROUP_READ = _DIRECTORY | {
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
}
ORGANIZATION_READ = _DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All"}
# For a signed-in user, who then sees three properties only.
ORGANIZATION_READ_OWN = ORGANIZATION_READ | {"User.Read", "User.Read.All", "User.ReadWrite.All"}
MAILBOX_SETTINGS_READ = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
AUDIT_LOG_READ = frozenset({"AuditLog.Read.All"})


@dataclass(frozen=True, slots=True)
class Caller:
    """An application, acting for itself or for a signed-in user, in one tenant."""

    tenant: Tenant
    client_id: str
    permissions: frozenset[str]
    user: User | None

    def may(self, any_of: frozenset[str]) -> bool:
        return not self.permissions.isdisjoint(any_of)

    def require(self, any_of: frozenset[str]) -> None:
        """Raise GraphError 403 unless one of the permissions was granted."""
        if not self.may(any_of):
            raise GraphError(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )


def authenticate(world: World, tokens: TokenAuthority, authorization: str | None) -> Caller:
    """Return the caller behind an Authorization header; raises GraphError 401, or 404 without a tenant."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthenticated(tokens, "Access token is empty.")
    try:
        claims = tokens.verify_access_token(token.strip(), GRAPH_AUDIENCE)
    except InvalidToken as error:
        message = "Lifetime validation failed, the token is expired."
        if "lifetime has ended" not in error.reason:
            message = f"Access token validation failure: {error.reason}."
        raise _unauthenticated(tokens, message) from error
    tenant = world.tenants.get(claims["tid"])
    if tenant is None or tenant.deleted:
        raise GraphError(
            404,
            "Directory_ObjectNotFound",
            "Unable to read the company information from the directory.",
        )
    principal = tenant.service_principals.get(claims["appid"])
    if principal is None:
        raise GraphError(
            401,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )
    if not principal.enabled:
        raise _challenge(tokens, claims)
    if "scp" not in claims:
        return Caller(tenant, principal.client_id, frozenset(claims.get("roles", ())), None)
    user = tenant.users.get(claims["oid"])
    if user is None or not user.enabled:
        raise _challenge(tokens, claims)
    return Caller(tenant, principal.client_id, frozenset(claims["scp"].split()), user)


def token_claims(authorization: str | None) -> dict[str, Any]:
    """Read the claims of a token without checking anything; an empty dict when there are none to read."""
    try:
        payload = (authorization or "").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _bearer(tokens: TokenAuthority) -> str:
    uri = f"{tokens.base_url}/common/oauth2/authorize"
    return f'Bearer realm="", authorization_uri="{uri}", client_id="00000003-0000-0000-c000-000000000000"'


def _unauthenticated(tokens: TokenAuthority, message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": _bearer(tokens)})


def _challenge(tokens: TokenAuthority, claims: dict[str, Any]) -> GraphError:
    """Build the answer to a token that was good until something critical happened."""
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(claims["iat"] + 1)}}}
    encoded = base64.b64encode(json.dumps(wanted).encode()).decode()
    header = f'{_bearer(tokens)}, error="insufficient_claims", claims="{encoded}"'
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenCreatedWithOutdatedPolicies",
        {"WWW-Authenticate": header},
    )
