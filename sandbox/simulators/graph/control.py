"""What a test or a person at a demonstration may do to the directory and to the simulator.

GET    /_control/tenants
PATCH  /_control/tenants/{tenant}                       {"deleted": true}
POST   /_control/tenants/{tenant}/hire                  Graph properties, and `directory_roles`, `purpose`
PATCH  /_control/tenants/{tenant}/users/{user}          Graph properties
DELETE /_control/tenants/{tenant}/users/{user}          to the deleted items
POST   /_control/tenants/{tenant}/users/{user}/restore
POST   /_control/tenants/{tenant}/users/{user}/purge    for ever
POST   /_control/expire-delta                           {"tenant"?, "style"?: "resyncRequired"}
POST   /_control/delta-behaviour                        {"tenant"?, … fields of DeltaBehaviour}
POST   /_control/foreign-next-link                      {"host", "tenant"?, "count"?}
GET    /_control/foreign-calls                          requests that came to a foreign host
POST   /_control/looping-next-link                      {"tenant"?, "count"?}
POST   /_control/throttling                             fields of ThrottlingSettings
POST   /_control/clock                                  {"advance_seconds"}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import msgspec
from aiohttp import web

from sandbox.simulators.faults import Fault
from sandbox.simulators.graph.control_surface import TENANT, USER, ControlSurface, Strict, command, guarded
from sandbox.simulators.graph.delta_rounds import DeltaBehaviour
from sandbox.simulators.graph.state import GraphState
from sandbox.simulators.graph.throttling import ThrottlingSettings
from sandbox.world.model import Purpose, Tenant

_COLLECTIONS = r"/(users|groups)"


class _TenantPatch(Strict):
    deleted: bool


class _SandboxFields(msgspec.Struct):
    directory_roles: list[str] = []
    purpose: Purpose = "user"


class _ExpireDelta(Strict):
    tenant: str | None = None
    style: Literal["syncStateNotFound", "resyncRequired"] = "syncStateNotFound"


class _MisleadingLink(Strict):
    host: str = ""
    tenant: str | None = None
    count: int | None = 1


class _Clock(Strict):
    advance_seconds: float


def add_control_routes(application: web.Application, state: GraphState) -> None:
    """Add the control surface."""
    control = _Control(state)
    application.add_routes(
        [
            web.get("/_control/tenants", guarded(control.tenants)),
            web.patch(TENANT, guarded(control.change_tenant)),
            web.post(f"{TENANT}/hire", guarded(control.hire, 201)),
            web.patch(USER, guarded(control.change_user)),
            web.delete(USER, guarded(control.leave)),
            web.post(f"{USER}/restore", guarded(control.restore)),
            web.post(f"{USER}/purge", guarded(control.purge)),
            web.post("/_control/expire-delta", guarded(control.expire_delta)),
            web.post("/_control/delta-behaviour", guarded(control.delta_behaviour)),
            web.post("/_control/foreign-next-link", guarded(control.foreign_next_link)),
            web.get("/_control/foreign-calls", guarded(control.foreign_calls)),
            web.post("/_control/looping-next-link", guarded(control.looping_next_link)),
            web.post("/_control/throttling", guarded(control.throttling)),
            web.post("/_control/clock", guarded(control.clock)),
        ]
    )


class _Control(ControlSurface):
    async def tenants(self, _request: web.Request) -> dict[str, Any]:
        return {"tenants": [_describe(tenant) for tenant in self.state.world.tenants.values()]}

    async def change_tenant(self, request: web.Request) -> dict[str, Any]:
        tenant = self.tenant(request)
        tenant.deleted = (await command(request, _TenantPatch)).deleted
        return _describe(tenant)

    async def hire(self, request: web.Request) -> dict[str, Any]:
        tenant = self.tenant(request)
        content = await command(request, dict[str, Any])
        sandbox = msgspec.convert(content, _SandboxFields)
        properties = {name: value for name, value in content.items() if name not in sandbox.__struct_fields__}
        missing = {"displayName", "userPrincipalName"} - set(properties)
        if missing:
            raise ValueError(f"{', '.join(sorted(missing))} must be given")
        user = tenant.hire(properties, directory_roles=sandbox.directory_roles, purpose=sandbox.purpose)
        return user.properties

    async def change_user(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request)
        return tenant.update_user(user.id, **await command(request, dict[str, Any])).properties

    async def leave(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request)
        return tenant.delete_user(user.id).properties

    async def restore(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request, deleted=True)
        return tenant.restore_user(user.id).properties

    async def purge(self, request: web.Request) -> dict[str, Any]:
        tenant, user = self.user(request, deleted=None)
        tenant.purge_user(user.id)
        return user.properties

    async def expire_delta(self, request: web.Request) -> dict[str, Any]:
        wanted = await command(request, _ExpireDelta)
        self.state.expire_delta(self.tenant_id(wanted.tenant), wanted.style)
        return {"generation": self.state.generation}

    async def delta_behaviour(self, request: web.Request) -> dict[str, Any]:
        content = await command(request, dict[str, Any])
        tenant_id = self.tenant_id(content.pop("tenant", None))
        behaviour = msgspec.convert(content, DeltaBehaviour)
        self.state.behaviour[tenant_id] = behaviour
        return {"tenant": tenant_id, **msgspec.to_builtins(behaviour)}

    async def foreign_next_link(self, request: web.Request) -> dict[str, Any]:
        wanted = await command(request, _MisleadingLink)
        if not wanted.host:
            raise ValueError("host must be given")
        origin = self.state.mislead_to(wanted.host)
        self._mislead("foreign_next_link", wanted, origin)
        return {"origin": origin}

    async def foreign_calls(self, _request: web.Request) -> dict[str, Any]:
        return {"calls": self.state.foreign_calls}

    async def looping_next_link(self, request: web.Request) -> dict[str, Any]:
        wanted = await command(request, _MisleadingLink)
        self._mislead("looping_next_link", wanted, None)
        return {"count": wanted.count}

    async def throttling(self, request: web.Request) -> dict[str, Any]:
        self.state.units.settings = await command(request, ThrottlingSettings)
        return dict(msgspec.to_builtins(self.state.units.settings))

    async def clock(self, request: web.Request) -> dict[str, Any]:
        self.state.advance(timedelta(seconds=(await command(request, _Clock)).advance_seconds))
        return {"now": self.state.now().isoformat()}

    def _mislead(
        self,
        kind: Literal["foreign_next_link", "looping_next_link"],
        wanted: _MisleadingLink,
        origin: str | None,
    ) -> None:
        tenant = self.tenant_id(wanted.tenant) or ""
        self.state.faults.add(
            Fault(kind=kind, path=_COLLECTIONS, tenant=tenant, count=wanted.count, body=origin)
        )


def _describe(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "display_name": tenant.display_name,
        "domains": tenant.domains,
        "deleted": tenant.deleted,
        "administrator": tenant.admin.user_principal_name,
        "users": len(tenant.users),
        "deleted_users": len(tenant.deleted_users),
        "groups": len(tenant.groups),
        "consents": [
            {
                "client_id": principal.client_id,
                "app_roles": sorted(principal.app_roles),
                "scopes": sorted(principal.scopes),
                "enabled": principal.enabled,
            }
            for principal in tenant.service_principals.values()
        ],
    }
