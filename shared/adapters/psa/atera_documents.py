"""Atera's contacts, customers and departments, to and from ours."""

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from shared.adapters.psa.problems import Invalid
from shared.core.links import RemoteContact
from shared.core.models import ContactFields

_PLAIN = {
    "first_name": "Firstname",
    "last_name": "Lastname",
    "job_title": "JobTitle",
    "business_phone": "Phone",
    "mobile_phone": "MobilePhone",
}
PLAIN_FIELDS = frozenset({*_PLAIN, "email", "site"})
_DEPARTMENT = "department"
DEPARTMENT, CUSTOMER = "department:", "customer:"
"""How a site is told: a department of the account, or one of its customers, which are called sites where an
IT department uses Atera."""


class AteraContact(msgspec.Struct, frozen=True):
    """A contact as the API gives it, as far as it matters; anything may be null."""

    EndUserID: int | None = None
    CustomerID: int | None = None
    Firstname: str | None = None
    Lastname: str | None = None
    JobTitle: str | None = None
    Email: str | None = None
    Phone: str | None = None
    MobilePhone: str | None = None
    Archived: bool | None = None
    DepartmentID: int | None = None


class AteraCustomer(msgspec.Struct, frozen=True):
    """A customer; `Domain` holds its domains, one after the other."""

    CustomerID: int | None = None
    CustomerName: str | None = None
    Domain: str | None = None


class AteraDepartment(msgspec.Struct, frozen=True):
    """A department of the account."""

    Id: int | None = None
    Name: str | None = None


class ContactsPage(msgspec.Struct, frozen=True):
    """A page of contacts."""

    items: list[AteraContact] | None = None
    total: int = msgspec.field(default=0, name="totalItemCount")
    pages: int = msgspec.field(default=0, name="totalPages")


class CustomersPage(msgspec.Struct, frozen=True):
    """A page of customers."""

    items: list[AteraCustomer] | None = None
    pages: int = msgspec.field(default=0, name="totalPages")


class DepartmentsPage(msgspec.Struct, frozen=True):
    """A page of departments."""

    items: list[AteraDepartment] | None = None
    pages: int = msgspec.field(default=0, name="totalPages")


class AccountInfo(msgspec.Struct, frozen=True):
    """Whose key it is."""

    AccountID: int | str | None = None
    CompanyName: str | None = None
    IsITDepartment: bool | None = None


class CustomField(msgspec.Struct, frozen=True):
    """A custom field, and what it is a field of."""

    Name: str | None = None
    DataType: str | None = None
    Target: str | None = None


class Done(msgspec.Struct, frozen=True):
    """What was made or changed: its id, a number or one in a text."""

    ActionID: int | str | None = None


class Problem(msgspec.Struct, frozen=True):
    """Why something was not done (ASP.NET's ProblemDetails)."""

    title: str | None = None
    detail: str | None = None
    errors: Any = None


def contact_of(found: AteraContact) -> RemoteContact:
    """The contact in our words, without its site: which customers are sites depends on who looks."""
    values = {ours: getattr(found, theirs) or "" for ours, theirs in _PLAIN.items()}
    return RemoteContact(
        id=str(found.EndUserID),
        customer_id="" if found.CustomerID is None else str(found.CustomerID),
        fields=ContactFields(email=found.Email or "", **values),
        active=found.Archived is not True,
        rest={_DEPARTMENT: found.DepartmentID or 0},
    )


def placed(contact: RemoteContact, customer_id: str, *, itself_a_site: bool) -> RemoteContact:
    """The contact as the customer sees it: with its site, where it is not simply the customer's.

    `itself_a_site`: the customer's own contacts have a site too, which is the customer.
    """
    department = contact.rest.get(_DEPARTMENT, 0)
    site = f"{DEPARTMENT}{department}" if department else ""
    if contact.customer_id != customer_id or (itself_a_site and not site):
        site = f"{CUSTOMER}{contact.customer_id}"
    return msgspec.structs.replace(contact, fields=msgspec.structs.replace(contact.fields, site=site))


def created_body(fields: ContactFields, customer_id: int) -> dict[str, Any]:
    """A new contact; what is blank is not named."""
    body: dict[str, Any] = {theirs: getattr(fields, ours) for ours, theirs in _PLAIN.items()}
    stated = {name: value for name, value in body.items() if value}
    return {"Email": fields.email, **stated, **_place(fields.site, customer_id)}


def changed_body(fields: ContactFields, changed: AbstractSet[str], customer_id: int) -> dict[str, Any]:
    """The fields that change: an empty text blanks one; what is not named stays. Never the address."""
    body: dict[str, Any] = {
        theirs: getattr(fields, ours) for ours, theirs in _PLAIN.items() if ours in changed
    }
    return body | (_place(fields.site, customer_id) if "site" in changed else {})


def _place(site: str, customer_id: int) -> dict[str, int]:
    """Where a contact is; out of a department into none there is no way that is documented. Raises Invalid
    for a site that can be none of Atera's."""
    kind, _, number = site.partition(":")
    if site and (f"{kind}:" not in (CUSTOMER, DEPARTMENT) or not number.isdecimal()):
        raise Invalid("The configuration names a site that Atera does not have.")
    if f"{kind}:" == CUSTOMER:
        return {"CustomerID": int(number)}
    return {"CustomerID": customer_id} | ({"DepartmentID": int(number)} if site else {})
