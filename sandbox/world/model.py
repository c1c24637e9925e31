"""The simulated outside world that the simulators share: every tenant and every application registration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.world.change_log import Change, ChangeKind, ChangeLog
from sandbox.world.directory import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    DEFAULT_USER_ROLE,
    GLOBAL_ADMINISTRATOR,
    GLOBAL_READER,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    REPORTS_READER,
    SECURITY_ADMINISTRATOR,
    SECURITY_READER,
    Application,
    CapabilityStatus,
    Group,
    Properties,
    Purpose,
    ServicePrincipal,
    SubscribedSku,
    User,
)
from sandbox.world.tenant import DirectoryConflict, Tenant

__all__ = [
    "APPLICATION_ADMINISTRATOR",
    "CLOUD_APPLICATION_ADMINISTRATOR",
    "DEFAULT_USER_ROLE",
    "GLOBAL_ADMINISTRATOR",
    "GLOBAL_READER",
    "PRIVILEGED_ROLE_ADMINISTRATOR",
    "REPORTS_READER",
    "SECURITY_ADMINISTRATOR",
    "SECURITY_READER",
    "Application",
    "CapabilityStatus",
    "Change",
    "ChangeKind",
    "ChangeLog",
    "DirectoryConflict",
    "Group",
    "Properties",
    "Purpose",
    "ServicePrincipal",
    "SubscribedSku",
    "Tenant",
    "User",
    "World",
]


def _real_clock() -> datetime:
    return datetime.now(UTC)


class World:
    """All tenants by lower-case tenant id, all applications by client id; `clock` returns the time in UTC."""

    def __init__(self, clock: Callable[[], datetime] = _real_clock) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.applications: dict[str, Application] = {}
        self.clock = clock

    def now(self) -> datetime:
        return self.clock()

    def add_tenant(self, tenant: Tenant) -> Tenant:
        self.tenants[tenant.id] = tenant
        return tenant

    def add_application(self, application: Application) -> Application:
        self.applications[application.client_id] = application
        return application

    def tenant_by_domain(self, domain: str) -> Tenant | None:
        """Find the tenant that has verified a domain, in any case; deleted tenants have none."""
        wanted = domain.casefold()
        for tenant in self.tenants.values():
            if not tenant.deleted and any(wanted == own.casefold() for own in tenant.domains):
                return tenant
        return None

    def find_sign_in(self, upn: str, tenant_id: str | None = None) -> tuple[Tenant, User] | None:
        """Find who signs in with a user principal name.

        Without `tenant_id` the account is looked for in its home tenant only. With it, the search is in
        that tenant, where a guest answers to the name of the home account or to its mail address.
        """
        if tenant_id is None:
            home = self.tenant_by_domain(upn.rpartition("@")[2])
            user = home.user_by_upn(upn) if home else None
            return (home, user) if home and user and not user.is_guest else None
        tenant = self.tenants.get(tenant_id.lower())
        if tenant is None or tenant.deleted:
            return None
        if user := tenant.user_by_upn(upn):
            return tenant, user
        wanted = upn.casefold()
        for user in tenant.users.values():
            if user.is_guest and wanted in {(user.home_upn or "").casefold(), (user.mail or "").casefold()}:
                return tenant, user
        return None
