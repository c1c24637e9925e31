"""What a sign-in and a consent must show before they count."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from shared.core.connection import Connection, Grant, tenant_allowed
from shared.core.errors import Actor, ConsentRefused, Gone

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"

# Only the first two may approve application permissions of Microsoft Graph; delegated ones the others too.
_MAY_CONSENT: Mapping[Grant, frozenset[str]] = {
    Grant.APPLICATION: frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR}),
    Grant.DELEGATED: frozenset(
        {
            GLOBAL_ADMINISTRATOR,
            PRIVILEGED_ROLE_ADMINISTRATOR,
            CLOUD_APPLICATION_ADMINISTRATOR,
            APPLICATION_ADMINISTRATOR,
        }
    ),
}


def check_sign_in(directory_roles: AbstractSet[str], grant: Grant, *, is_guest: bool) -> None:
    """Raises ConsentRefused unless the person belongs to the tenant and may consent for it."""
    if is_guest:
        raise ConsentRefused(
            "guest_not_allowed",
            "This account is a guest in the organization.",
            "Sign in with an administrator account that belongs to the organization itself.",
        )
    if not directory_roles & _MAY_CONSENT[grant]:
        raise ConsentRefused(
            "admin_required",
            "This account may not approve access for the organization.",
            "Ask a Global Administrator or Privileged Role Administrator of the organization to connect.",
        )


def check_tenant(connection: Connection, tenant_id: str) -> None:
    """Raises ConsentRefused where a reconnect comes from another tenant."""
    if not tenant_allowed(connection, tenant_id):
        raise ConsentRefused(
            "tenant_mismatch",
            "This account belongs to another organization than the one that is connected.",
            "Sign in with an administrator of the connected organization, or disconnect it first.",
        )


def consent_answer(answer: Mapping[str, str], tenant_id: str) -> None:
    """Judge the redirect of the admin-consent page; an `error` beats `admin_consent=True`.

    Raises ConsentRefused. That nothing is raised is not yet a proof: anybody can write such a redirect.
    """
    if answer.get("error"):
        raise ConsentRefused(
            "consent_declined",
            "The access was not approved.",
            "Connect again and approve, or ask an administrator who may. Nothing was changed.",
        )
    if answer.get("admin_consent", "").lower() != "true" or answer.get("tenant", "").lower() != tenant_id:
        raise ConsentRefused(
            "tenant_mismatch",
            "The approval is for another organization than the one that signed in.",
            "Connect again and stay with one organization. Nothing was changed.",
        )


def link_used() -> Gone:
    """The refusal of a one-use link that does not count any more."""
    return Gone(
        "link_used",
        "This link was already used or has expired.",
        "Go back to where you got it and ask for a new one. Nothing was changed.",
        Actor.TECHNICIAN,
    )
