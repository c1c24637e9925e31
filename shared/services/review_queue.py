"""The review queue, as technicians see it and decide about it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.core.connection import Connection
from shared.core.errors import Actor, Conflict, NotFound, Refused
from shared.core.messages import PublishMessage, Source
from shared.core.reviews import Decision, Review, ReviewAction
from shared.logs import log
from shared.ports import Clock, Queue, ReviewStore
from shared.services.outbox import SOON


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Reviews of one connection at a time, which was found within the caller's account."""

    reviews: ReviewStore
    notices: Queue
    clock: Clock

    async def list(self, connection: Connection) -> list[Review]:
        """Open reviews first, each part by name."""
        found = (await self.reviews.all(connection.id)).values() if connection.reviews else ()
        return sorted(found, key=lambda review: (review.decision is not None, review.name, review.object_id))

    async def decide(self, connection: Connection, object_id: str, decision: Decision) -> Review:
        """Keep what a technician decided; the next sync acts on it. Raises NotFound, Conflict and Refused."""
        review = (await self.reviews.all(connection.id)).get(object_id)
        if review is None:
            raise NotFound("review")
        if review.decision is not None:
            raise Conflict(
                "review_already_resolved",
                "Somebody decided about this person already.",
                "Read the review: the next sync acts on the decision, or asks again if it cannot.",
                Actor.TECHNICIAN,
            )
        if (decision.action is ReviewAction.LINK) is (decision.contact_id is None):
            raise Refused(
                "invalid_decision",
                "A contact goes with the action link, and with no other.",
                "Send `contact_id` with the action `link` only.",
                Actor.TECHNICIAN,
            )
        now = self.clock.now()
        decided = msgspec.structs.replace(review, decision=decision, decided_at=now)
        await self.notices.send(_message(connection, object_id, now), SOON)
        await self.reviews.save(connection.id, [decided])
        log("review.decided", connection=connection.id, action=decision.action)
        return decided


def _message(connection: Connection, object_id: str, at: datetime) -> PublishMessage:
    number = int(at.timestamp() * 1000)
    return PublishMessage(connection.account_id, Source.REVIEW, connection.id, number, part=object_id, at=at)
