"""One account of the service: its customers and contacts, and what people do to them by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.simulators.syncro.behaviour import Behaviour
from sandbox.simulators.syncro.contacts import TEXT_FIELDS, SyncroContact
from sandbox.simulators.syncro.customers import SyncroCustomer
from sandbox.simulators.syncro.tokens import Token, TokenStore
from sandbox.simulators.syncro.values import BUILT_IN_PROPERTIES, property_text

_BY_HAND = frozenset({*TEXT_FIELDS, "extension", "opt_out"})


class SyncroAccount:
    """An account, under its subdomain; ids are never used twice, in whichever account.

    `on_write` is told of every write through the API after it took effect, with its name
    (`create_contact`, `update_contact`, `delete_contact`, `create_customer`, `update_customer`) and the
    record's id; what it raises becomes a 500.
    """

    def __init__(
        self, subdomain: str, name: str, *, now: Callable[[], datetime], next_id: Callable[[], int]
    ) -> None:
        self.now, self.next_id = now, next_id
        self.id = next_id()
        self.subdomain, self.name = subdomain, name
        self.user_key = str(uuid.uuid4())
        self.suspended = False
        self.behaviour = Behaviour()
        self.customers: dict[int, SyncroCustomer] = {}
        self.contacts: dict[int, SyncroContact] = {}
        self.contact_custom_fields: set[str] = set()
        self.customer_custom_fields: set[str] = set()
        self.on_write: Callable[[str, int | None], None] | None = None
        self._tokens = TokenStore()

    def add_token(
        self, *, permissions: Collection[str] | None = None, expires_at: datetime | None = None
    ) -> str:
        """Make an API token with these permissions, named as the document names them; None for all.

        Raises ValueError for a permission about customers that does not exist.
        """
        return self._tokens.add(permissions, expires_at)

    def revoke_token(self, text: str) -> None:
        """Take a token back; raises KeyError when there is none such."""
        self._tokens.revoke(text)

    def token(self, text: str) -> Token | None:
        """Return the token with this text, None when it is not valid now."""
        return self._tokens.find(text, self.now())

    def add_customer(
        self, business_name: str, *, email: str | None = None, properties: Mapping[str, str] | None = None
    ) -> int:
        """Add a customer by hand and return its id; its properties are kept as they are."""
        now = self.now()
        customer = SyncroCustomer(self.next_id(), now, now, business_name=business_name, email=email)
        customer.properties = dict(properties or {})
        self.customers[customer.id] = customer
        return customer.id

    def delete_customer(self, customer_id: int) -> None:
        """Delete a customer by hand, with its contacts."""
        del self.customers[customer_id]
        for contact in list(self.contacts_of(customer_id)):
            del self.contacts[contact.id]

    def contacts_of(self, customer_id: int) -> Iterator[SyncroContact]:
        """The contacts of a customer, oldest first."""
        return (contact for contact in self.contacts.values() if contact.customer_id == customer_id)

    def add_contact(self, customer_id: int, **fields: Any) -> int:
        """Add a contact by hand and return its id; `fields` as in `edit_contact`."""
        now = self.now()
        customer = self.customers[customer_id]
        contact = SyncroContact(self.next_id(), self.id, customer.id, now, now)
        self._edit(contact, fields)
        self.contacts[contact.id] = contact
        return contact.id

    def edit_contact(self, contact_id: int, **fields: Any) -> None:
        """Change a contact by hand: its fields, `customer_id`, `title`, or some of its `properties`.

        Nothing is checked or reformatted. Raises KeyError for what there is not, and ValueError for a field
        or a property that nobody could fill in.
        """
        self._edit(self.contacts[contact_id], fields)

    def delete_contact(self, contact_id: int) -> None:
        """Delete a contact by hand."""
        del self.contacts[contact_id]

    def merge_contacts(self, gone_id: int, into_id: int) -> None:
        """Merge one contact into another: the other takes what it lacks, the first is gone."""
        gone, into = self.contacts[gone_id], self.contacts[into_id]
        if gone is into:
            raise ValueError("a contact cannot be merged into itself")
        for name in TEXT_FIELDS:
            setattr(into, name, getattr(into, name) or getattr(gone, name))
        held = {name: value for name, value in into.properties.items() if value}
        into.properties = {**gone.properties, **held}
        into.updated_at = self.now()
        del self.contacts[gone_id]

    def wrote(self, operation: str, record_id: int | None) -> None:
        """Tell the hook of a write that took effect."""
        if self.on_write is not None:
            self.on_write(operation, record_id)

    def _edit(self, contact: SyncroContact, fields: Mapping[str, Any]) -> None:
        changes = dict(fields)
        properties = dict(changes.pop("properties", None) or {})
        if "title" in changes:
            properties["title"] = changes.pop("title")
        customer_id = self.customers[changes.pop("customer_id", contact.customer_id)].id
        if unknown := set(changes) - _BY_HAND:
            raise ValueError(f"a contact has no {', '.join(sorted(unknown))}")
        known = BUILT_IN_PROPERTIES | self.contact_custom_fields
        if undefined := set(properties) - known:
            raise ValueError(f"no custom field of contacts is called {', '.join(sorted(undefined))}")
        for name, value in changes.items():
            setattr(contact, name, value)
        contact.customer_id = customer_id
        contact.properties |= {name: property_text(value) for name, value in properties.items()}
        contact.updated_at = self.now()
