"""What a test or a person at a demonstration may do to the accounts, from another process.

GET    /_control/accounts
POST   /_control/accounts               {"name", "time_zone"?, "is_it_department"?, "customers"?: [{"name",
                                        "domains"?}], "departments"?: [name], "custom_fields"?: [{"name",
                                        "target"?, "data_type"?}], "key_kind"?} → ids and a key
GET    /_control/accounts/{account}
PATCH  /_control/accounts/{account}     {"suspended"}
POST   /_control/accounts/{account}/keys            {"kind"?, "permissions"?, "expires_at"?} → {"key"}
POST   /_control/accounts/{account}/keys/revoke     {"key"}
GET    /_control/accounts/{account}/behaviour
PATCH  /_control/accounts/{account}/behaviour       fields of Behaviour

`control_contacts` has the technician's hands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.control_contacts import ACCOUNT, account_named, add_contact_control_routes
from sandbox.simulators.atera.keys import KeyKind
from sandbox.simulators.atera.state import Atera
from sandbox.simulators.graph.control_surface import Strict, command, guarded


class _Customer(Strict):
    name: str
    domains: tuple[str, ...] = ()


class _CustomField(Strict):
    name: str
    target: str = "Contact"
    data_type: str = "Text"


class _Account(Strict):
    name: str
    time_zone: str = "UTC"
    is_it_department: bool = False
    customers: tuple[_Customer, ...] = ()
    departments: tuple[str, ...] = ()
    custom_fields: tuple[_CustomField, ...] = ()
    key_kind: KeyKind = "jwt"


class _AccountPatch(Strict):
    suspended: bool


class _Key(Strict):
    kind: KeyKind = "jwt"
    permissions: list[str] | None = None
    expires_at: datetime | None = None


class _KeyText(Strict):
    key: str


def add_control_routes(application: web.Application, atera: Atera) -> None:
    """Add the control surface."""
    control = _Control(atera)
    application.add_routes(
        [
            web.get("/_control/accounts", guarded(control.accounts)),
            web.post("/_control/accounts", guarded(control.add_account, 201)),
            web.get(ACCOUNT, guarded(control.account)),
            web.patch(ACCOUNT, guarded(control.change_account)),
            web.post(f"{ACCOUNT}/keys", guarded(control.add_key, 201)),
            web.post(f"{ACCOUNT}/keys/revoke", guarded(control.revoke_key)),
            web.get(f"{ACCOUNT}/behaviour", guarded(control.behaviour)),
            web.patch(f"{ACCOUNT}/behaviour", guarded(control.change_behaviour)),
        ]
    )
    add_contact_control_routes(application, atera)


class _Control:
    def __init__(self, atera: Atera) -> None:
        self._atera = atera

    async def accounts(self, _request: web.Request) -> dict[str, Any]:
        return {"accounts": [_describe(account) for account in self._atera.accounts.values()]}

    async def add_account(self, request: web.Request) -> dict[str, Any]:
        wanted = await command(request, _Account)
        account = self._atera.add_account(
            wanted.name, time_zone=wanted.time_zone, is_it_department=wanted.is_it_department
        )
        for customer in wanted.customers:
            account.add_customer(customer.name, customer.domains)
        for department in wanted.departments:
            account.add_department(department)
        for field in wanted.custom_fields:
            account.add_custom_field(field.name, field.target, field.data_type)
        return {**_describe(account), "key": account.add_key(wanted.key_kind)}

    async def account(self, request: web.Request) -> dict[str, Any]:
        return _describe(account_named(self._atera, request))

    async def change_account(self, request: web.Request) -> dict[str, Any]:
        account = account_named(self._atera, request)
        account.suspended = (await command(request, _AccountPatch)).suspended
        return _describe(account)

    async def add_key(self, request: web.Request) -> dict[str, Any]:
        account, wanted = account_named(self._atera, request), await command(request, _Key)
        return {
            "key": account.add_key(wanted.kind, permissions=wanted.permissions, expires_at=wanted.expires_at)
        }

    async def revoke_key(self, request: web.Request) -> dict[str, Any]:
        account, key = account_named(self._atera, request), (await command(request, _KeyText)).key
        if key not in account.keys:
            raise LookupError("the account has no such key")
        account.revoke_key(key)
        return {}

    async def behaviour(self, request: web.Request) -> dict[str, Any]:
        return msgspec.structs.asdict(account_named(self._atera, request).behaviour)

    async def change_behaviour(self, request: web.Request) -> dict[str, Any]:
        account = account_named(self._atera, request)
        account.behaviour.change(await command(request, dict[str, object]))
        return msgspec.structs.asdict(account.behaviour)


def _describe(account: AteraAccount) -> dict[str, Any]:
    people = [contact.customer_id for contact in account.contacts.values()]
    return {
        "id": account.id,
        "name": account.company_name,
        "time_zone": account.time_zone.key,
        "is_it_department": account.is_it_department,
        "suspended": account.suspended,
        "customers": [
            {
                "id": customer.id,
                "name": customer.name,
                "domains": list(customer.domains),
                "contacts": people.count(customer.id),
            }
            for customer in account.customers.values()
        ],
        "departments": [{"id": it.id, "name": it.name} for it in account.departments.values()],
        "custom_fields": [
            {"name": it.name, "target": it.target, "data_type": it.data_type} for it in account.custom_fields
        ],
    }
