"""People who could not be matched without guessing, and deciding about them."""

from fastapi import APIRouter

from shared.core.api_key import Resource
from shared.core.reviews import Decision
from shared.web import deciding
from shared.web.api.contact_schemas import DecisionSent, ReviewShown
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import Part
from shared.web.identifiers import unquoted
from shared.web.services import READ, Services

router = APIRouter(prefix="/customers/{customer}/reviews", route_class=keyed(Resource.REVIEWS))


@router.api_route("", methods=READ)
async def reviews(app: Services, customer: TheCustomer) -> Part[ReviewShown]:
    """The whole queue: open reviews first, each part by name."""
    connection = (await app.customers.connection(customer)).value
    found = await app.reviews.list(connection)
    return Part(data=[ReviewShown.model_validate(review) for review in found], after=None)


@router.post("/{object_id}")
async def decide(app: Services, customer: TheCustomer, object_id: str, sent: DecisionSent) -> ReviewShown:
    """Decide about one person; the next sync acts on it."""
    connection = (await app.customers.connection(customer)).value
    decision = Decision(sent.action, sent.contact_id)
    return ReviewShown.model_validate(await deciding.decide(app, connection, unquoted(object_id), decision))
