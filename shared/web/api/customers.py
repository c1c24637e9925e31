"""The account's customers."""

from fastapi import APIRouter, Response

from shared.core.api_key import Resource
from shared.core.customer import Site
from shared.services.access import PortalSession
from shared.web.api.keys import Account, TheCustomer, keyed
from shared.web.api.portal_links import checked, portal_link
from shared.web.api.schemas import CustomerPortalSent, CustomerSent, CustomerShown, Part, PortalSessionShown
from shared.web.identifiers import CustomerId
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.problems import InvalidRequest
from shared.web.services import READ, Services

router = APIRouter(route_class=keyed(Resource.CUSTOMERS))
portal = APIRouter(route_class=keyed(Resource.PORTAL))


@router.put("/customers/{customer}")
async def put(
    app: Services, account_id: Account, customer_id: CustomerId, sent: CustomerSent, response: Response
) -> CustomerShown:
    """Create or change a customer by the PSA's own id."""
    ids = [site.id for site in sent.sites]
    if len(set(ids)) != len(ids):
        raise InvalidRequest({"sites": "Two sites have the same id."})
    sites = tuple(Site(site.id, site.name) for site in sent.sites)
    customer, created = await app.customers.put(account_id, customer_id, sent.name, sites)
    response.status_code = 201 if created else 200
    return CustomerShown.model_validate(customer)


@router.api_route("/customers", methods=READ)
async def customers(
    app: Services, account_id: Account, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[CustomerShown]:
    """The account's customers, ordered by id."""
    of = f"customers {account_id}"
    page = await app.customers.list(account_id, limit, opened(after, of))
    return Part(
        data=[CustomerShown.model_validate(customer) for customer in page.items],
        after=sealed(page.after, of),
    )


@router.api_route("/customers/{customer}", methods=READ)
async def customer(customer: TheCustomer) -> CustomerShown:
    """One customer."""
    return CustomerShown.model_validate(customer)


@portal.post("/customers/{customer}/portal-sessions", status_code=201)
async def portal_session(
    app: Services, customer: TheCustomer, sent: CustomerPortalSent | None = None
) -> PortalSessionShown:
    """A one-use address that opens the portal for this customer, on the page of the intent."""
    sent = sent or CustomerPortalSent()
    await checked(app, customer.account_id, sent)
    session = PortalSession(customer.account_id, customer.id, intent=sent.intent, return_url=sent.return_url)
    return await portal_link(app, session)
