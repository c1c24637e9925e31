"""What a write makes of a contact."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.behaviour import Behaviour
from sandbox.simulators.atera.errors import AteraError, invalid
from sandbox.simulators.atera.requests import ContactFields

_TEXTS = ("first_name", "last_name", "job_title", "phone", "mobile_phone")
_PHONES = ("phone", "mobile_phone")
_FLAGS = ("is_contact_person", "in_ignore_mode", "archived")


def changes(account: AteraAccount, fields: ContactFields) -> dict[str, Any]:
    """Return the properties of AteraContact that the fields set, with the values that are kept.

    Raises AteraError 400 for a customer or a department that the account does not have.
    """
    behaviour = account.behaviour
    changed: dict[str, Any] = {}
    for name in (*_TEXTS, *_FLAGS, "default_agent_id"):
        value = getattr(fields, name, UNSET)
        if value is UNSET or (value is None and behaviour.null == "unchanged"):
            continue
        if name in _TEXTS:
            value = kept_text(behaviour, value or "", phone=name in _PHONES)
        elif name in _FLAGS:
            value = bool(value)
        changed[name] = value
    customer_id = _customer(account, fields)
    if customer_id is not None:
        changed["customer_id"] = customer_id
    return changed | _department(account, fields)


def kept_text(behaviour: Behaviour, text: str, *, phone: bool = False) -> str | None:
    """Return a text as it is stored: null when nothing is left of it."""
    if phone and behaviour.phones == "digits":
        text = "".join(character for character in text if character in "0123456789")
    return text[: behaviour.text_limit] or None


def check_unique(account: AteraAccount, email: str, customer_id: int, apart_from: int | None = None) -> None:
    """Raise AteraError 409 when the address is taken by another contact, archived ones included."""
    scope = account.behaviour.duplicate_email
    for contact in account.contacts.values():
        if contact.id == apart_from or contact.email.casefold() != email.casefold():
            continue
        if scope == "per_account" or (scope == "per_customer" and contact.customer_id == customer_id):
            raise AteraError(409, "Email already exists for customer.")


def _customer(account: AteraAccount, fields: ContactFields) -> int | None:
    """Return the customer that is named, by id rather than by name; None when none is."""
    if isinstance(fields.customer_id, int):
        if fields.customer_id not in account.customers:
            raise invalid("CustomerID", "There is no such customer.")
        return fields.customer_id
    if isinstance(fields.customer_name, str) and fields.customer_name:
        wanted = fields.customer_name.casefold()
        for customer in account.customers.values():
            if customer.name.casefold() == wanted:
                return customer.id
        raise invalid("CustomerName", "There is no such customer.")
    return None


def _department(account: AteraAccount, fields: ContactFields) -> dict[str, Any]:
    if isinstance(fields.department_id, int):
        if fields.department_id not in account.departments:
            raise invalid("DepartmentID", "There is no such department.")
        return {"department_id": fields.department_id}
    if isinstance(fields.department_name, str) and fields.department_name:
        wanted = fields.department_name.casefold()
        for department in account.departments.values():
            if department.name.casefold() == wanted:
                return {"department_id": department.id}
        raise invalid("DepartmentName", "There is no such department.")
    cleared = fields.department_name == "" or (
        account.behaviour.null == "clears" and None in (fields.department_id, fields.department_name)
    )
    return {"department_id": None} if cleared else {}
