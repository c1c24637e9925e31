"""A customer as the service keeps it, and as it answers with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.simulators.syncro.contacts import SyncroContact
from sandbox.simulators.syncro.values import Properties, timestamp

TEXT_FIELDS = (
    "firstname",
    "lastname",
    "business_name",
    "email",
    "phone",
    "mobile",
    "address",
    "address_2",
    "city",
    "state",
    "zip",
    "notes",
    "notification_email",
    "invoice_cc_emails",
    "referred_by",
)
PHONE_FIELDS = ("phone", "mobile")
FLAGS = ("get_sms", "opt_out", "no_email")
NUMBERS = ("tax_rate_id", "invoice_term_id", "ref_customer_id")


@dataclass(slots=True)
class SyncroCustomer:
    """One customer of an account; a disabled one is left out of lists unless asked for."""

    id: int
    created_at: datetime
    updated_at: datetime
    firstname: str | None = None
    lastname: str | None = None
    business_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    address: str | None = None
    address_2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    notes: str | None = None
    notification_email: str | None = None
    invoice_cc_emails: str | None = None
    referred_by: str | None = None
    get_sms: bool = False
    opt_out: bool = False
    no_email: bool = False
    disabled: bool = False
    tax_rate_id: int | None = None
    invoice_term_id: int | None = None
    ref_customer_id: int | None = None
    properties: Properties = field(default_factory=dict)

    @property
    def fullname(self) -> str:
        return " ".join(part for part in (self.firstname, self.lastname) if part)

    def body(self, contacts: Iterable[SyncroContact], site_url: str) -> dict[str, Any]:
        """Return the customer as the API shows it; `site_url` is where the account is served."""
        names = [name for name in (self.business_name, self.fullname) if name]
        return {
            "id": self.id,
            "firstname": self.firstname,
            "lastname": self.lastname,
            "fullname": self.fullname,
            **{name: getattr(self, name) for name in ("business_name", "email", "phone", "mobile")},
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
            "pdf_url": None,
            **{name: getattr(self, name) for name in ("address", "address_2", "city", "state", "zip")},
            "latitude": None,
            "longitude": None,
            "notes": self.notes,
            "get_sms": self.get_sms,
            "opt_out": self.opt_out,
            "disabled": self.disabled,
            "no_email": self.no_email,
            "location_name": None,
            "location_id": None,
            "properties": self.properties,
            "online_profile_url": f"{site_url}/my_profile/v2/index?portal_key={self.id:020x}",
            "tax_rate_id": self.tax_rate_id,
            "notification_email": self.notification_email,
            "invoice_cc_emails": self.invoice_cc_emails,
            "invoice_term_id": self.invoice_term_id,
            "referred_by": self.referred_by,
            "ref_customer_id": self.ref_customer_id,
            "business_and_full_name": " - ".join(names),
            "business_then_name": names[0] if names else "",
            "contacts": [contact.body() for contact in contacts],
        }
