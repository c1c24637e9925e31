"""The tenant itself and the licences it bought.

Follows "List organizations", "Get organization", "List subscribedSkus" (learn.microsoft.com/graph/api).
"""

from __future__ import annotations

import uuid
from collections import Counter

import msgspec

from sandbox.simulators.graph.authorization import ORGANIZATION_READ, ORGANIZATION_READ_OWN
from sandbox.simulators.graph.errors import NotFound
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, json_answer, page_answer
from sandbox.simulators.graph.rendering import context, render
from sandbox.simulators.graph.schema import ORGANIZATION, SUBSCRIBED_SKU
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import Properties, SubscribedSku, Tenant
from sandbox.world.population import graph_time
from sandbox.world.skus import PRODUCTS

_SEEN_BY_USERS = frozenset({"id", "displayName", "verifiedDomains"})


def list_organizations(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer the collection of the one organization that the token is for."""
    select = request.select(ORGANIZATION)
    item = msgspec.json.encode(render(ORGANIZATION, _organization(request), select))
    return page_answer(request, Page(context(ORGANIZATION, select), [item]))


def get_organization(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer the organization by its tenant id."""
    content = _organization(request)
    if request.segments[1].lower() != content["id"]:
        raise NotFound(request.segments[1])
    metadata = f"{request.base_url}/v1.0/$metadata#organization/$entity"
    return json_answer(
        {"@odata.context": metadata, **render(ORGANIZATION, content, request.select(ORGANIZATION))}
    )


def list_subscribed_skus(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer all products that the tenant subscribes to, on one page."""
    request.caller.require(ORGANIZATION_READ)
    request.refuse("$filter", "$search", "$orderby", "$expand")
    select = request.select(SUBSCRIBED_SKU)
    tenant = request.caller.tenant
    licences = (user.properties.get("assignedLicenses") or () for user in tenant.users.values())
    consumed = Counter(licence["skuId"] for owned in licences for licence in owned)
    items = [
        msgspec.json.encode(render(SUBSCRIBED_SKU, _subscribed_sku(tenant, sku, consumed), select))
        for sku in tenant.subscribed_skus
    ]
    return page_answer(request, Page(context(SUBSCRIBED_SKU, select), items))


def _organization(request: GraphRequest) -> Properties:
    caller = request.caller
    caller.require(ORGANIZATION_READ_OWN if caller.user else ORGANIZATION_READ)
    tenant = caller.tenant
    content: Properties = {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": number == 0,
                "isInitial": domain == tenant.initial_domain,
                "name": domain,
                "type": "Managed",
            }
            for number, domain in enumerate(tenant.domains)
        ],
        "countryLetterCode": tenant.country_code,
        "defaultUsageLocation": tenant.country_code,
        "createdDateTime": graph_time(tenant.created),
        "tenantType": "AAD",
        "technicalNotificationMails": [f"it@{tenant.domains[0]}"],
    }
    if caller.may(ORGANIZATION_READ):
        return content
    return {name: value for name, value in content.items() if name in _SEEN_BY_USERS}


def _subscribed_sku(tenant: Tenant, sku: SubscribedSku, consumed: Counter[str]) -> Properties:
    product = PRODUCTS.get(sku.sku_id)
    return {
        "accountName": tenant.initial_domain.partition(".")[0],
        "accountId": tenant.id,
        "appliesTo": "User",
        "capabilityStatus": sku.capability_status,
        "consumedUnits": consumed[sku.sku_id],
        "id": f"{tenant.id}_{sku.sku_id}",
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [str(uuid.uuid5(uuid.UUID(tenant.id), sku.sku_id))],
        "prepaidUnits": {
            "enabled": sku.units,
            "suspended": sku.suspended,
            "warning": sku.warning,
            "lockedOut": sku.locked_out,
        },
        "servicePlans": [
            {
                "servicePlanId": plan.id,
                "servicePlanName": plan.name,
                "provisioningStatus": "Success",
                "appliesTo": plan.applies_to,
            }
            for plan in (product.plans if product else ())
        ],
    }
