"""Scopes as Entra ID reads them, and who may consent to what.

Follows "Scopes and permissions in the Microsoft identity platform"
(learn.microsoft.com/entra/identity-platform/scopes-oidc) and "Grant tenant-wide admin consent to an
application" (learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.tokens import GRAPH_AUDIENCE
from sandbox.world.model import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    Application,
    User,
)

OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
APP_ROLE_APPROVERS = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
SCOPE_APPROVERS = APP_ROLE_APPROVERS | {CLOUD_APPLICATION_ADMINISTRATOR, APPLICATION_ADMINISTRATOR}
DEFAULT = ".default"

# Delegated Graph permissions that end in ".All", and that every user may grant for their own data.
USER_GRANTABLE = frozenset({"Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "User.ReadBasic.All"})
DESCRIPTIONS = {
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
    "offline_access": "Maintain access to data you have given it access to",
    "AuditLog.Read.All": "Read all audit log data",
    "Directory.Read.All": "Read directory data",
    "Group.Read.All": "Read all groups",
    "GroupMember.Read.All": "Read all group memberships",
    "MailboxSettings.Read": "Read all users' mailbox settings",
    "Organization.Read.All": "Read organization information",
    "Reports.Read.All": "Read all usage reports",
    "SecurityEvents.Read.All": "Read your organization's security events",
    "User.Read": "Sign you in and read your profile",
    "User.Read.All": "Read all users' full profiles",
}


@dataclass(frozen=True, slots=True)
class RequestedScopes:
    """A scope parameter: OpenID scopes, Graph permissions by short name, and whether `.default` is there."""

    openid: frozenset[str]
    delegated: frozenset[str]
    default: bool

    @classmethod
    def parse(cls, text: str) -> RequestedScopes:
        """Read a space-separated scope parameter; raises EntraError for a resource other than Graph."""
        openid, delegated = set(), set()
        for scope in text.split():
            if scope in OPENID_SCOPES:
                openid.add(scope)
                continue
            resource, _, name = scope.rpartition("/")
            if resource not in {"", GRAPH_AUDIENCE} or not name:
                raise EntraError(70011, scope=scope)
            delegated.add(name)
        return cls(frozenset(openid), frozenset(delegated - {DEFAULT}), DEFAULT in delegated)

    def permissions(self, application: Application) -> frozenset[str]:
        """Return what needs consent: `.default` stands for the scopes that the registration lists."""
        return self.openid | self.delegated | (application.required_scopes if self.default else frozenset())


def is_admin_restricted(scope: str) -> bool:
    """Say whether only an administrator can consent to a delegated permission."""
    return scope.endswith(".All") and scope not in USER_GRANTABLE


def may_approve_app_roles(user: User) -> bool:
    """Say whether a person can consent to Graph application permissions."""
    return not APP_ROLE_APPROVERS.isdisjoint(user.directory_roles)


def may_approve_scopes(user: User) -> bool:
    """Say whether a person can consent to admin-restricted delegated permissions."""
    return not SCOPE_APPROVERS.isdisjoint(user.directory_roles)


def describe(permission: str) -> str:
    """Return what a permission allows, in words where there are some."""
    return DESCRIPTIONS.get(permission, permission)


def full_name(scope: str) -> str:
    """Return a scope as the token endpoint reports it: Graph permissions with their resource."""
    return scope if scope in OPENID_SCOPES else f"{GRAPH_AUDIENCE}/{scope}"
