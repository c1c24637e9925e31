"""The contacts as this service knows them: reading them, and what people change about them."""

import hashlib
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Response

from shared.app import App
from shared.core.api_key import Resource
from shared.core.customer import Customer
from shared.core.errors import Actor, ConcurrentUpdate, NotFound, Refused, RetryLater
from shared.core.models import Contact, fields_as_mapping
from shared.core.text import is_email
from shared.ports import Stored, StoredContact
from shared.web.api.contact_schemas import ContactSent, ContactShown
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import Part
from shared.web.identifiers import unquoted
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.problems import InvalidRequest
from shared.web.services import READ, Services

router = APIRouter(prefix="/customers/{customer}/contacts", route_class=keyed(Resource.CONTACTS))

_ATTEMPTS = 10


class ContactChanged(Refused):
    """Somebody, or a run, changed the contact in the meantime (If-Match)."""

    status = 412

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "version_conflict",
            "The contact was changed in the meantime.",
            "Read it again, apply your change to what you find, and send the new ETag in If-Match.",
            Actor.TECHNICIAN,
        )


@router.api_route("", methods=READ)
async def contacts(
    app: Services, customer: TheCustomer, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[ContactShown]:
    """The customer's contacts, ordered by id."""
    of = f"contacts {customer.connection_id}"
    page = await (await app.contacts.of(customer.account_id)).list(
        customer.connection_id, limit, opened(after, of)
    )
    return Part(data=[_shown(stored) for stored in page.items], after=sealed(page.after, of))


@router.api_route("/{contact}", methods=READ)
async def read(app: Services, customer: TheCustomer, contact: str, response: Response) -> ContactShown:
    """One contact."""
    return _answer(response, await _stored(app, customer, contact))


@router.patch("/{contact}")
async def edit(
    app: Services,
    customer: TheCustomer,
    contact: str,
    sent: ContactSent,
    response: Response,
    *,
    if_match: Annotated[str | None, Header()] = None,
) -> ContactShown:
    """What a person changes; with If-Match only while the contact is as it was read."""
    _check_values(customer, sent)
    for _ in range(_ATTEMPTS):
        stored = await _stored(app, customer, contact)
        if if_match is not None and not _matches(if_match, stored):
            raise ContactChanged
        edited = _edited(stored.value.contact, sent)
        if edited == stored.value.contact:
            return _answer(response, stored)
        value = msgspec.structs.replace(stored.value, contact=edited, updated_at=app.clock.now())
        try:
            contacts = await app.contacts.of(customer.account_id)
            return _answer(response, await contacts.replace(customer.connection_id, stored, value))
        except ConcurrentUpdate:
            continue  # with what is there now
    raise RetryLater.soon("busy", "The contact is being changed by several others at once.")


async def _stored(app: App, customer: Customer, contact: str) -> Stored[StoredContact]:
    store = await app.contacts.of(customer.account_id)
    stored = await store.get(customer.connection_id, unquoted(contact))
    if stored is None:
        raise NotFound("contact")
    return stored


def _check_values(customer: Customer, sent: ContactSent) -> None:
    fields = sent.fields.model_dump(exclude_unset=True)
    errors: dict[str, str] = {}
    if fields.get("email") and not is_email(fields["email"]):
        errors["fields.email"] = "It is not an email address."
    if fields.get("site") and fields["site"] not in {site.id for site in customer.sites}:
        errors["fields.site"] = "The customer has no such site."
    if errors:
        raise InvalidRequest(errors)


def _edited(contact: Contact, sent: ContactSent) -> Contact:
    changes = sent.model_dump(include=sent.model_fields_set, exclude_unset=True)
    if "fields" in changes:
        changes["fields"] = msgspec.structs.replace(contact.fields, **changes["fields"])
    if "pins" in changes:
        changes["pins"] = frozenset(changes["pins"])
    if "active" in changes:
        changes["deactivated_by_sync"] = False  # whoever it was, now it is a person who wants it so
    return msgspec.structs.replace(contact, **changes)


def _etag(stored: Stored[StoredContact]) -> str:
    # The store's own is a weak one, which If-Match never matches.
    return f'"{hashlib.blake2b(stored.etag.encode(), digest_size=12).hexdigest()}"'


def _matches(if_match: str, stored: Stored[StoredContact]) -> bool:
    return not {"*", _etag(stored)}.isdisjoint(tag.strip() for tag in if_match.split(","))


def _answer(response: Response, stored: Stored[StoredContact]) -> ContactShown:
    response.headers["ETag"] = _etag(stored)
    return _shown(stored.value)


def _shown(stored: StoredContact) -> ContactShown:
    contact = stored.contact
    return ContactShown(
        id=contact.id,
        active=contact.active,
        deactivated_by_sync=contact.deactivated_by_sync,
        keep_active=contact.keep_active,
        pins=sorted(contact.pins),
        linked=contact.object_id is not None,
        object_id=contact.object_id,
        source=stored.source,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        **fields_as_mapping(contact.fields),
    )
