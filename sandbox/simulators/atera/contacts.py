"""Contacts: list, read, create, update, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.contact_writes import changes, check_unique
from sandbox.simulators.atera.errors import invalid, not_found
from sandbox.simulators.atera.paging import by_age, page_answer, query_of
from sandbox.simulators.atera.records import CONTACT_NAMES, AteraContact, timestamp, whole_seconds
from sandbox.simulators.atera.requests import (
    CreateContact,
    UpdateContact,
    action,
    path_id,
    read_object,
    understood,
)


async def list_contacts(account: AteraAccount, request: web.Request) -> web.Response:
    """Address and phone are looked for anywhere in the contact's; there is no filter by customer."""
    query = query_of(request)
    found = list(account.contacts.values())
    if not account.behaviour.archived_listed:
        found = [contact for contact in found if not contact.archived]
    if email := query.get("email", "").casefold():
        found = [contact for contact in found if email in contact.email.casefold()]
    if phone := query.get("phone"):
        found = [
            contact for contact in found if phone in f"{contact.phone or ''}\n{contact.mobile_phone or ''}"
        ]
    return page_answer(
        account, request, by_age(account, request, found), lambda contact: contact_body(account, contact)
    )


async def get_contact(account: AteraAccount, request: web.Request) -> web.Response:
    """Return one contact, archived or not."""
    return web.json_response(contact_body(account, _find(account, request)))


async def create_contact(account: AteraAccount, request: web.Request) -> web.Response:
    """The address is required, and a customer that there is, by id or by name."""
    body = await read_object(request)
    email = body.get("Email")
    if email is None or (isinstance(email, str) and not email.strip()):
        raise invalid("Email", "The Email field is required.")
    wanted = understood(body, CreateContact, account.behaviour)
    fields = changes(account, wanted)
    if "customer_id" not in fields:
        raise invalid("CustomerID", "The customer ID or the customer name is required.")
    check_unique(account, wanted.email, fields["customer_id"])
    if isinstance(wanted.created_on, datetime):
        zone = wanted.created_on.tzinfo or account.time_zone
        fields["created_on"] = whole_seconds(wanted.created_on.replace(tzinfo=zone))
    contact_id = account.add_contact(email=wanted.email, **fields)
    account.wrote("contact created", contact_id)
    return action(account.behaviour, contact_id, created=True)


async def update_contact(account: AteraAccount, request: web.Request) -> web.Response:
    """What is not named stays as it is; moving somebody to another customer is an update too."""
    body = await read_object(request)
    contact = _find(account, request)
    fields = changes(account, understood(body, UpdateContact, account.behaviour))
    customer_id = fields.get("customer_id", contact.customer_id)
    if customer_id != contact.customer_id:
        check_unique(account, contact.email, customer_id, apart_from=contact.id)
    account.edit_contact(contact.id, **fields)
    account.wrote("contact updated", contact.id)
    return action(account.behaviour, contact.id)


async def delete_contact(account: AteraAccount, request: web.Request) -> web.Response:
    """Delete a contact for good."""
    contact = _find(account, request)
    account.delete_contact(contact.id)
    account.wrote("contact deleted", contact.id)
    return web.Response(status=204)


def contact_body(account: AteraAccount, contact: AteraContact) -> dict[str, Any]:
    """Return a ContactDto."""
    department = account.departments.get(contact.department_id or 0)
    values = msgspec.structs.asdict(contact) | {
        "customer_name": account.customers[contact.customer_id].name,
        "department_name": department.name if department else None,
        "created_on": timestamp(contact.created_on),
        "last_modified": timestamp(contact.last_modified),
    }
    return {wire_name: values[name] for name, wire_name in CONTACT_NAMES.items()}


def _find(account: AteraAccount, request: web.Request) -> AteraContact:
    contact_id = path_id(request, "contactId")
    if contact_id not in account.contacts:
        raise not_found("Contact", contact_id)
    return account.contacts[contact_id]
