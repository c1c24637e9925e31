"""`GET /users` and one user.

Follows "List users", "Get a user" and "Get user mailbox settings" (learn.microsoft.com/graph/api).
"""

from __future__ import annotations

from bisect import bisect_right

from sandbox.simulators.graph.authorization import (
    USER_READ,
    USER_READ_BASIC,
)
from sandbox.simulators.graph.errors import ExpiredPageToken, GraphError, NotFound, UnsupportedQuery
from sandbox.simulators.graph.filters import parse_filter, parse_order, parse_search
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, json_answer, page_answer
from sandbox.simulators.graph.paging import slice_by_offset
from sandbox.simulators.graph.rendering import Select, context, render
from sandbox.simulators.graph.report_access import require_audit_log, require_mailbox_settings
from sandbox.simulators.graph.schema import (
    BASIC_USER_PROPERTIES,
    SIGN_IN_ACTIVITY,
    SINGLE_USER_PROPERTIES,
    USER,
)
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import User

LARGEST_PAGE_WITH_ACTIVITY = 500


def list_users(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one page of users, in the order in which they appeared in the directory."""
    request.caller.require(USER_READ_BASIC)
    request.refuse("$skip", "$deltatoken", "$expand")
    select = _readable_select(request)
    size = request.page_size()
    if SIGN_IN_ACTIVITY in (select or ()):
        size = min(size, LARGEST_PAGE_WITH_ACTIVITY)
    users = _matching(request)
    encodings = state.encodings.of(request.caller.tenant, select, basic=not request.caller.may(USER_READ))
    page = Page(context(USER, select), (), count=len(users) if request.wants_count else None)
    if "$orderby" in request.query:
        key, descending = parse_order(request.query["$orderby"], {"displayName", "userPrincipalName"})
        users.sort(key=lambda user: key(user.properties), reverse=descending)
        shown, page.next_link = slice_by_offset(state, request, users)
        page.items = encodings.encode(shown)
        return page_answer(request, page)
    start = bisect_right(users, _position(state, request), key=lambda user: user.ordinal)
    shown = users[start : start + size]
    page.items = encodings.encode(shown)
    if start + size < len(users):
        token = state.opaque.seal(tenant=request.caller.tenant.id, after=shown[-1].ordinal)
        page.next_link = request.link(skiptoken=token)
    return page_answer(request, page)


def count_users(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer the number of users as plain text."""
    request.caller.require(USER_READ_BASIC)
    if not request.is_eventual:
        raise UnsupportedQuery("$count is not currently supported.")
    return GraphAnswer(200, str(len(_matching(request))).encode(), content_type="text/plain")


def get_user(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one user by object id or user principal name."""
    request.caller.require(USER_READ_BASIC)
    user = _find_user(request)
    if user is None:
        raise NotFound(request.segments[1])
    select = _readable_select(request, collection=False)
    fragment = f"users({','.join(select)})/$entity" if select else "users/$entity"
    content = render(USER, user.properties, select, basic=not request.caller.may(USER_READ))
    return json_answer({"@odata.context": f"{request.base_url}/v1.0/$metadata#{fragment}", **content})


def mailbox_settings(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer what a mailbox is for, the one mailbox setting that is simulated."""
    user = _find_user(request)
    require_mailbox_settings(request.caller, user)
    if user is None:
        key = request.segments[1]
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{key}' is invalid.")
    if not user.has_mailbox:
        raise GraphError(
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        )
    metadata = f"{request.base_url}/v1.0/$metadata#users('{user.id}')/mailboxSettings"
    if request.segments[-1].lower() == "userpurpose":
        return json_answer({"@odata.context": f"{metadata}/userPurpose", "value": user.purpose})
    return json_answer({"@odata.context": metadata, "userPurpose": user.purpose})


def _find_user(request: GraphRequest) -> User | None:
    """Return the user that the second segment names."""
    tenant, key = request.caller.tenant, request.segments[1]
    return tenant.users.get(key.lower()) or tenant.user_by_upn(key)


def _matching(request: GraphRequest) -> list[User]:
    users = list(request.caller.tenant.users.values())
    if "$filter" in request.query:
        accept = parse_filter(request.query["$filter"], USER)
        users = [user for user in users if accept(user.properties)]
    if "$search" in request.query:
        if not request.is_eventual:
            raise UnsupportedQuery(
                "Request with $search query parameter only works through MSGraph with a special request "
                "header: 'ConsistencyLevel: eventual'"
            )
        accept = parse_search(request.query["$search"])
        users = [user for user in users if accept(user.properties)]
    return users


def _position(state: GraphState, request: GraphRequest) -> int:
    token = request.query.get("$skiptoken")
    if token is None:
        return 0
    content = state.opaque.open(token) or {}
    if content.get("tenant") != request.caller.tenant.id or "after" not in content:
        raise ExpiredPageToken
    return int(content["after"])


def _readable_select(request: GraphRequest, *, collection: bool = True) -> Select | None:
    select = request.select(USER)
    names = set(select or ())
    if collection and names & SINGLE_USER_PROPERTIES:
        raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")
    if SIGN_IN_ACTIVITY in names:
        require_audit_log(request.caller)
    if not names <= BASIC_USER_PROPERTIES:
        request.caller.require(USER_READ)
    return select
