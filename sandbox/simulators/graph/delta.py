"""`GET /users/delta`.

Follows "Use delta query to track changes in Microsoft Graph data" and "user: delta"
(learn.microsoft.com/graph/delta-query-overview, learn.microsoft.com/graph/api/user-delta).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec

from sandbox.simulators.graph.authorization import USER_READ
from sandbox.simulators.graph.delta_rounds import DeltaBehaviour, Round
from sandbox.simulators.graph.errors import BadRequest, ExpiredPageToken, GraphError
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, page_answer, query_string
from sandbox.simulators.graph.rendering import Select, context
from sandbox.simulators.graph.schema import SIGN_IN_ACTIVITY, SINGLE_USER_PROPERTIES, USER
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import Tenant

TOKEN_LIFE = timedelta(days=7)
MOST_FILTERED_IDS = 50
_ID_CLAUSE = re.compile(r"\s*id\s+eq\s+'([^']+)'\s*")
# Selectable, but their changes are not tracked.
_UNTRACKED = frozenset({"licenseAssignmentStates"})


def users_delta(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one page of a round of changes; the round begins here unless the request has a `$skiptoken`."""
    request.caller.require(USER_READ)
    request.refuse("$expand", "$orderby", "$search", "$skip")
    _expire_on_request(state, request)
    if "$skiptoken" in request.query:
        return _continue(state, request)
    token = request.query.get("$deltatoken")
    select, only_ids, since = _select(request), _only_ids(request), None
    behaviour = state.behaviour_of(request.caller.tenant.id)
    if token and token.lower() == "latest":
        # The link comes at once, whatever else the service takes the liberty to do.
        since, behaviour = request.caller.tenant.change_log.head, DeltaBehaviour()
    elif token:
        content = _open(state, request, token)
        since = int(content["since"])
        select = select or _tuple(content["select"])
        only_ids = only_ids or _tuple(content["ids"])
    number, started = state.rounds.start(
        request.caller.tenant,
        behaviour,
        since=since,
        select=select,
        tracked=frozenset(select or USER.default) - _UNTRACKED,
        only_ids=only_ids,
    )
    return _page(state, request, number, started, 0)


def _continue(state: GraphState, request: GraphRequest) -> GraphAnswer:
    if "$select" in request.query or "$filter" in request.query:
        raise BadRequest("Query options cannot be combined with a skip token: it has them already.")
    content = state.opaque.open(request.query["$skiptoken"]) or {}
    found = state.rounds.get(content.get("round", 0))
    if found is None or found.tenant_id != request.caller.tenant.id:
        raise ExpiredPageToken
    return _page(state, request, content["round"], found, content["page"])


def _page(state: GraphState, request: GraphRequest, number: int, current: Round, index: int) -> GraphAnswer:
    tenant = request.caller.tenant
    page = Page(
        context(USER, current.select),
        [_encode(tenant, user_id, current.select) for user_id in current.pages[index]],
    )
    if index + 1 < len(current.pages):
        page.next_link = _link(request, "$skiptoken", state.opaque.seal(round=number, page=index + 1))
    else:
        token = state.opaque.seal(
            tenant=tenant.id,
            select=current.select,
            ids=current.ids,
            since=current.resume_at,
            issued=int(state.now().timestamp()),
            generation=state.generation,
        )
        page.delta_link = _link(request, "$deltatoken", token)
    return page_answer(request, page)


def _encode(tenant: Tenant, user_id: str, select: Select | None) -> bytes:
    user = tenant.users.get(user_id)
    if user is None:
        reason = "changed" if user_id in tenant.deleted_users else "deleted"
        return msgspec.json.encode({"id": user_id, "@removed": {"reason": reason}})
    asked = USER.default if select is None else (*select, "id")
    return msgspec.json.encode({name: user.properties[name] for name in asked if name in user.properties})


def _select(request: GraphRequest) -> Select | None:
    select = request.select(USER)
    unsupported = [name for name in select or () if name in SINGLE_USER_PROPERTIES | {SIGN_IN_ACTIVITY}]
    if unsupported:
        raise BadRequest(
            "Invalid request for delta query: for this entity set, $expand/$select is not supported for the "
            f"following properties: {', '.join(unsupported)}"
        )
    return select


def _only_ids(request: GraphRequest) -> tuple[str, ...] | None:
    text = request.query.get("$filter")
    if text is None:
        return None
    clauses = [_ID_CLAUSE.fullmatch(clause) for clause in re.split(r"\s+or\s+", text)]
    ids = tuple(clause.group(1) for clause in clauses if clause)
    if len(ids) != len(clauses) or len(ids) > MOST_FILTERED_IDS:
        raise BadRequest(
            f"Delta query supports only filters of the form \"id eq '…' or id eq '…'\" for up to "
            f"{MOST_FILTERED_IDS} objects.",
            "Request_UnsupportedQuery",
        )
    return ids


def _open(state: GraphState, request: GraphRequest, token: str) -> dict[str, Any]:
    content = state.opaque.open(token)
    if content is None or content.get("tenant") != request.caller.tenant.id:
        raise _sync_state_not_found()
    style = state.expiry_of(request.caller.tenant.id, content["generation"])
    if style == "resyncRequired":
        raise _resync_required(request, _tuple(content["select"]))
    if style or state.now().timestamp() - content["issued"] > TOKEN_LIFE.total_seconds():
        raise _sync_state_not_found()
    return content


def _expire_on_request(state: GraphState, request: GraphRequest) -> None:
    token = request.query.get("$deltatoken") or request.query.get("$skiptoken")
    if request.fault and request.fault.kind == "expire_delta" and token:
        content = state.opaque.open(token) or {}
        if request.fault.status in (0, 410):
            raise _resync_required(request, _tuple(content.get("select")))
        raise _sync_state_not_found(request.fault.status)


def _sync_state_not_found(status: int = 400) -> GraphError:
    return GraphError(
        status, "syncStateNotFound", "The sync state generation is not found; a full sync is required."
    )


def _resync_required(request: GraphRequest, select: Select | None) -> GraphError:
    query = {"$select": ",".join(select)} if select else {}
    location = f"{request.base_url}/v1.0/users/delta?{query_string({**query, '$deltatoken': ''})}"
    message = "The delta token is no longer valid, and the application must start over."
    return GraphError(410, "resyncRequired", message, {"Location": location})


def _link(request: GraphRequest, option: str, token: str) -> str:
    return f"{request.base_url}/v1.0/users/delta?{option}={token}"


def _tuple(names: list[str] | None) -> tuple[str, ...] | None:
    return tuple(names) if names is not None else None
