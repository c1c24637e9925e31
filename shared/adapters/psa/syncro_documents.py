"""Syncro's contacts and customers, to and from ours."""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.adapters.psa.enrichment import CONTACT_FIELDS as CUSTOM
from shared.core.links import RemoteContact
from shared.core.models import ContactFields

INACTIVE = " [inactive]"
"""Syncro's contacts cannot be put away, so one that is deactivated says so at the end of its name."""
_PLAIN = {
    "name": "name",
    "email": "email",
    "street": "address1",
    "street_2": "address2",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "business_phone": "phone",
    "mobile_phone": "mobile",
}
_TITLE = "title"
PLAIN_FIELDS = frozenset({*_PLAIN, "job_title"})
_NOTES, _PROPERTIES = "notes", "properties"


class SyncroContact(msgspec.Struct, frozen=True):
    """A contact as the API gives it, as far as it matters; whatever may be null is."""

    id: int
    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    customer_id: int | None = None
    notes: str | None = None
    properties: dict[str, Any] | None = None


class Meta(msgspec.Struct, frozen=True):
    """How long a list is."""

    total_pages: int = 1
    total_entries: int = 0


class ContactsPage(msgspec.Struct, frozen=True):
    """A page of contacts."""

    contacts: list[SyncroContact]
    meta: Meta = Meta()


class Addressed(msgspec.Struct, frozen=True):
    """A contact as it is listed with its customer."""

    email: str | None = None


class SyncroCustomer(msgspec.Struct, frozen=True):
    """A customer, as far as it matters."""

    id: int
    business_name: str | None = None
    fullname: str | None = None
    email: str | None = None
    disabled: bool | None = None
    properties: dict[str, Any] | None = None
    contacts: list[Addressed] | None = None


class CustomersPage(msgspec.Struct, frozen=True):
    """A page of customers."""

    customers: list[SyncroCustomer]
    meta: Meta = Meta()


class CustomerEnvelope(msgspec.Struct, frozen=True):
    """One customer."""

    customer: SyncroCustomer


class Me(msgspec.Struct, frozen=True):
    """Whose token it is, and what it may do with each kind of thing."""

    subdomain: str | None = None
    user_name: str | None = None
    permissions: dict[str, dict[str, Any]] = {}


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not done: `error` and `message` are texts, `errors` a text, a list or by field."""

    error: Any = None
    errors: Any = None
    message: Any = None


def contact_of(found: SyncroContact) -> RemoteContact:
    """The contact in our words."""
    properties = found.properties or {}
    values = {ours: getattr(found, theirs) or "" for ours, theirs in _PLAIN.items()}
    name = values["name"]
    active = not name.endswith(INACTIVE)
    values |= {"name": name.removesuffix(INACTIVE), "job_title": text_of(properties.get(_TITLE))}
    values |= {ours: text_of(properties.get(theirs)) for ours, theirs in CUSTOM.items()}
    return RemoteContact(
        id=str(found.id),
        customer_id="" if found.customer_id is None else str(found.customer_id),
        fields=ContactFields(**values),
        active=active,
        rest={_NOTES: found.notes or "", _PROPERTIES: properties},
    )


def body_of(
    customer_id: int, fields: ContactFields, rest: Mapping[str, Any], places: frozenset[str], *, active: bool
) -> dict[str, Any]:
    """The whole contact as it is sent: whether an update leaves alone what it does not name is not known, so
    everything is named. `places`: the custom fields that are there, by our names."""
    body: dict[str, Any] = {theirs: getattr(fields, ours) for ours, theirs in _PLAIN.items()}
    name = fields.name or fields.email
    custom = {CUSTOM[ours]: getattr(fields, ours) for ours in sorted(places & CUSTOM.keys())}
    body |= {
        "customer_id": customer_id,
        "name": name if active else f"{name}{INACTIVE}",
        _TITLE: fields.job_title,
        _NOTES: rest.get(_NOTES, ""),
        _PROPERTIES: {**rest.get(_PROPERTIES, {}), _TITLE: fields.job_title, **custom},
    }
    return body


def lost(shown: RemoteContact, sent: frozenset[str]) -> frozenset[str]:
    """The custom fields among `sent`, by Syncro's names, that are not there afterwards."""
    kept = shown.rest.get(_PROPERTIES, {})
    return frozenset(name for name in sent if not text_of(kept.get(name)))


def text_of(value: object) -> str:
    """A property's value as text; it may be a number, or not be there."""
    return "" if value is None else str(value)
