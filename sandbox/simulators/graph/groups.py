"""Groups, their members, and the members of their members.

Follows "List groups", "Get group", "List group members", "List group transitive members" and "Advanced query
capabilities on Microsoft Entra ID objects" (learn.microsoft.com/graph).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sandbox.simulators.graph.authorization import GROUP_READ, USER_READ
from sandbox.simulators.graph.errors import BadRequest, NotFound, UnsupportedQuery
from sandbox.simulators.graph.filters import parse_filter, parse_order, parse_search
from sandbox.simulators.graph.messages import GraphAnswer, GraphRequest, Page, json_answer, page_answer
from sandbox.simulators.graph.paging import slice_by_offset
from sandbox.simulators.graph.rendering import Select, context, render
from sandbox.simulators.graph.schema import GROUP, USER, ObjectType
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import Group, Tenant, User

Member = User | Group
_CASTS: dict[str, ObjectType] = {
    f"{prefix}graph.{kind.name}": kind for prefix in ("microsoft.", "") for kind in (USER, GROUP)
}
_NEEDS_EVENTUAL = (
    "The specified query requires the 'ConsistencyLevel: eventual' header and $count=true in the query."
)


def list_groups(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one page of groups."""
    request.caller.require(GROUP_READ)
    request.refuse("$skip", "$expand", "$deltatoken")
    select = request.select(GROUP)
    groups = list(request.caller.tenant.groups.values())
    if "$filter" in request.query:
        accept = parse_filter(request.query["$filter"], GROUP)
        groups = [group for group in groups if accept(group.properties)]
    if "$search" in request.query:
        if not request.is_eventual:
            raise UnsupportedQuery(_NEEDS_EVENTUAL)
        accept = parse_search(request.query["$search"])
        groups = [group for group in groups if accept(group.properties)]
    if "$orderby" in request.query:
        key, descending = parse_order(request.query["$orderby"], {"displayName"})
        groups.sort(key=lambda group: key(group.properties), reverse=descending)
    shown, next_link = slice_by_offset(state, request, groups)
    items = [msgspec.json.encode(render(GROUP, group.properties, select)) for group in shown]
    count = len(groups) if request.wants_count else None
    return page_answer(request, Page(context(GROUP, select), items, next_link, count=count))


def get_group(_state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one group by object id."""
    request.caller.require(GROUP_READ)
    group = _find_group(request)
    select = request.select(GROUP)
    fragment = f"groups({','.join(select)})/$entity" if select else "groups/$entity"
    content = render(GROUP, group.properties, select)
    return json_answer({"@odata.context": f"{request.base_url}/v1.0/$metadata#{fragment}", **content})


def list_members(state: GraphState, request: GraphRequest) -> GraphAnswer:
    """Answer one page of direct or transitive members, of all types or of the one that is cast to."""
    request.caller.require(GROUP_READ)
    request.refuse("$skip", "$expand", "$orderby")
    transitive = request.segments[2].lower() == "transitivemembers"
    cast = _cast(request, transitive)
    tenant, group = request.caller.tenant, _find_group(request)
    members = _transitive_members(tenant, group) if transitive else _direct_members(tenant, group)
    found = [member for member in members if cast is None or _type(member) is cast]
    if "$filter" in request.query:
        if not request.wants_count:
            raise UnsupportedQuery(_NEEDS_EVENTUAL)
        accept = parse_filter(request.query["$filter"], cast or USER)
        found = [member for member in found if accept(member.properties)]
    if request.segments[-1].lower() == "$count":
        if not request.is_eventual:
            raise UnsupportedQuery("$count is not currently supported.")
        return GraphAnswer(200, str(len(found)).encode(), content_type="text/plain")
    select = request.select(cast or USER)
    shown, next_link = slice_by_offset(state, request, found)
    items = [_encode_member(request, member, select, cast) for member in shown]
    fragment = context(cast, select) if cast else "directoryObjects"
    count = len(found) if request.wants_count else None
    return page_answer(request, Page(fragment, items, next_link, count=count))


def _direct_members(tenant: Tenant, group: Group) -> Iterator[Member]:
    for member_id in group.member_ids:
        member = tenant.users.get(member_id) or tenant.groups.get(member_id)
        # A deleted user keeps the membership for a restore and is not shown.
        if member is not None:
            yield member


def _transitive_members(tenant: Tenant, group: Group) -> Iterator[Member]:
    seen = {group.id}
    waiting = [group]
    for outer in waiting:
        for member in _direct_members(tenant, outer):
            if member.id not in seen:
                seen.add(member.id)
                yield member
                if isinstance(member, Group):
                    waiting.append(member)


def _cast(request: GraphRequest, transitive: bool) -> ObjectType | None:
    names = [segment for segment in request.segments[3:] if segment.lower() != "$count"]
    if not names:
        return None
    if names[0] not in _CASTS or len(names) > 1:
        raise BadRequest(f"Resource not found for the segment '{names[0]}'.")
    counted = request.wants_count or (request.is_eventual and request.segments[-1].lower() == "$count")
    if transitive and not counted:
        raise UnsupportedQuery(_NEEDS_EVENTUAL)
    return _CASTS[names[0]]


def _type(member: Member) -> ObjectType:
    return USER if isinstance(member, User) else GROUP


def _encode_member(
    request: GraphRequest, member: Member, select: Select | None, cast: ObjectType | None
) -> bytes:
    object_type = _type(member)
    content = {"@odata.type": f"#{object_type.type_name}"}
    asked = None if select is None else tuple(name for name in select if name in object_type.properties)
    if object_type is USER and not request.caller.may(USER_READ):
        # Without permission to read users, members show their type and id alone.
        content |= render(USER, {"id": member.id}, asked)
    else:
        content |= render(object_type, member.properties, asked)
    if cast is not None:
        del content["@odata.type"]
    return msgspec.json.encode(content)


def _find_group(request: GraphRequest) -> Group:
    group = request.caller.tenant.groups.get(request.segments[1].lower())
    if group is None:
        raise NotFound(request.segments[1])
    return group
