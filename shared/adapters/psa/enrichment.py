"""Custom fields that people may make in a PSA, and that are filled where they are there."""

from datetime import timedelta

from shared.core.errors import Actor
from shared.core.supplement import Gap

CONTACT_FIELDS = {
    "licence": "azure_license",
    "mfa_status": "azure_mfa_status",
    "mfa_methods": "azure_mfa_methods",
    "last_activity": "azure_last_activity",
}
"""Field of a contact → name of the custom field, the same in every PSA."""
CUSTOMER_FIELDS = ("microsoft_secure_score", "azure_licensed_user_count", "azure_active_user_count")
"""Custom fields of a customer, filled from the report about its tenant."""
LOOK_AGAIN = timedelta(hours=24)
"""After this a field that was missing is tried once more."""

_ENRICHMENT_OF = {
    "azure_license": "licences",
    "azure_mfa_status": "mfa",
    "azure_mfa_methods": "mfa",
    "azure_last_activity": "activity",
    "microsoft_secure_score": "secure_score",
    "azure_licensed_user_count": "licences",
    "azure_active_user_count": "activity",
}


def missing_field(psa: str, name: str, clicks: str) -> Gap:
    """Says that a custom field is not there, and how to make it. `clicks`: the way to it, from the menu."""
    return Gap(
        enrichment=_ENRICHMENT_OF[name],
        code="destination_field_missing",
        title=f"{psa} has no custom field {name}.",
        detail=(
            f"In {psa}: {clicks}, name it {name}, type Text, save. "
            "It is filled by the first sync of the next day, or the first one after the key is tested."
        ),
        actor=Actor.TECHNICIAN.value,
    )
