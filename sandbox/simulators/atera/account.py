"""One account: its keys, what it holds, and what a technician does to it by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.simulators.atera.behaviour import Behaviour
from sandbox.simulators.atera.keys import PERMISSIONS, AteraKey, KeyKind, key_text
from sandbox.simulators.atera.records import (
    AteraContact,
    AteraCustomer,
    AteraDepartment,
    CustomField,
    whole_seconds,
)
from sandbox.simulators.call_limit import CallLimit

WriteHook = Callable[[str, int | None], None]


@dataclass
class AteraAccount:
    """One account of the service.

    `on_write` is called after every write through the API that took effect, with what was done ("contact
    created", "contact updated", "contact deleted", "department created", "contact value set", "customer value
    set") and to which id. It may raise: the write has happened, and its caller is answered 500.
    """

    id: str
    company_name: str
    time_zone: ZoneInfo
    is_it_department: bool
    created_on: datetime
    now: Callable[[], datetime] = field(repr=False)
    ids: Iterator[int] = field(repr=False)
    limit: CallLimit = field(repr=False)
    keys: dict[str, AteraKey] = field(default_factory=dict, repr=False)
    behaviour: Behaviour = field(default_factory=Behaviour)
    suspended: bool = False
    customers: dict[int, AteraCustomer] = field(default_factory=dict, repr=False)
    departments: dict[int, AteraDepartment] = field(default_factory=dict, repr=False)
    contacts: dict[int, AteraContact] = field(default_factory=dict, repr=False)
    custom_fields: list[CustomField] = field(default_factory=list, repr=False)
    custom_values: dict[tuple[int, str], str] = field(default_factory=dict, repr=False)
    customer_values: dict[tuple[int, str], str] = field(default_factory=dict, repr=False)
    on_write: WriteHook | None = field(default=None, repr=False)

    def add_key(
        self,
        kind: KeyKind = "jwt",
        *,
        permissions: Collection[str] | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Make a key and return its text; `permissions`: None for all.

        Raises ValueError for a permission that there is not.
        """
        granted = PERMISSIONS if permissions is None else frozenset(permissions)
        if unknown := granted - PERMISSIONS:
            raise ValueError(f"no such permissions: {sorted(unknown)}")
        text = key_text(kind, self.id, expires_at)
        self.keys[text] = AteraKey(kind, granted, expires_at)
        return text

    def revoke_key(self, text: str) -> None:
        self.keys[text].revoked = True

    def add_customer(self, name: str, domains: Sequence[str] = ()) -> int:
        customer_id, now = next(self.ids), self.time()
        self.customers[customer_id] = AteraCustomer(customer_id, name, tuple(domains), now, now)
        return customer_id

    def add_department(self, name: str, description: str | None = None) -> int:
        department_id = next(self.ids)
        self.departments[department_id] = AteraDepartment(department_id, name, description)
        return department_id

    def add_custom_field(self, name: str, target: str = "Contact", data_type: str = "Text") -> None:
        self.custom_fields.append(CustomField(name, target, data_type))

    def add_contact(self, customer_id: int, email: str, **fields: Any) -> int:
        """Add a contact by hand, where nothing but the customer is checked; fields are AteraContact's."""
        self._check_customer(customer_id)
        now = self.time()
        times = {"created_on": now, "last_modified": now}
        contact = AteraContact(id=next(self.ids), customer_id=customer_id, email=email, **{**times, **fields})
        self.contacts[contact.id] = contact
        return contact.id

    def edit_contact(self, contact_id: int, **fields: Any) -> None:
        """Change any property by hand, the address too.

        Raises LookupError for a contact or customer that there is not, ValueError for such a property.
        """
        contact = self.find_contact(contact_id)
        self._check_customer(fields.get("customer_id", contact.customer_id))
        if unknown := fields.keys() - set(AteraContact.__struct_fields__) | (fields.keys() & {"id"}):
            raise ValueError(f"a contact has no {sorted(unknown)} to edit")
        for name, value in {"last_modified": self.time(), **fields}.items():
            setattr(contact, name, value)

    def delete_contact(self, contact_id: int) -> None:
        """Delete a contact and its custom values; raises LookupError when there is none."""
        del self.contacts[self.find_contact(contact_id).id]
        for key in [key for key in self.custom_values if key[0] == contact_id]:
            del self.custom_values[key]

    def merge_contacts(self, gone_id: int, into_id: int) -> None:
        """Make one contact of two: the second stays as it is, the first is gone."""
        if gone_id == into_id:
            raise ValueError("a contact cannot be merged into itself")
        self.edit_contact(into_id)
        self.delete_contact(gone_id)

    def find_contact(self, contact_id: int) -> AteraContact:
        """Return a contact; raises LookupError when there is none."""
        if contact_id not in self.contacts:
            raise LookupError(f"no contact {contact_id}")
        return self.contacts[contact_id]

    def field_named(self, name: str, target: str) -> CustomField | None:
        """Return the custom field of this name, exactly, for this kind of thing."""
        return next((it for it in self.custom_fields if (it.name, it.target) == (name, target)), None)

    def time(self) -> datetime:
        """Return what time it is, as the service keeps it."""
        return whole_seconds(self.now())

    def wrote(self, what: str, item_id: int | None) -> None:
        """Say that a write through the API took effect."""
        if self.on_write is not None:
            self.on_write(what, item_id)

    def _check_customer(self, customer_id: int) -> None:
        if customer_id not in self.customers:
            raise LookupError(f"no customer {customer_id}")
