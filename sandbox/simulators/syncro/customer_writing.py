"""What a request makes of a customer; what it does not send stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.customers import FLAGS, NUMBERS, PHONE_FIELDS, TEXT_FIELDS, SyncroCustomer
from sandbox.simulators.syncro.errors import Refusal
from sandbox.simulators.syncro.values import (
    digits,
    flag,
    is_email,
    is_scalar,
    merged_properties,
    text,
    whole_number,
)

_WRITABLE = frozenset({*TEXT_FIELDS, *FLAGS, *NUMBERS, "properties"})


def create_customer(account: SyncroAccount, body: Mapping[str, Any]) -> SyncroCustomer:
    """Add the customer that a request describes; raises Refusal."""
    sent = _permitted(account, body)
    now = account.now()
    customer = _assigned(account, SyncroCustomer(0, now, now), sent)
    if problems := _problems(customer):
        raise Refusal(422, {"success": False, "message": problems, "params": sent})
    customer.id = account.next_id()
    account.customers[customer.id] = customer
    account.wrote("create_customer", customer.id)
    return customer


def update_customer(account: SyncroAccount, customer_id: int, body: Mapping[str, Any]) -> SyncroCustomer:
    """Change a customer as a request says; raises Refusal, and then nothing has changed."""
    held = account.customers[customer_id]
    customer = _assigned(account, held, _permitted(account, body))
    if problems := _problems(customer):
        raise Refusal(422, {"success": False, "message": problems})
    if customer != held:
        customer.updated_at = account.now()
    account.customers[customer_id] = customer
    account.wrote("update_customer", customer_id)
    return customer


def _permitted(account: SyncroAccount, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in body.items()
        if name in _WRITABLE
        and (name == "properties" or is_scalar(value))
        and not (value is None and account.behaviour.null == "unchanged")
    }


def _assigned(account: SyncroAccount, start: SyncroCustomer, sent: Mapping[str, Any]) -> SyncroCustomer:
    changes: dict[str, Any] = {name: text(sent[name]) for name in TEXT_FIELDS if name in sent}
    changes |= {name: digits(changes[name]) for name in PHONE_FIELDS if name in changes}
    changes |= {name: flag(sent[name]) for name in FLAGS if name in sent}
    changes |= {name: whole_number(sent[name]) for name in NUMBERS if name in sent}
    properties = merged_properties(
        start.properties, sent.get("properties"), account.behaviour, account.customer_custom_fields
    )
    return replace(start, **changes, properties=dict(properties))


def _problems(customer: SyncroCustomer) -> list[str]:
    if not customer.email or is_email(customer.email):
        return []
    return ["Email is not an email", f'Email Only able to parse up to "{customer.email}"']
