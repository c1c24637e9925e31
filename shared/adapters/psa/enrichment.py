"""Custom fields that people may make in a PSA, and that are filled where they are there."""

from datetime import timedelta

from shared.core.configuration import Enrichment
from shared.core.errors import Actor
from shared.core.supplement import Gap

CONTACT_FIELDS = {
    "licence": "azure_license",
    "mfa_status": "azure_mfa_status",
    "mfa_methods": "azure_mfa_methods",
    "last_activity": "azure_last_activity",
}
"""Field of a contact → name of the custom field, the same in every PSA."""
CUSTOMER_FIELDS = {
    "microsoft_secure_score": Enrichment.SECURE_SCORE,
    "azure_licensed_user_count": Enrichment.LICENCES,
    "azure_active_user_count": Enrichment.ACTIVITY,
}
"""Custom field of a customer, filled from the report about its tenant → what must be asked for."""
LOOK_AGAIN = timedelta(hours=24)
"""After this a field that was missing is tried once more."""

_ENRICHMENT_OF = {
    "azure_license": Enrichment.LICENCES,
    "azure_mfa_status": Enrichment.MFA,
    "azure_mfa_methods": Enrichment.MFA,
    "azure_last_activity": Enrichment.ACTIVITY,
    **CUSTOMER_FIELDS,
}


def missing_field(psa: str, name: str, clicks: str) -> Gap:
    """Says that a custom field is not there, and how to make it. `clicks`: the way to it, from the menu."""
    return Gap(
        enrichment=_ENRICHMENT_OF[name].value,
        code="destination_field_missing",
        title=f"{psa} has no custom field {name}.",
        detail=(
            f"In {psa}: {clicks}, name it {name}, type Text, save. "
            "It is filled by the first sync of the next day, or the first one after the key is tested."
        ),
        actor=Actor.TECHNICIAN.value,
    )
