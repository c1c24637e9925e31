"""Who may read what lies beside the directory; each of the services behind it refuses in its own words.

Follows the pages of "Microsoft Graph permissions reference", "Authorization for APIs to read Microsoft 365
usage reports" (learn.microsoft.com/graph), "Authentication Methods Activity" (learn.microsoft.com/entra) and
"HTTP 403 authorization error when calling Microsoft Graph Security API" (learn.microsoft.com/troubleshoot).
"""

from __future__ import annotations

import json

from sandbox.simulators.graph.authorization import AUDIT_LOG_READ, MAILBOX_SETTINGS_READ, Caller
from sandbox.simulators.graph.errors import GraphError
from sandbox.world.model import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    GLOBAL_READER,
    REPORTS_READER,
    SECURITY_ADMINISTRATOR,
    SECURITY_READER,
    User,
)

REPORTS_READ = frozenset({"Reports.Read.All"})
REPORT_SETTINGS_READ = frozenset({"ReportSettings.Read.All", "ReportSettings.ReadWrite.All"})
SECURITY_EVENTS_READ = frozenset({"SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"})
_USAGE_READERS = {GLOBAL_ADMINISTRATOR, GLOBAL_READER, REPORTS_READER}
_SECURITY_READERS = {GLOBAL_ADMINISTRATOR, SECURITY_ADMINISTRATOR, SECURITY_READER}
_AUDIT_READERS = (
    _USAGE_READERS | _SECURITY_READERS | {APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR}
)
_NO_USAGE = {"error": {"code": "S2SUnauthorized", "message": "Invalid permission."}}


def require_audit_log(caller: Caller) -> None:
    """Raise GraphError 403 unless sign-ins and registrations may be read and the tenant has paid for them."""
    if not caller.may(AUDIT_LOG_READ):
        raise GraphError(
            403,
            "Authentication_MSGraphPermissionMissing",
            "The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call "
            "this API.",
        )
    if not _has_role(caller, _AUDIT_READERS):
        raise GraphError(
            403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles"
        )
    if not caller.tenant.insights.premium:
        raise GraphError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )


def require_usage_reports(caller: Caller) -> None:
    """Raise GraphError 403 unless usage reports may be read."""
    if not caller.may(REPORTS_READ) or not _has_role(caller, _USAGE_READERS):
        raise GraphError(403, "S2SUnauthorized", "Invalid permission.")


def require_report_settings(caller: Caller) -> None:
    """Raise GraphError 403 unless the settings of usage reports may be read, which is another permission."""
    if not caller.may(REPORT_SETTINGS_READ) or not _has_role(caller, _USAGE_READERS):
        raise GraphError(403, "UnknownError", json.dumps(_NO_USAGE, separators=(",", ":")))


def require_security_events(caller: Caller) -> None:
    """Raise GraphError 403 unless secure scores may be read."""
    if not caller.may(SECURITY_EVENTS_READ) or not _has_role(caller, _SECURITY_READERS):
        raise GraphError(
            403,
            "UnknownError",
            "Auth token does not contain valid permissions or user does not have valid roles.",
        )


def require_mailbox_settings(caller: Caller, owner: User | None) -> None:
    """Raise GraphError 403 unless these settings may be read: by an application, or by whose they are."""
    own = caller.user is None or caller.user is owner
    if not caller.may(MAILBOX_SETTINGS_READ) or not own:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _has_role(caller: Caller, roles: set[str]) -> bool:
    """An application needs no role, a signed-in user one of these."""
    return caller.user is None or not roles.isdisjoint(caller.user.directory_roles)
