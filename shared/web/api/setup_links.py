"""Setup links: an address that may be mailed to a customer's administrator, and opens the set-up alone."""

from datetime import timedelta

from fastapi import APIRouter

from shared.core.api_key import Resource
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import NewSetupLinkShown, Part, SetupLinkSent, SetupLinkShown
from shared.web.identifiers import unquoted
from shared.web.services import READ, Services

router = APIRouter(prefix="/customers/{customer}/setup-links", route_class=keyed(Resource.PORTAL))


@router.post("", status_code=201)
async def create(
    app: Services, customer: TheCustomer, sent: SetupLinkSent | None = None
) -> NewSetupLinkShown:
    """A link for the customer's administrator; the former one ends. The URL is shown this once."""
    lifetime = timedelta(days=(sent or SetupLinkSent()).expires_in_days)
    link, url = await app.setup_links.create(customer, lifetime)
    return NewSetupLinkShown(id=link.id, created_at=link.created_at, expires_at=link.expires_at, url=url)


@router.api_route("", methods=READ)
async def links(app: Services, customer: TheCustomer) -> Part[SetupLinkShown]:
    """The link that can be opened now, if there is one."""
    link = await app.setup_links.active(customer)
    data = [] if link is None else [SetupLinkShown.model_validate(link)]
    return Part(data=data, after=None)


@router.delete("/{link}", status_code=204)
async def revoke(app: Services, customer: TheCustomer, link: str) -> None:
    """Revoke the link; every browser that opened it is shut out at once."""
    await app.setup_links.revoke(customer, unquoted(link))
