"""`GET /reports/getOffice365ActiveUserDetail(period='D7')` and the setting that hides who is who in it.

Follows "reportRoot: getOffice365ActiveUserDetail" and "Get adminReportSettings"
(learn.microsoft.com/graph/api).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.simulators.graph.downloads import download_path
from sandbox.simulators.graph.errors import BadRequest
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, json_answer
from sandbox.simulators.graph.rendering import render
from sandbox.simulators.graph.report_access import require_report_settings, require_usage_reports
from sandbox.simulators.graph.schema import ADMIN_REPORT_SETTINGS
from sandbox.simulators.graph.state import GraphState
from sandbox.world.activity import WORKLOADS, licensed_workloads
from sandbox.world.model import Tenant, User
from sandbox.world.skus import PRODUCTS

LAG = timedelta(days=2)
COLUMNS = (
    "Report Refresh Date",
    "User Principal Name",
    "Display Name",
    "Is Deleted",
    "Deleted Date",
    *(f"Has {workload} License" for workload in WORKLOADS),
    *(f"{workload} Last Activity Date" for workload in WORKLOADS),
    *(f"{workload} License Assign Date" for workload in WORKLOADS),
    "Assigned Products",
)
_ACTIVE_USERS = re.compile(r"getOffice365ActiveUserDetail\((.*)\)", re.IGNORECASE)
_PERIOD = re.compile(r"\s*period\s*=\s*'D(7|30|90|180)'\s*")


def get_usage_report(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer with a redirect to the report, which is made at once and kept for a few minutes."""
    function = _ACTIVE_USERS.fullmatch(request.segments[1])
    if function is None:
        raise BadRequest(f"Resource not found for the segment '{request.segments[1]}'.")
    require_usage_reports(request.caller)
    period = _PERIOD.fullmatch(function.group(1))
    if period is None:
        raise BadRequest("The period must be one of D7, D30, D90 and D180.", "InvalidArgument")
    tenant, refreshed = request.caller.tenant, (state.now() - LAG).date()
    content = active_user_detail(tenant, refreshed, int(period.group(1)))
    token, etag = state.downloads.offer(content, state.now())
    if request.headers.get("If-None-Match") == etag:
        return GraphAnswer(304, b"", {"ETag": etag}, content_type="text/plain")
    origin = state.reports.download_origin or state.base_url
    location = f"{origin.rstrip('/')}{download_path(tenant, token)}"
    return GraphAnswer(302, b"", {"Location": location}, content_type="text/plain")


def get_report_settings(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer whether reports hide the names of users, groups and sites."""
    require_report_settings(request.caller)
    content = {"displayConcealedNames": request.caller.tenant.insights.concealed_names}
    shown = render(ADMIN_REPORT_SETTINGS, content, request.select(ADMIN_REPORT_SETTINGS))
    metadata = f"{request.base_url}/v1.0/$metadata#admin/reportSettings/$entity"
    return json_answer({"@odata.context": metadata, **shown})


def active_user_detail(tenant: Tenant, refreshed: date, days: int) -> bytes:
    """Return the CSV file: a line for every member and every licensed guest, activity within `days`."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for user in (*tenant.users.values(), *tenant.deleted_users.values()):
        if not user.is_guest or user.properties.get("assignedLicenses"):
            lines.writerow(_line(tenant, user, refreshed, refreshed - timedelta(days=days)))
    return text.getvalue().encode("utf-8-sig")


def _line(tenant: Tenant, user: User, refreshed: date, after: date) -> Iterator[str]:
    deleted = user.id in tenant.deleted_users
    licensed = licensed_workloads(user)
    activity = tenant.insights.activity(user, refreshed)
    products = (PRODUCTS.get(licence["skuId"]) for licence in user.properties.get("assignedLicenses") or ())
    assigned = str(user.properties.get("createdDateTime") or refreshed.isoformat())[:10]
    yield refreshed.isoformat()
    yield _shown(tenant, user.user_principal_name)
    yield _shown(tenant, user.display_name)
    yield str(deleted)
    yield refreshed.isoformat() if deleted else ""
    yield from (str(workload in licensed) for workload in WORKLOADS)
    for workload in WORKLOADS:
        day = activity.get(workload, date.min)
        yield day.isoformat() if day > after else ""
    yield from (assigned if workload in licensed else "" for workload in WORKLOADS)
    yield "+".join(product.name for product in products if product)


def _shown(tenant: Tenant, name: str) -> str:
    if not tenant.insights.concealed_names:
        return name
    return hashlib.blake2b(f"{tenant.id}/{name}".encode(), digest_size=16).hexdigest().upper()
