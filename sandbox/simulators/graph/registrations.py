"""`GET /reports/authenticationMethods/userRegistrationDetails`.

Follows "List userRegistrationDetails" (learn.microsoft.com/graph/api).
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from sandbox.simulators.graph.filters import parse_filter, parse_order
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, page_answer
from sandbox.simulators.graph.paging import slice_by_offset
from sandbox.simulators.graph.rendering import render
from sandbox.simulators.graph.report_access import require_audit_log
from sandbox.simulators.graph.schema import USER_REGISTRATION_DETAILS
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import Properties, Tenant, User

# The report is made a few hours before it is read; the time says nothing about the user.
LATENCY = timedelta(hours=4)
_ORDERED_BY = {"userDisplayName", "userPrincipalName"}


def list_registrations(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one page of what all users, guests too, have registered to authenticate with."""
    require_audit_log(request.caller)
    request.refuse("$skip", "$expand", "$search", "$deltatoken")
    select = request.select(USER_REGISTRATION_DETAILS)
    tenant, made = request.caller.tenant, (state.now() - LATENCY).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
    size = state.reports.page_size
    if "$top" in request.query:
        size = min(size, request.page_size())
    found: list[User | Properties] = list(tenant.users.values())
    if "$filter" in request.query or "$orderby" in request.query:
        found = list(_chosen(request, [_describe(tenant, user, made) for user in tenant.users.values()]))
    shown, next_link = slice_by_offset(state, request, found, size)
    described = (_describe(tenant, item, made) if isinstance(item, User) else item for item in shown)
    items = [msgspec.json.encode(render(USER_REGISTRATION_DETAILS, item, select)) for item in described]
    return page_answer(request, Page(USER_REGISTRATION_DETAILS.collection, items, next_link))


def _chosen(request: GraphRequest, items: list[Properties]) -> list[Properties]:
    if "$filter" in request.query:
        items = list(filter(parse_filter(request.query["$filter"], USER_REGISTRATION_DETAILS), items))
    if "$orderby" in request.query:
        key, descending = parse_order(request.query["$orderby"], _ORDERED_BY)
        items.sort(key=key, reverse=descending)
    return items


def _describe(tenant: Tenant, user: User, made: str) -> Properties:
    registration = tenant.insights.registration(user)
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "userDisplayName": user.display_name,
        "userType": "guest" if user.is_guest else "member",
        "isAdmin": user.is_administrator,
        "isSsprRegistered": registration.is_reset_registered,
        "isSsprEnabled": not user.is_guest,
        "isSsprCapable": registration.is_reset_registered and not user.is_guest,
        "isMfaRegistered": registration.is_mfa_registered,
        "isMfaCapable": registration.is_mfa_capable,
        "isPasswordlessCapable": registration.is_passwordless_capable,
        "methodsRegistered": list(registration.methods),
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [registration.strongest] if registration.strongest else [],
        "userPreferredMethodForSecondaryAuthentication": registration.preferred,
        "lastUpdatedDateTime": made,
    }
