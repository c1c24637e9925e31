"""What the parts of the control surface share: how they name things, and how they refuse.

Tenants are named by id, by a domain, or by the first label of their `.onmicrosoft.com` domain; users by
object id or user principal name; groups by object id or display name; licences by SKU id or part number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sandbox.simulators.graph.state import GraphState
from sandbox.world.model import DirectoryConflict, Group, SubscribedSku, Tenant, User

TENANT = "/_control/tenants/{tenant}"
USER = f"{TENANT}/users/{{user}}"
Body = TypeVar("Body")


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A command in which a typing error is an error."""


class ControlSurface:
    """Finds what a command names; raises LookupError for what there is not."""

    def __init__(self, state: GraphState) -> None:
        self.state = state

    def tenant_id(self, name: str | None) -> str | None:
        return None if name is None else self.tenant_named(name).id

    def tenant(self, request: web.Request) -> Tenant:
        return self.tenant_named(request.match_info["tenant"])

    def tenant_named(self, name: str) -> Tenant:
        world = self.state.world
        initial = f"{name}.onmicrosoft.com"
        tenants = world.tenants.values()
        found = world.tenants.get(name.lower()) or next(
            (tenant for tenant in tenants if {name.lower(), initial.lower()} & set(tenant.domains)), None
        )
        if found is None:
            raise LookupError(f"no tenant {name}")
        return found

    def user(self, request: web.Request, *, deleted: bool | None = False) -> tuple[Tenant, User]:
        """Find a user who is alive, or deleted, or either when `deleted` is None."""
        tenant, key = self.tenant(request), request.match_info["user"]
        alive = tenant.users.get(key.lower()) or tenant.user_by_upn(key)
        gone = tenant.deleted_users.get(key.lower()) or next(
            (
                user
                for user in tenant.deleted_users.values()
                if user.user_principal_name.casefold() == key.casefold()
            ),
            None,
        )
        found = {False: alive, True: gone, None: alive or gone}[deleted]
        if found is None:
            raise LookupError(f"no such user in {tenant.display_name}")
        return tenant, found

    def group(self, request: web.Request) -> tuple[Tenant, Group]:
        tenant, key = self.tenant(request), request.match_info["group"]
        return tenant, _group_named(tenant, key)

    def member_id(self, tenant: Tenant, name: str) -> str:
        user = tenant.users.get(name.lower()) or tenant.user_by_upn(name)
        return user.id if user else _group_named(tenant, name).id

    def sku(self, request: web.Request) -> SubscribedSku:
        tenant, key = self.tenant(request), request.match_info["sku"]
        for sku in tenant.subscribed_skus:
            if key in (sku.sku_id, sku.part_number):
                return sku
        raise LookupError(f"{tenant.display_name} does not subscribe to {key}")


def guarded(
    handle: Callable[[web.Request], Awaitable[Any]], status: int = 200
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer with what a command returns, or with 404, 409 or 400 and the reason."""

    async def answer(request: web.Request) -> web.Response:
        try:
            content = await handle(request)
        except (LookupError, DirectoryConflict) as error:
            refused = 409 if isinstance(error, DirectoryConflict) else 404
            return web.json_response({"error": str(error)}, status=refused)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(content, status=status)

    return answer


async def command(request: web.Request, expected: type[Body]) -> Body:
    """Read the body of a command; raises MsgspecError for one that is not as expected."""
    return msgspec.json.decode(await request.read() or b"{}", type=expected)


def _group_named(tenant: Tenant, name: str) -> Group:
    found = tenant.groups.get(name.lower()) or next(
        (group for group in tenant.groups.values() if group.display_name == name), None
    )
    if found is None:
        raise LookupError(f"no such group in {tenant.display_name}")
    return found
