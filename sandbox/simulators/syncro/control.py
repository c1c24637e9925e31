"""What a test or a person at a demonstration may do to the service from another process.

GET    /_control/accounts                            accounts, customers, how many contacts each has
POST   /_control/accounts                            fields of `_Account`; answers ids and a token
GET    /_control/accounts/{account}
PATCH  /_control/accounts/{account}                  {"suspended"?, "contact_custom_fields"?,
                                                      "customer_custom_fields"?}
GET    /_control/accounts/{account}/behaviour
PATCH  /_control/accounts/{account}/behaviour        some fields of Behaviour
POST   /_control/accounts/{account}/tokens           {"permissions"?, "expires_in_seconds"?}
POST   /_control/accounts/{account}/tokens/revoke    {"token"}
GET    /_control/limit
PATCH  /_control/limit                               {"calls_per_minute"?, "retry_after"?}

Accounts are named by subdomain. Their customers and contacts are in the module beside this one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.syncro.behaviour import Behaviour
from sandbox.simulators.syncro.control_records import NewCustomer, add_record_control_routes
from sandbox.simulators.syncro.control_surface import (
    ACCOUNT,
    Answer,
    ControlSurface,
    Strict,
    command,
    describe,
    guarded,
)
from sandbox.simulators.syncro.state import Syncro


class _Account(msgspec.Struct, forbid_unknown_fields=True):
    subdomain: str
    name: str
    customers: list[NewCustomer] = []
    contact_custom_fields: list[str] = []
    customer_custom_fields: list[str] = []
    permissions: list[str] | None = None


class _AccountPatch(Strict):
    suspended: bool | msgspec.UnsetType = msgspec.UNSET
    contact_custom_fields: set[str] | msgspec.UnsetType = msgspec.UNSET
    customer_custom_fields: set[str] | msgspec.UnsetType = msgspec.UNSET


class _Token(Strict):
    permissions: list[str] | None = None
    expires_in_seconds: float | None = None


class _Revocation(Strict):
    token: str


class _LimitPatch(Strict):
    calls_per_minute: int | msgspec.UnsetType | None = msgspec.UNSET
    retry_after: bool | msgspec.UnsetType = msgspec.UNSET


def add_control_routes(application: web.Application, syncro: Syncro) -> None:
    """Add the control surface."""
    control = _Control(syncro)
    application.add_routes(
        [
            web.get("/_control/accounts", guarded(control.accounts)),
            web.post("/_control/accounts", guarded(control.add_account, 201)),
            web.get(ACCOUNT, guarded(control.show_account)),
            web.patch(ACCOUNT, guarded(control.change_account)),
            web.get(f"{ACCOUNT}/behaviour", guarded(control.behaviour)),
            web.patch(f"{ACCOUNT}/behaviour", guarded(control.change_behaviour)),
            web.post(f"{ACCOUNT}/tokens", guarded(control.add_token, 201)),
            web.post(f"{ACCOUNT}/tokens/revoke", guarded(control.revoke_token)),
            web.get("/_control/limit", guarded(control.limit)),
            web.patch("/_control/limit", guarded(control.change_limit)),
        ]
    )
    add_record_control_routes(application, syncro)


class _Control(ControlSurface):
    async def accounts(self, _request: web.Request) -> Answer:
        return {"accounts": [describe(account) for account in self.syncro.accounts.values()]}

    async def add_account(self, request: web.Request) -> Answer:
        wanted = await command(request, _Account)
        account = self.syncro.add_account(wanted.subdomain, name=wanted.name)
        account.contact_custom_fields.update(wanted.contact_custom_fields)
        account.customer_custom_fields.update(wanted.customer_custom_fields)
        for customer in wanted.customers:
            customer.add_to(account)
        return {**describe(account), "token": account.add_token(permissions=wanted.permissions)}

    async def show_account(self, request: web.Request) -> Answer:
        return describe(self.account(request))

    async def change_account(self, request: web.Request) -> Answer:
        account, wanted = self.account(request), await command(request, _AccountPatch)
        for name in wanted.__struct_fields__:
            if (value := getattr(wanted, name)) is not msgspec.UNSET:
                setattr(account, name, value)
        return describe(account)

    async def behaviour(self, request: web.Request) -> Answer:
        return dict(msgspec.to_builtins(self.account(request).behaviour))

    async def change_behaviour(self, request: web.Request) -> Answer:
        account, changes = self.account(request), await command(request, dict[str, Any])
        account.behaviour = msgspec.convert(msgspec.to_builtins(account.behaviour) | changes, Behaviour)
        return dict(msgspec.to_builtins(account.behaviour))

    async def add_token(self, request: web.Request) -> Answer:
        account, wanted = self.account(request), await command(request, _Token)
        life = wanted.expires_in_seconds
        expires_at = None if life is None else account.now() + timedelta(seconds=life)
        return {"token": account.add_token(permissions=wanted.permissions, expires_at=expires_at)}

    async def revoke_token(self, request: web.Request) -> Answer:
        account, token = self.account(request), (await command(request, _Revocation)).token
        try:
            account.revoke_token(token)
        except KeyError:
            raise LookupError("such token") from None
        return {"revoked": True}

    async def limit(self, _request: web.Request) -> Answer:
        return {"calls_per_minute": self.syncro.limit.per_minute, "retry_after": self.syncro.retry_after}

    async def change_limit(self, request: web.Request) -> Answer:
        wanted = await command(request, _LimitPatch)
        if wanted.calls_per_minute is not msgspec.UNSET:
            self.syncro.limit.per_minute = wanted.calls_per_minute
        if wanted.retry_after is not msgspec.UNSET:
            self.syncro.retry_after = wanted.retry_after
        return await self.limit(request)
