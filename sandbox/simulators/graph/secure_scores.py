"""`GET /security/secureScores`.

Follows "List secureScores" and "secureScore resource type" (learn.microsoft.com/graph/api).
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from sandbox.simulators.graph.errors import BadRequest
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, page_answer
from sandbox.simulators.graph.paging import slice_by_offset
from sandbox.simulators.graph.rendering import context, render
from sandbox.simulators.graph.report_access import require_security_events
from sandbox.simulators.graph.schema import SECURE_SCORE
from sandbox.simulators.graph.state import GraphState
from sandbox.world.activity import Workload, workloads_in
from sandbox.world.model import Properties, Tenant
from sandbox.world.secure_score import SecureScore

_ACTIVE_WITHIN = timedelta(days=30)
_SERVICES: tuple[Workload, ...] = ("Exchange", "SharePoint", "Teams")
# Name, category and description of a few controls, with their share of the points.
_CONTROLS = (
    ("MFARegistrationV2", "Identity", "Ensure multifactor authentication is enabled for all users", 0.5),
    ("AdminMFAV2", "Identity", "Ensure multifactor authentication is enabled for administrators", 0.3),
    ("BlockLegacyAuthentication", "Identity", "Enable policies to block legacy authentication", 0.2),
)


def list_secure_scores(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer the scores of the last 90 days, newest first; a new tenant has none."""
    require_security_events(request.caller)
    request.refuse("$filter", "$orderby", "$search", "$expand", "$deltatoken")
    select = request.select(SECURE_SCORE)
    tenant, today = request.caller.tenant, state.now().date()
    found = tenant.insights.secure_scores(today)
    skipped = request.query.get("$skip", "0")
    if not skipped.isascii() or not skipped.isdigit():
        raise BadRequest(f"Invalid value '{skipped}' for $skip.")
    shown, next_link = slice_by_offset(state, request, found[int(skipped) :])
    users = _users(tenant, today) if shown else {}
    items = [msgspec.json.encode(render(SECURE_SCORE, _describe(tenant, it) | users, select)) for it in shown]
    count = len(found) if request.query.get("$count", "").lower() == "true" else None
    return page_answer(request, Page(context(SECURE_SCORE, select), items, next_link, count=count))


def _users(tenant: Tenant, today: date) -> Properties:
    """Count licences and activity as they are now, for every day alike."""
    licensed = [user for user in tenant.users.values() if user.properties.get("assignedLicenses")]
    latest = (tenant.insights.activity(user, today).values() for user in licensed)
    return {
        "licensedUserCount": len(licensed),
        "activeUserCount": sum(max(days, default=date.min) > today - _ACTIVE_WITHIN for days in latest),
    }


def _describe(tenant: Tenant, score: SecureScore) -> Properties:
    bought = workloads_in({"skuId": sku.sku_id} for sku in tenant.subscribed_skus)
    share = score.current / score.maximum if score.maximum else 0.0
    return {
        "id": f"{tenant.id}_{score.day.isoformat()}",
        "azureTenantId": tenant.id,
        "createdDateTime": f"{score.day.isoformat()}T00:00:00Z",
        "currentScore": score.current,
        "maxScore": score.maximum,
        "enabledServices": [f"Has{workload}" for workload in _SERVICES if workload in bought],
        "averageComparativeScores": [
            {"basis": "AllTenants", "averageScore": round(score.maximum * 0.43, 2)},
            {
                "basis": "TotalSeats",
                "averageScore": round(score.maximum * 0.46, 2),
                "seatSizeRangeLowerValue": "1",
                "seatSizeRangeUpperValue": "300",
            },
        ],
        "controlScores": [
            {
                "controlCategory": category,
                "controlName": name,
                "description": description,
                "score": round(share * points * 10, 2),
            }
            for name, category, description, points in _CONTROLS
        ],
        "vendorInformation": {
            "provider": "SecureScore",
            "providerVersion": None,
            "subProvider": None,
            "vendor": "Microsoft",
        },
    }
