"""The permissions of Microsoft Graph: which a sync needs, which only something needs, and what was found."""

from enum import StrEnum

import msgspec

from shared.core.configuration import Enrichment

PROFILES = "User.Read.All"
ORGANIZATION = "Organization.Read.All"
GROUPS = "GroupMember.Read.All"
MAILBOXES = "MailboxSettings.Read"
SIGN_IN_METHODS = "AuditLog.Read.All"
USAGE = "Reports.Read.All"
SECURITY = "SecurityEvents.Read.All"

REQUIRED = (PROFILES, ORGANIZATION)
"""Without these nothing is read."""
OPTIONAL = (GROUPS, MAILBOXES, SIGN_IN_METHODS, USAGE, SECURITY)
"""Without one of these only what it is for cannot be had."""
NEEDED_BY = {
    Enrichment.LICENCES: ORGANIZATION,
    Enrichment.MFA: SIGN_IN_METHODS,
    Enrichment.ACTIVITY: USAGE,
    Enrichment.SECURE_SCORE: SECURITY,
}
"""The permission that an enrichment needs."""


class Outcome(StrEnum):
    """What a try of a permission came to; `unlicensed`: granted, but the tenant has no licence for it."""

    GRANTED = "granted"
    MISSING = "missing"
    UNLICENSED = "unlicensed"


class Permission(msgspec.Struct, frozen=True):
    """A permission, by Microsoft's name, and what the last try of it came to."""

    name: str
    outcome: Outcome


def lacking(permissions: tuple[Permission, ...], name: str) -> bool:
    """Whether the permission was tried and is not there; one that was never tried may be."""
    return any(found.name == name and found.outcome is not Outcome.GRANTED for found in permissions)
