"""Which function answers which path below the version."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sandbox.simulators.graph.delta import users_delta
from sandbox.simulators.graph.errors import BadRequest
from sandbox.simulators.graph.groups import get_group, list_groups, list_members
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest
from sandbox.simulators.graph.organization import (
    get_organization,
    list_organizations,
    list_subscribed_skus,
)
from sandbox.simulators.graph.registrations import list_registrations
from sandbox.simulators.graph.request_limits import LimitName
from sandbox.simulators.graph.secure_scores import list_secure_scores
from sandbox.simulators.graph.state import GraphState
from sandbox.simulators.graph.usage_reports import get_report_settings, get_usage_report
from sandbox.simulators.graph.users import count_users, get_user, list_users, mailbox_settings

Handler = Callable[[GraphState, GraphRequest], GraphAnswer]


class Route(NamedTuple):
    """What answers a path; `*` in the path is any one segment.

    The directory charges resource `units`, the services beside it count requests towards a `limit`.
    """

    path: tuple[str, ...]
    handle: Handler
    units: int = 1
    limit: LimitName | None = None


def _route(path: str, handle: Handler, units: int = 1) -> Route:
    return Route(tuple(path.split("/")), handle, units)


def _limited(path: str, handle: Handler, limit: LimitName) -> Route:
    return Route(tuple(path.split("/")), handle, 0, limit)


ROUTES = (
    _route("users", list_users, 2),
    _route("users/delta", users_delta),
    _route("users/delta()", users_delta),
    _route("users/microsoft.graph.delta", users_delta),
    _route("users/microsoft.graph.delta()", users_delta),
    _route("users/$count", count_users, 2),
    _route("users/*", get_user),
    _route("users/*/mailboxsettings", mailbox_settings, 0),
    _route("users/*/mailboxsettings/userpurpose", mailbox_settings, 0),
    _route("groups", list_groups),
    _route("groups/*", get_group),
    *(
        _route(f"groups/*/{members}{tail}", list_members, units)
        for members, units in (("members", 3), ("transitivemembers", 5))
        for tail in ("", "/$count", "/*", "/*/$count")
    ),
    _route("organization", list_organizations),
    _route("organization/*", get_organization),
    _route("subscribedskus", list_subscribed_skus, 3),
    _limited("reports/authenticationmethods/userregistrationdetails", list_registrations, "identity_reports"),
    _limited("reports/*", get_usage_report, "usage_reports"),
    _route("admin/reportsettings", get_report_settings, 0),
    _limited("security/securescores", list_secure_scores, "secure_scores"),
)


def find_route(segments: tuple[str, ...]) -> Route:
    """Return the route of a path, in any case; raises GraphError 400 when there is none."""
    lower = tuple(segment.lower() for segment in segments)
    for route in ROUTES:
        if len(route.path) == len(lower) and all(
            wanted in ("*", found) for wanted, found in zip(route.path, lower, strict=True)
        ):
            return route
    raise BadRequest(f"Resource not found for the segment '{segments[-1] if segments else ''}'.")
