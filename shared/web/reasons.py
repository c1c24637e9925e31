"""Why a connection needs somebody to act, in words for people, by reason code."""

from shared.core.errors import Actor, TenantryError

_RECONNECT = "A Global Administrator of the customer must connect the organization again."

_REASONS: dict[str, tuple[str, str, Actor]] = {
    "consent_revoked": (
        "The customer's consent is missing or was withdrawn.",
        _RECONNECT,
        Actor.CUSTOMER_ADMIN,
    ),
    "consent_unproven": (
        "This service could not find out whether the consent is good.",
        "The operator must look at the log; then connect the organization again.",
        Actor.OPERATOR,
    ),
    "permission_missing": (
        "A permission that a sync needs was not approved.",
        _RECONNECT,
        Actor.CUSTOMER_ADMIN,
    ),
    "tenant_not_found": (
        "The customer's organization does not exist any more.",
        "Check with the customer; if it moved to another organization, disconnect and connect that one.",
        Actor.TECHNICIAN,
    ),
    "conditional_access_blocked": (
        "A sign-in rule of the customer asks for the administrator in person.",
        "The administrator who connected must connect again, or the customer must exempt this application.",
        Actor.CUSTOMER_ADMIN,
    ),
    "sign_in_expired": (
        "The sign-in of the administrator who connected no longer counts.",
        _RECONNECT,
        Actor.CUSTOMER_ADMIN,
    ),
}


def reason(code: str) -> TenantryError:
    """The reason code's words; a code that is not known here still says what to try."""
    title, detail, actor = _REASONS.get(
        code, ("Microsoft does not let this service read the organization.", _RECONNECT, Actor.CUSTOMER_ADMIN)
    )
    return TenantryError(code, title, detail, actor)
