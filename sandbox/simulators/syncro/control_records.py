"""Customers and contacts on the control surface, changed as a technician changes them by hand.

POST   /_control/accounts/{account}/customers             fields of `NewCustomer`
GET    /_control/accounts/{account}/customers/{id}        with its properties
PATCH  /_control/accounts/{account}/customers/{id}        {"disabled"}
DELETE /_control/accounts/{account}/customers/{id}        with its contacts
GET    /_control/accounts/{account}/contacts              optionally ?customer_id=
POST   /_control/accounts/{account}/contacts              {"customer_id", … fields of a contact}
PATCH  /_control/accounts/{account}/contacts/{id}         fields of a contact
DELETE /_control/accounts/{account}/contacts/{id}
POST   /_control/accounts/{account}/contacts/{id}/merge   {"into"}
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.control_surface import (
    ACCOUNT,
    CONTACT,
    CUSTOMER,
    Answer,
    ControlSurface,
    Strict,
    command,
    describe_customer,
    guarded,
)
from sandbox.simulators.syncro.state import Syncro

_DOMAINS = "Domains"


class NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """A customer; `domains` go into a custom field of that name, and the first makes up for no email."""

    business_name: str
    email: str | None = None
    domains: list[str] = []
    properties: dict[str, str] = {}

    def add_to(self, account: SyncroAccount) -> int:
        """Add the customer, and the custom fields that it needs; returns its id."""
        email, properties = self.email, dict(self.properties)
        if self.domains:
            email = email or f"info@{self.domains[0]}"
            properties[_DOMAINS] = ", ".join(self.domains)
        account.customer_custom_fields.update(properties)
        return account.add_customer(self.business_name, email=email, properties=properties)


class _CustomerPatch(Strict):
    disabled: bool


class _Merge(Strict):
    into: int


def add_record_control_routes(application: web.Application, syncro: Syncro) -> None:
    """Add the part of the control surface that is about customers and contacts."""
    control = _Control(syncro)
    application.add_routes(
        [
            web.post(f"{ACCOUNT}/customers", guarded(control.add_customer, 201)),
            web.get(CUSTOMER, guarded(control.show_customer)),
            web.patch(CUSTOMER, guarded(control.change_customer)),
            web.delete(CUSTOMER, guarded(control.delete_customer)),
            web.get(f"{ACCOUNT}/contacts", guarded(control.contacts)),
            web.post(f"{ACCOUNT}/contacts", guarded(control.add_contact, 201)),
            web.patch(CONTACT, guarded(control.edit_contact)),
            web.delete(CONTACT, guarded(control.delete_contact)),
            web.post(f"{CONTACT}/merge", guarded(control.merge_contact)),
        ]
    )


class _Control(ControlSurface):
    async def add_customer(self, request: web.Request) -> Answer:
        account = self.account(request)
        customer_id = (await command(request, NewCustomer)).add_to(account)
        return describe_customer(account, account.customers[customer_id])

    async def show_customer(self, request: web.Request) -> Answer:
        return describe_customer(self.account(request), self.customer(request))

    async def change_customer(self, request: web.Request) -> Answer:
        customer = self.customer(request)
        customer.disabled = (await command(request, _CustomerPatch)).disabled
        return describe_customer(self.account(request), customer)

    async def delete_customer(self, request: web.Request) -> Answer:
        customer = self.customer(request)
        self.account(request).delete_customer(customer.id)
        return {"deleted": customer.id}

    async def contacts(self, request: web.Request) -> Answer:
        account, customer_id = self.account(request), request.query.get("customer_id")
        wanted = account.contacts.values() if customer_id is None else account.contacts_of(int(customer_id))
        return {"contacts": [contact.body() for contact in wanted]}

    async def add_contact(self, request: web.Request) -> Answer:
        account, fields = self.account(request), await command(request, dict[str, Any])
        if "customer_id" not in fields:
            raise ValueError("customer_id must be given")
        return account.contacts[account.add_contact(**fields)].body()

    async def edit_contact(self, request: web.Request) -> Answer:
        account, contact = self.account(request), self.contact(request)
        account.edit_contact(contact.id, **await command(request, dict[str, Any]))
        return contact.body()

    async def delete_contact(self, request: web.Request) -> Answer:
        contact = self.contact(request)
        self.account(request).delete_contact(contact.id)
        return {"deleted": contact.id}

    async def merge_contact(self, request: web.Request) -> Answer:
        account, contact = self.account(request), self.contact(request)
        into = (await command(request, _Merge)).into
        account.merge_contacts(contact.id, into)
        return account.contacts[into].body()
