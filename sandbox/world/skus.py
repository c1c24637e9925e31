"""Licence products; identifiers from Microsoft's "Product names and service plan identifiers"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ServicePlan(NamedTuple):
    """A service inside a product; `applies_to` is User or Company."""

    id: str
    name: str
    applies_to: str = "User"


class Product(NamedTuple):
    """A product as it is sold: its SKU id, part number, a few of its service plans, its name in reports."""

    sku_id: str
    part_number: str
    plans: tuple[ServicePlan, ...]
    name: str


EXCHANGE = ServicePlan("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD")
EXCHANGE_ENTERPRISE = ServicePlan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE")
EXCHANGE_FOUNDATION = ServicePlan("113feb6c-3fe4-4440-bddc-54d774bf0318", "EXCHANGE_S_FOUNDATION", "Company")
SHAREPOINT = ServicePlan("c7699d2e-19aa-44de-8edf-1736da088ca1", "SHAREPOINTSTANDARD")
SHAREPOINT_ENTERPRISE = ServicePlan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE")
ONEDRIVE = ServicePlan("13696edf-5a08-49f6-8134-03083ed8ba30", "ONEDRIVESTANDARD")
SKYPE = ServicePlan("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "MCOSTANDARD")
TEAMS = ServicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1")
YAMMER = ServicePlan("7547a3fe-08ee-4ccb-b430-5077c5041653", "YAMMER_ENTERPRISE")
OFFICE = ServicePlan("094e7854-93fc-4d55-b2c0-3ab5369ebdc1", "OFFICE_BUSINESS")
ENTRA_P1 = ServicePlan("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM")

_COLLABORATION = (EXCHANGE, SHAREPOINT, SKYPE, YAMMER)
BUSINESS_BASIC = Product(
    "3b555118-da6a-4418-894f-7df1e2096870",
    "O365_BUSINESS_ESSENTIALS",
    (*_COLLABORATION, TEAMS),
    "MICROSOFT 365 BUSINESS BASIC",
)
APPS_FOR_BUSINESS = Product(
    "cdd28e44-67e3-425e-be4c-737fab2899d3",
    "O365_BUSINESS",
    (OFFICE, ONEDRIVE),
    "MICROSOFT 365 APPS FOR BUSINESS",
)
BUSINESS_STANDARD = Product(
    "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
    "O365_BUSINESS_PREMIUM",
    (*_COLLABORATION, OFFICE, TEAMS),
    "MICROSOFT 365 BUSINESS STANDARD",
)
BUSINESS_PREMIUM = Product(
    "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
    "SPB",
    (*_COLLABORATION, ENTRA_P1, EXCHANGE_FOUNDATION, OFFICE, TEAMS),
    "MICROSOFT 365 BUSINESS PREMIUM",
)
BUSINESS_PREMIUM_NO_TEAMS = Product(
    "00e1ec7b-e4a3-40d1-9441-b69b597ab222",
    "Microsoft_365_ Business_ Premium_(no Teams)",
    (*_COLLABORATION, ENTRA_P1, EXCHANGE_FOUNDATION, OFFICE),
    "MICROSOFT 365 BUSINESS PREMIUM (NO TEAMS)",
)
EXCHANGE_PLAN_1 = Product(
    "4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGESTANDARD", (EXCHANGE,), "EXCHANGE ONLINE (PLAN 1)"
)
OFFICE_365_E3 = Product(
    "6fd2c87f-b296-42f0-b197-1e91e994b900",
    "ENTERPRISEPACK",
    (EXCHANGE_ENTERPRISE, SHAREPOINT_ENTERPRISE, SKYPE, TEAMS, YAMMER),
    "OFFICE 365 E3",
)
POWER_AUTOMATE_FREE = Product(
    "f30db892-07e9-47e9-837c-80727f46fd3d",
    "FLOW_FREE",
    (EXCHANGE_FOUNDATION,),
    "MICROSOFT POWER AUTOMATE FREE",
)
TEAMS_ROOMS = Product(
    "6070a4c8-34c6-4937-8dfb-39bbc6397a60",
    "MEETING_ROOM",
    (SKYPE, TEAMS),
    "MICROSOFT TEAMS ROOMS STANDARD",
)

PRODUCTS: dict[str, Product] = {
    product.sku_id: product
    for product in (
        BUSINESS_BASIC,
        APPS_FOR_BUSINESS,
        BUSINESS_STANDARD,
        BUSINESS_PREMIUM,
        BUSINESS_PREMIUM_NO_TEAMS,
        EXCHANGE_PLAN_1,
        OFFICE_365_E3,
        POWER_AUTOMATE_FREE,
        TEAMS_ROOMS,
    )
}


def plans_of(licence: Mapping[str, Any]) -> list[ServicePlan]:
    """Return the plans of one entry of a user's `assignedLicenses`, without those that are switched off."""
    product = PRODUCTS.get(licence["skuId"])
    switched_off = set(licence.get("disabledPlans") or ())
    return [plan for plan in product.plans if plan.id not in switched_off] if product else []
