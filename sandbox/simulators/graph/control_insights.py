"""What a test or a person at a demonstration may do to licences, reports and what they are made of.

GET   /_control/tenants/{tenant}/insights
PATCH /_control/tenants/{tenant}/insights       {"premium"?: true | false | null, "concealed_names"?: true,
                                                 "secure_score"?: {"current", "maximum"} | null}
PATCH /_control/tenants/{tenant}/skus/{sku}     {"units"?, "warning"?, "suspended"?, "locked_out"?,
                                                 "capability_status"?}
PUT   /_control/tenants/{tenant}/users/{user}/purpose                  {"purpose": "shared"}
PUT   /_control/tenants/{tenant}/users/{user}/authentication-methods   {"methods": [...], "allowed"?: true,
                                                                        "chosen"?: "push"}
PUT   /_control/tenants/{tenant}/users/{user}/activity   {"day": "2026-05-01" | null, "workloads"?: [...]}
POST  /_control/reports                         fields of ReportSettings
GET   /_control/report-downloads                who fetched a report, and whether a token was sent along
POST  /_control/request-limits                  fields of RequestLimitSettings
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.graph.control_surface import TENANT, USER, ControlSurface, Strict, command, guarded
from sandbox.simulators.graph.downloads import ReportSettings
from sandbox.simulators.graph.request_limits import RequestLimitSettings
from sandbox.simulators.graph.state import GraphState
from sandbox.world.activity import WORKLOADS, Workload
from sandbox.world.model import CapabilityStatus, Purpose, Tenant


class _Score(Strict):
    current: float
    maximum: float


class _Insights(Strict):
    premium: bool | msgspec.UnsetType | None = msgspec.UNSET
    concealed_names: bool | msgspec.UnsetType = msgspec.UNSET
    secure_score: _Score | msgspec.UnsetType | None = msgspec.UNSET


class _Sku(Strict):
    units: int | msgspec.UnsetType = msgspec.UNSET
    warning: int | msgspec.UnsetType = msgspec.UNSET
    suspended: int | msgspec.UnsetType = msgspec.UNSET
    locked_out: int | msgspec.UnsetType = msgspec.UNSET
    capability_status: CapabilityStatus | msgspec.UnsetType = msgspec.UNSET


class _Purpose(Strict):
    purpose: Purpose


class _Methods(Strict):
    methods: list[str]
    allowed: bool = True
    chosen: str | None = None


class _Activity(Strict):
    day: date | None
    workloads: tuple[Workload, ...] = WORKLOADS


def add_insight_control_routes(application: web.Application, state: GraphState) -> None:
    """Add the part of the control surface that is about what lies beside the directory."""
    control = _InsightControl(state)
    application.add_routes(
        [
            web.get(f"{TENANT}/insights", guarded(control.insights)),
            web.patch(f"{TENANT}/insights", guarded(control.change_insights)),
            web.patch(f"{TENANT}/skus/{{sku}}", guarded(control.change_sku)),
            web.put(f"{USER}/purpose", guarded(control.set_purpose)),
            web.put(f"{USER}/authentication-methods", guarded(control.set_methods)),
            web.put(f"{USER}/activity", guarded(control.set_activity)),
            web.post("/_control/reports", guarded(control.set_reports)),
            web.get("/_control/report-downloads", guarded(control.downloads)),
            web.post("/_control/request-limits", guarded(control.set_limits)),
        ]
    )


class _InsightControl(ControlSurface):
    async def insights(self, request: web.Request) -> dict[str, Any]:
        return self._describe(self.tenant(request))

    async def change_insights(self, request: web.Request) -> dict[str, Any]:
        tenant, wanted = self.tenant(request), await command(request, _Insights)
        if wanted.premium is not msgspec.UNSET:
            tenant.insights.set_premium(wanted.premium)
        if wanted.concealed_names is not msgspec.UNSET:
            tenant.insights.concealed_names = wanted.concealed_names
        if wanted.secure_score is None:
            tenant.insights.clear_secure_scores()
        elif wanted.secure_score is not msgspec.UNSET:
            tenant.insights.set_secure_score(wanted.secure_score.current, wanted.secure_score.maximum)
        return self._describe(tenant)

    async def change_sku(self, request: web.Request) -> dict[str, Any]:
        sku, wanted = self.sku(request), await command(request, _Sku)
        for name, value in msgspec.to_builtins(wanted).items():
            setattr(sku, name, value)
        return dict(msgspec.to_builtins(sku))

    async def set_purpose(self, request: web.Request) -> dict[str, Any]:
        _, user = self.user(request)
        user.purpose = (await command(request, _Purpose)).purpose
        return {"id": user.id, "purpose": user.purpose}

    async def set_methods(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request)
        wanted = await command(request, _Methods)
        registration = tenant.insights.set_authentication_methods(
            user.id, wanted.methods, allowed=wanted.allowed, chosen=wanted.chosen
        )
        return {"id": user.id, **msgspec.to_builtins(registration)}

    async def set_activity(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request)
        wanted = await command(request, _Activity)
        tenant.insights.set_activity(user.id, wanted.day, wanted.workloads)
        return {"id": user.id, **msgspec.to_builtins(wanted)}

    async def set_reports(self, request: web.Request) -> dict[str, Any]:
        self.state.reports = await command(request, ReportSettings)
        return dict(msgspec.to_builtins(self.state.reports))

    async def downloads(self, _request: web.Request) -> dict[str, Any]:
        return {"downloads": self.state.downloads.calls}

    async def set_limits(self, request: web.Request) -> dict[str, Any]:
        self.state.limits.settings = await command(request, RequestLimitSettings)
        return dict(msgspec.to_builtins(self.state.limits.settings))

    def _describe(self, tenant: Tenant) -> dict[str, Any]:
        scores = tenant.insights.secure_scores(self.state.now().date())
        return {
            "premium": tenant.insights.premium,
            "concealed_names": tenant.insights.concealed_names,
            "secure_score": (
                {"current": scores[0].current, "maximum": scores[0].maximum} if scores else None
            ),
        }
