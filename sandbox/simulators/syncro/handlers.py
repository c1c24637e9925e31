"""The calls of the API, each a function of an account and a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.contact_writing import create_contact, delete_contact, update_contact
from sandbox.simulators.syncro.customer_writing import create_customer, update_customer
from sandbox.simulators.syncro.customers import SyncroCustomer
from sandbox.simulators.syncro.errors import Body, malformed, not_found
from sandbox.simulators.syncro.tokens import Token
from sandbox.simulators.syncro.values import flag, whole_number

Record = TypeVar("Record")


class Call(msgspec.Struct, frozen=True):
    """A request that may be answered: whose it is, and the address that the account is served at."""

    account: SyncroAccount
    token: Token
    request: web.Request
    site_url: str

    def customer_body(self, customer: SyncroCustomer) -> Body:
        return {"customer": customer.body(self.account.contacts_of(customer.id), self.site_url)}


async def me(call: Call) -> Body:
    """The user whose token it is; there is one in every account."""
    account = call.account
    return {
        "user_token": account.user_key,
        "user_email": f"admin@{account.subdomain}.example",
        "user_name": account.name,
        "user_id": account.id,
        "admin": call.token.permissions is None,
        "can_use_app": True,
        "two_factor_required": False,
        "subdomain": account.subdomain,
        "default_location": None,
        "enable_multi_locations": False,
        "locations_allowed": [],
        "permissions": call.token.permissions_body(),
    }


async def list_contacts(call: Call) -> Body:
    """A page of the contacts of one customer, or of the account."""
    account = call.account
    contacts = list(account.contacts.values())
    if "customer_id" in call.request.query:
        wanted = whole_number(call.request.query["customer_id"])
        contacts = [contact for contact in contacts if contact.customer_id == wanted]
    page, meta = _page(call.request, contacts, account.behaviour.per_page)
    return {"contacts": [contact.body() for contact in page], "meta": meta}


async def get_contact(call: Call) -> Body:
    """One contact, without anything around it."""
    return call.account.contacts[_contact_id(call)].body()


async def post_contact(call: Call) -> Body:
    """The contact that was added; the status is 200, not 201."""
    return create_contact(call.account, await _sent(call.request)).body()


async def put_contact(call: Call) -> Body:
    """The contact as it is after the change."""
    sent = await _sent(call.request)
    return update_contact(call.account, _contact_id(call), sent).body()


async def remove_contact(call: Call) -> Body:
    """That the contact is gone."""
    delete_contact(call.account, _contact_id(call))
    return {"success": True}


async def list_customers(call: Call) -> Body:
    """A page of the customers that a search finds, with their contacts."""
    account = call.account
    found = [customer for customer in account.customers.values() if _wanted(customer, call.request)]
    page, meta = _page(call.request, _sorted(found, call.request), account.behaviour.customers_per_page)
    return {"customers": [call.customer_body(customer)["customer"] for customer in page], "meta": meta}


async def get_customer(call: Call) -> Body:
    """One customer with its contacts."""
    return call.customer_body(call.account.customers[_customer_id(call)])


async def post_customer(call: Call) -> Body:
    """The customer that was added."""
    return call.customer_body(create_customer(call.account, await _sent(call.request)))


async def put_customer(call: Call) -> Body:
    """The customer as it is after the change."""
    sent = await _sent(call.request)
    return call.customer_body(update_customer(call.account, _customer_id(call), sent))


def _contact_id(call: Call) -> int:
    return _known(call.request.match_info["id"], call.account.contacts)


def _customer_id(call: Call) -> int:
    return _known(call.request.match_info["id"], call.account.customers)


def _known(text: str, records: Iterable[int]) -> int:
    record_id = whole_number(text)
    if record_id is None or record_id not in records:
        raise not_found()
    return record_id


async def _sent(request: web.Request) -> dict[str, Any]:
    """Read the parameters in a body, of which there are none unless it is called JSON."""
    content = await request.read()
    if request.content_type != "application/json" or not content:
        return {}
    try:
        sent = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise malformed() from error
    return sent if isinstance(sent, dict) else {}


def _page(request: web.Request, records: Sequence[Record], size: int) -> tuple[Sequence[Record], Body]:
    """Return the page that is asked for, the first one if it is no number, and the `meta` beside it."""
    page = max(whole_number(request.query.get("page")) or 1, 1)
    meta = {
        "total_pages": max(-(-len(records) // size), 1),
        "total_entries": len(records),
        "per_page": size,
        "page": page,
    }
    return records[(page - 1) * size : page * size], meta


def _wanted(customer: SyncroCustomer, request: web.Request) -> bool:
    query = request.query
    if customer.disabled and not flag(query.get("include_disabled")):
        return False
    if "id[]" in query and str(customer.id) not in query.getall("id[]"):
        return False
    if str(customer.id) in query.getall("not_id[]", []):
        return False
    if query.get("email") and (customer.email or "").lower() != query["email"].lower():
        return False
    if not all(
        query.get(name, "").lower() in (getattr(customer, name) or "").lower()
        for name in ("business_name", "firstname", "lastname")
    ):
        return False
    searched = " ".join(filter(None, (customer.business_name, customer.fullname, customer.email)))
    return query.get("query", "").lower() in searched.lower()


def _sorted(customers: list[SyncroCustomer], request: web.Request) -> list[SyncroCustomer]:
    name, _, direction = request.query.get("sort", "").partition(" ")
    if name not in SyncroCustomer.__dataclass_fields__ or name == "properties":
        return customers
    return sorted(
        customers,
        key=lambda customer: str(getattr(customer, name) or "").lower(),
        reverse=direction.upper() == "DESC",
    )
