"""A technician's hands: contacts are looked at and changed without the API and its rules.

GET    /_control/accounts/{account}/contacts                    [{… ContactDto, "CustomValues": {name: text}}]
POST   /_control/accounts/{account}/contacts                    {"CustomerID", "Email", … properties}
PATCH  /_control/accounts/{account}/contacts/{contact}          properties of ContactDto, the address too
DELETE /_control/accounts/{account}/contacts/{contact}
POST   /_control/accounts/{account}/contacts/{contact}/merge    {"into"}: the contact in the path is gone
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.contacts import contact_body
from sandbox.simulators.atera.records import CONTACT_NAMES, AteraContact
from sandbox.simulators.atera.state import Atera
from sandbox.simulators.graph.control_surface import Strict, command, guarded

ACCOUNT = "/_control/accounts/{account}"
CONTACT = f"{ACCOUNT}/contacts/{{contact}}"
_BY_WIRE_NAME = {wire_name: name for name, wire_name in CONTACT_NAMES.items()}


class _Merge(Strict):
    into: int


def account_named(atera: Atera, request: web.Request) -> AteraAccount:
    """Return the account in the path; raises LookupError when there is none."""
    account = atera.accounts.get(request.match_info["account"])
    if account is None:
        raise LookupError(f"no account {request.match_info['account']}")
    return account


def add_contact_control_routes(application: web.Application, atera: Atera) -> None:
    """Add the technician's part of the control surface."""
    hands = _Hands(atera)
    application.add_routes(
        [
            web.get(f"{ACCOUNT}/contacts", guarded(hands.contacts)),
            web.post(f"{ACCOUNT}/contacts", guarded(hands.add, 201)),
            web.patch(CONTACT, guarded(hands.edit)),
            web.delete(CONTACT, guarded(hands.delete)),
            web.post(f"{CONTACT}/merge", guarded(hands.merge)),
        ]
    )


class _Hands:
    def __init__(self, atera: Atera) -> None:
        self._atera = atera

    async def contacts(self, request: web.Request) -> list[dict[str, Any]]:
        account = account_named(self._atera, request)
        return [_describe(account, contact) for contact in account.contacts.values()]

    async def add(self, request: web.Request) -> dict[str, Any]:
        account, fields = account_named(self._atera, request), await _properties(request)
        contact_id = account.add_contact(**fields)
        return _describe(account, account.contacts[contact_id])

    async def edit(self, request: web.Request) -> dict[str, Any]:
        account, contact_id = account_named(self._atera, request), int(request.match_info["contact"])
        account.edit_contact(contact_id, **await _properties(request))
        return _describe(account, account.contacts[contact_id])

    async def delete(self, request: web.Request) -> dict[str, Any]:
        account_named(self._atera, request).delete_contact(int(request.match_info["contact"]))
        return {}

    async def merge(self, request: web.Request) -> dict[str, Any]:
        account, into = account_named(self._atera, request), (await command(request, _Merge)).into
        account.merge_contacts(int(request.match_info["contact"]), into)
        return _describe(account, account.contacts[into])


async def _properties(request: web.Request) -> dict[str, Any]:
    """Return a contact's properties by our names; raises ValueError or ValidationError for wrong ones."""
    body = await command(request, dict[str, Any])
    types = {field.encode_name: field.type for field in msgspec.structs.fields(AteraContact)}
    if unknown := sorted(body.keys() - types.keys()):
        raise ValueError(f"a contact has no {', '.join(unknown)}")
    return {_BY_WIRE_NAME[name]: msgspec.convert(value, types[name]) for name, value in body.items()}


def _describe(account: AteraAccount, contact: AteraContact) -> dict[str, Any]:
    values = {name: text for (owner, name), text in account.custom_values.items() if owner == contact.id}
    return {**contact_body(account, contact), "CustomValues": values}
