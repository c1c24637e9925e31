"""What the parts of the control surface share: how they find, describe, read and refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.contacts import SyncroContact
from sandbox.simulators.syncro.customers import SyncroCustomer
from sandbox.simulators.syncro.state import Syncro

ACCOUNT = "/_control/accounts/{account}"
CUSTOMER = f"{ACCOUNT}/customers/{{id}}"
CONTACT = f"{ACCOUNT}/contacts/{{id}}"
Answer = dict[str, Any]
Body = TypeVar("Body")


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A command in which a typing error is an error."""


class ControlSurface:
    """Finds what a command names; raises LookupError for what there is not."""

    def __init__(self, syncro: Syncro) -> None:
        self.syncro = syncro

    def account(self, request: web.Request) -> SyncroAccount:
        return self.syncro.accounts[request.match_info["account"]]

    def customer(self, request: web.Request) -> SyncroCustomer:
        return self.account(request).customers[int(request.match_info["id"])]

    def contact(self, request: web.Request) -> SyncroContact:
        return self.account(request).contacts[int(request.match_info["id"])]


def guarded(
    handle: Callable[[web.Request], Awaitable[Answer]], status: int = 200
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer with what a command returns, or with 404 or 400 and the reason."""

    async def answer(request: web.Request) -> web.Response:
        try:
            content = await handle(request)
        except LookupError as error:
            return web.json_response({"error": f"there is no {error}"}, status=404)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(content, status=status)

    return answer


async def command(request: web.Request, expected: type[Body]) -> Body:
    """Read the body of a command; raises MsgspecError for one that is not as expected."""
    return msgspec.json.decode(await request.read() or b"{}", type=expected)


def describe(account: SyncroAccount) -> Answer:
    """Return an account with its customers, and nothing that opens it."""
    return {
        "id": account.id,
        "subdomain": account.subdomain,
        "name": account.name,
        "suspended": account.suspended,
        "contact_custom_fields": sorted(account.contact_custom_fields),
        "customer_custom_fields": sorted(account.customer_custom_fields),
        "customers": [describe_customer(account, customer) for customer in account.customers.values()],
    }


def describe_customer(account: SyncroAccount, customer: SyncroCustomer) -> Answer:
    """Return a customer with its properties and the number of its contacts."""
    return {
        "id": customer.id,
        "business_name": customer.business_name,
        "email": customer.email,
        "disabled": customer.disabled,
        "properties": customer.properties,
        "contacts": sum(1 for _ in account.contacts_of(customer.id)),
    }
