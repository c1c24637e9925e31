"""What must be so before a decision about a person is kept, whoever decides through whichever surface."""

from shared.app import App
from shared.core.connection import Connection
from shared.core.reviews import Decision, Review, ReviewAction
from shared.web.problems import InvalidRequest


async def decide(app: App, connection: Connection, object_id: str, decision: Decision) -> Review:
    """Keep the decision. Raises InvalidRequest for a link with a contact that is not there, as the next sync
    would only ask again, and what `ReviewQueue.decide` raises."""
    contact_id = decision.contact_id
    if decision.action is ReviewAction.LINK and contact_id is not None:
        contacts = await app.contacts.of(connection.account_id)
        # Of a PSA's contacts we know those that a sync wrote, and a technician may well mean another one.
        if contacts.edits_fields and await contacts.get(connection.id, contact_id) is None:
            raise InvalidRequest({"contact_id": "The customer has no such contact."})
    return await app.reviews.decide(connection, object_id, decision)
