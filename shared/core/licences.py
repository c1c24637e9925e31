"""What the SKU ids of a user's licences mean: product names, and the highest of the four named licences."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from shared.core.licence_names import (
    APPS_FOR_BUSINESS,
    BUSINESS_BASIC,
    BUSINESS_PREMIUM,
    BUSINESS_STANDARD,
    FREE,
    PRODUCT_NAMES,
)
from shared.core.text import label


class NamedLicence(StrEnum):
    """The licences a contact is known by, lowest first; the value is what is shown."""

    # Standard holds what Basic and Apps hold, Premium what Standard holds. Basic (mailbox, Teams) and Apps
    # (installed Office) do not hold each other; Apps stands above because it costs more.
    BUSINESS_BASIC = "Microsoft 365 Business Basic"
    APPS_FOR_BUSINESS = "Microsoft 365 Apps for Business"
    BUSINESS_STANDARD = "Microsoft 365 Business Standard"
    BUSINESS_PREMIUM = "Microsoft 365 Business Premium"


_VARIANTS: Mapping[NamedLicence, Iterable[str]] = {
    NamedLicence.BUSINESS_BASIC: BUSINESS_BASIC,
    NamedLicence.APPS_FOR_BUSINESS: APPS_FOR_BUSINESS,
    NamedLicence.BUSINESS_STANDARD: BUSINESS_STANDARD,
    NamedLicence.BUSINESS_PREMIUM: BUSINESS_PREMIUM,
}
_LADDER = tuple(NamedLicence)
_RUNG = {sku_id: _LADDER.index(licence) for licence, variants in _VARIANTS.items() for sku_id in variants}


def highest_named(sku_ids: Iterable[str]) -> str:
    """The highest of the four named licences among these SKU ids, or an empty string when there is none.

    A variant counts as its product: legacy, without Teams, for the European Economic Area, donated.
    """
    highest = max((_RUNG.get(_key(sku_id), -1) for sku_id in sku_ids), default=-1)
    return _LADDER[highest].value if highest >= 0 else ""


def product_name(sku_id: str, part_number: str | None = None) -> str:
    """Microsoft's display name of the product, else its part number made readable, else the id.

    `part_number` is `skuPartNumber` of the tenant's `subscribedSkus`, where tabs and no-break spaces occur.
    """
    key = _key(sku_id)
    return PRODUCT_NAMES.get(key) or label((part_number or "").replace("_", " ")) or key


def product_names(sku_ids: Iterable[str], part_numbers: Mapping[str, str] = {}) -> str:
    """The names of all products, each once, sorted without regard to case and joined with "; ".

    `part_numbers` is keyed by SKU id as Graph writes it, in lower case.
    """
    names = {product_name(sku_id, part_numbers.get(_key(sku_id))) for sku_id in sku_ids} - {""}
    return "; ".join(sorted(names, key=lambda name: (name.casefold(), name)))


def free(sku_id: str) -> bool:
    """Whether nothing is charged for holding the product; one that is not known counts as paid."""
    return _key(sku_id) in FREE


def _key(sku_id: str) -> str:
    return label(sku_id).lower()
