"""What a test or a person at a demonstration may do to groups.

Members are users and groups; a display name that several groups have names the first of them.

    GET    /_control/tenants/{tenant}/groups
    POST   /_control/tenants/{tenant}/groups                    {"displayName", "members"?: [...]}
    PATCH  /_control/tenants/{tenant}/groups/{group}            Graph properties
    DELETE /_control/tenants/{tenant}/groups/{group}
    PATCH  /_control/tenants/{tenant}/groups/{group}/members    {"add"?: [...], "remove"?: [...]}
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.simulators.graph.control_surface import TENANT, ControlSurface, Strict, command, guarded
from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import Group


class _NewGroup(Strict, rename="camel"):
    display_name: str
    members: tuple[str, ...] = ()


class _Members(Strict):
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def add_group_control_routes(application: web.Application, state: GraphState) -> None:
    """Add the part of the control surface that is about groups."""
    control, groups = _GroupControl(state), f"{TENANT}/groups"
    application.add_routes(
        [
            web.get(groups, guarded(control.groups)),
            web.post(groups, guarded(control.add, 201)),
            web.patch(f"{groups}/{{group}}", guarded(control.change)),
            web.delete(f"{groups}/{{group}}", guarded(control.delete)),
            web.patch(f"{groups}/{{group}}/members", guarded(control.change_members)),
        ]
    )


class _GroupControl(ControlSurface):
    async def groups(self, request: web.Request) -> dict[str, Any]:
        return {"groups": [_describe(group) for group in self.tenant(request).groups.values()]}

    async def add(self, request: web.Request) -> dict[str, Any]:
        tenant, wanted = self.tenant(request), await command(request, _NewGroup)
        members = [self.member_id(tenant, name) for name in wanted.members]
        return _describe(tenant.add_group(wanted.display_name, members))

    async def change(self, request: web.Request) -> dict[str, Any]:
        tenant, group = self.group(request)
        return _describe(tenant.update_group(group.id, **await command(request, dict[str, Any])))

    async def delete(self, request: web.Request) -> dict[str, Any]:
        tenant, group = self.group(request)
        return _describe(tenant.delete_group(group.id))

    async def change_members(self, request: web.Request) -> dict[str, Any]:
        tenant, group = self.group(request)
        wanted = await command(request, _Members)
        joining = [self.member_id(tenant, name) for name in wanted.add]
        leaving = [self.member_id(tenant, name) for name in wanted.remove]
        tenant.remove_members(group.id, *leaving)
        return _describe(tenant.add_members(group.id, *joining))


def _describe(group: Group) -> dict[str, Any]:
    return {"id": group.id, "displayName": group.display_name, "member_ids": group.member_ids}
