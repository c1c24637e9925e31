"""People who could not be matched without guessing, and deciding about them."""

from fastapi import APIRouter

from shared.bootstrap import App
from shared.core.api_key import Resource
from shared.core.reviews import Decision, ReviewAction
from shared.web.api.contact_schemas import DecisionSent, ReviewShown
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import Part
from shared.web.identifiers import unquoted
from shared.web.problems import InvalidRequest
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
    await _check_contact(app, customer.account_id, connection.id, decision)
    return ReviewShown.model_validate(await app.reviews.decide(connection, unquoted(object_id), decision))


async def _check_contact(app: App, account_id: str, connection_id: str, decision: Decision) -> None:
    """Raises InvalidRequest for a contact that is not there: the next sync would only ask again."""
    contact_id = decision.contact_id
    if decision.action is not ReviewAction.LINK or contact_id is None:
        return
    contacts = await app.contacts.of(account_id)
    # Of a PSA's contacts we know those that a sync wrote, and a technician may well mean another one.
    if contacts.edits_fields and await contacts.get(connection_id, contact_id) is None:
        raise InvalidRequest({"contact_id": "The customer has no such contact."})
