"""The contacts of a customer, as far as they are known here."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.core.text import clean
from shared.ports import Page, StoredContact
from shared.web.pages import page
from shared.web.paging import opened, sealed
from shared.web.portal.customers.tabs import frame
from shared.web.portal.guard import TheCustomer
from shared.web.scanning import fitting
from shared.web.services import READ, Services
from shared.web.words import PSA_NAMES

router = APIRouter(prefix="/portal/customers/{customer}")

_CONTACTS = 50
_LONGEST_SEARCH = 200
_AT_ONCE = 1000
_MOST_LOOKS = 20


@router.api_route("/contacts", methods=READ)
async def contacts(
    request: Request, app: Services, customer: TheCustomer, search: str = "", after: str | None = None
) -> HTMLResponse:
    """A page of them, or of those with the text in their name, address or phone."""
    connection, tabs = await frame(app, customer, "contacts")
    search = clean(search)[:_LONGEST_SEARCH]
    of = f"portal contacts {connection.id} {search}"
    store, place = await app.contacts.of(customer.account_id), opened(after, of)
    listed = partial(store.list, connection.id)
    if search:
        fits = partial(_fits, search.casefold())
        found = await fitting(listed, fits, _CONTACTS, place, at_once=_AT_ONCE, most_looks=_MOST_LOOKS)
    else:
        found = await listed(_CONTACTS, place)
    destination = await app.account_setup.get(customer.account_id)
    return page(
        request,
        "portal/customer/contacts.html",
        customer=customer,
        tabs=tabs,
        psa=PSA_NAMES.get(destination.kind),
        contacts=_named(found),
        sites={site.id: site.name for site in customer.sites},
        search=search,
        after=sealed(found.after, of),
        further=after is not None,
    )


def _fits(wanted: str, stored: StoredContact) -> bool:
    fields = stored.contact.fields
    texts = (fields.name, fields.first_name, fields.last_name, fields.email, fields.mobile_phone)
    return wanted in "\n".join((*texts, fields.business_phone, fields.job_title)).casefold()


def _named(found: Page[StoredContact]) -> list[tuple[str, StoredContact]]:
    """Each with what to call it: a PSA may keep the name in two parts."""
    return [
        (
            stored.contact.fields.name
            or f"{stored.contact.fields.first_name} {stored.contact.fields.last_name}".strip(),
            stored,
        )
        for stored in found.items
    ]
