"""What a request makes of a contact, and what is wrong with the contact it would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.behaviour import Behaviour
from sandbox.simulators.syncro.contacts import PHONE_FIELDS, TEXT_FIELDS, SyncroContact
from sandbox.simulators.syncro.errors import Body, Refusal, not_found
from sandbox.simulators.syncro.values import (
    digits,
    flag,
    is_email,
    is_scalar,
    merged_properties,
    property_text,
    text,
    whole_number,
)

# Documented, but for the last two: scripts that work send them.
_WRITABLE = frozenset({*TEXT_FIELDS, "customer_id", "title", "opt_out", "properties"})


class Problem(NamedTuple):
    """What is wrong with one attribute."""

    attribute: str
    message: str

    @property
    def sentence(self) -> str:
        return f"{self.attribute.capitalize().replace('_', ' ')} {self.message}"


def create_contact(account: SyncroAccount, body: Mapping[str, Any]) -> SyncroContact:
    """Add the contact that a request describes; raises Refusal."""
    sent = _permitted(body, account.behaviour)
    if account.behaviour.properties_on_create == "ignored":
        sent = {name: value for name, value in sent.items() if name not in ("properties", "title")}
    customer_id = whole_number(sent.get("customer_id"))
    if customer_id is not None and customer_id not in account.customers:
        raise not_found()
    now = account.now()
    blank = SyncroContact(0, account.id, customer_id or 0, now, now)
    contact = _assigned(account, blank, sent)
    if problems := list(_problems(account, contact, customer_id)):
        unsaved = {"id": None, "customer_id": customer_id, "created_at": None, "updated_at": None}
        raise _refused(contact.body() | unsaved, problems, account.behaviour)
    contact.id = account.next_id()
    account.contacts[contact.id] = contact
    account.wrote("create_contact", contact.id)
    return contact


def update_contact(account: SyncroAccount, contact_id: int, body: Mapping[str, Any]) -> SyncroContact:
    """Change a contact as a request says; raises Refusal, and then nothing has changed."""
    held = account.contacts[contact_id]
    behaviour = account.behaviour
    sent = _permitted(body, behaviour)
    customer_id = whole_number(sent["customer_id"]) if "customer_id" in sent else held.customer_id
    start = _blanked(held, sent) if behaviour.update == "whole" else held
    contact = replace(_assigned(account, start, sent), customer_id=customer_id or held.customer_id)
    problems = list(_problems(account, contact, customer_id))
    if behaviour.name_required_on_update and not sent.get("name"):
        problems.append(Problem("name", "can't be blank"))
    if problems:
        raise _refused(contact.body() | {"customer_id": customer_id}, problems, behaviour)
    if contact != held:
        contact.updated_at = account.now()
    account.contacts[contact_id] = contact
    account.wrote("update_contact", contact_id)
    return contact


def delete_contact(account: SyncroAccount, contact_id: int) -> None:
    """Delete a contact for ever."""
    del account.contacts[contact_id]
    account.wrote("delete_contact", contact_id)


def _permitted(body: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return what of a request is listened to."""
    return {
        name: value
        for name, value in body.items()
        if name in _WRITABLE
        and (name == "properties" or is_scalar(value))
        and not (value is None and behaviour.null == "unchanged")
    }


def _blanked(held: SyncroContact, sent: Mapping[str, Any]) -> SyncroContact:
    """Return the contact without what it held; properties stay when the request says what they become."""
    return SyncroContact(
        held.id,
        held.account_id,
        held.customer_id,
        held.created_at,
        held.updated_at,
        extension=held.extension,
        properties=held.properties if "properties" in sent else {},
    )


def _assigned(account: SyncroAccount, start: SyncroContact, sent: Mapping[str, Any]) -> SyncroContact:
    behaviour = account.behaviour
    changes: dict[str, Any] = {name: text(sent[name]) for name in TEXT_FIELDS if name in sent}
    if behaviour.phones == "digits":
        changes |= {name: digits(changes[name]) for name in PHONE_FIELDS if name in changes}
    if "opt_out" in sent:
        changes["opt_out"] = flag(sent["opt_out"])
    properties = dict(
        merged_properties(start.properties, sent.get("properties"), behaviour, account.contact_custom_fields)
    )
    if "title" in sent:
        properties["title"] = property_text(sent["title"])
    return replace(start, **changes, properties=properties)


def _problems(account: SyncroAccount, contact: SyncroContact, customer_id: int | None) -> Iterator[Problem]:
    behaviour = account.behaviour
    if customer_id not in account.customers:
        yield Problem("customer", "can't be blank")
    if contact.email and not is_email(contact.email):
        yield Problem("email", "is not an email")
    elif contact.email and behaviour.duplicate_email == "per_customer" and _taken(account, contact):
        yield Problem("email", "has already been taken")
    if behaviour.text_limit is not None:
        texts = {name: getattr(contact, name) for name in TEXT_FIELDS if name != "notes"}
        for name, value in (texts | contact.properties).items():
            if len(value or "") > behaviour.text_limit:
                yield Problem(name, f"is too long (maximum is {behaviour.text_limit} characters)")


def _taken(account: SyncroAccount, contact: SyncroContact) -> bool:
    return any(
        other.id != contact.id and (other.email or "").lower() == (contact.email or "").lower()
        for other in account.contacts_of(contact.customer_id)
    )


def _refused(record: Body, problems: list[Problem], behaviour: Behaviour) -> Refusal:
    sentences = [problem.sentence for problem in problems]
    errors: Any = ", ".join(sentences)
    if behaviour.errors_shape == "list":
        errors = sentences
    elif behaviour.errors_shape == "object":
        errors = {
            attribute: [problem.message for problem in problems if problem.attribute == attribute]
            for attribute in dict.fromkeys(problem.attribute for problem in problems)
        }
    return Refusal(422, {"record": record, "errors": errors})
