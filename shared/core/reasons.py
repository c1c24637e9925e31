"""Why a connection needs somebody to act: the reason codes, and what they say to people.

A connection keeps the code only, so what is raised when it happens and what is shown for as long as it
lasts are the same words.
"""

from shared.core.errors import ActionRequired, Actor

_RECONNECT = "A Global Administrator of the customer must connect the organization again."

_WORDS: dict[str, tuple[str, str, Actor]] = {
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
        "A permission that the sync needs is missing or was withdrawn.",
        "A Global Administrator of the customer must connect the organization again and approve all of them.",
        Actor.CUSTOMER_ADMIN,
    ),
    "tenant_not_found": (
        "The customer's organization does not exist any more.",
        "Check with the customer; if it moved to another organization, disconnect and connect that one.",
        Actor.TECHNICIAN,
    ),
    "tenant_mismatch": (
        "Microsoft answered for another organization than the one that was signed in to.",
        "Disconnect, and connect the organization again.",
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
_UNKNOWN = ("Microsoft does not let this service read the organization.", _RECONNECT, Actor.CUSTOMER_ADMIN)


def reason(code: str, *, replicating: bool = False) -> ActionRequired:
    """The reason in words; a code that an older or newer version kept still says what to try."""
    title, detail, actor = _WORDS.get(code, _UNKNOWN)
    return ActionRequired(code, title, detail, actor, replicating=replicating)
