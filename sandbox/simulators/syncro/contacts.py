"""A contact as the service keeps it, and as it answers with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.simulators.syncro.values import Properties, digits, timestamp

TEXT_FIELDS = (
    "name",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "email",
    "phone",
    "mobile",
    "notes",
)
PHONE_FIELDS = ("phone", "mobile")


@dataclass(slots=True)
class SyncroContact:
    """One contact of a customer; the job title is the property `title`."""

    id: int
    account_id: int
    customer_id: int
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    notes: str | None = None
    extension: str | None = None
    opt_out: bool = False
    properties: Properties = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the contact as the API shows it.

        The last three are not in the document's examples of a contact; live answers have them.
        """
        return {
            "id": self.id,
            **{name: getattr(self, name) for name in TEXT_FIELDS if name != "notes"},
            "latitude": None,
            "longitude": None,
            "customer_id": self.customer_id,
            "account_id": self.account_id,
            "notes": self.notes,
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
            "vendor_id": None,
            "properties": self.properties,
            "opt_out": self.opt_out,
            "extension": self.extension,
            "processed_phone": digits(self.phone),
            "processed_mobile": digits(self.mobile),
            "ticket_matching_emails": None,
        }
