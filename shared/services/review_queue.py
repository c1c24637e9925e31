"""The review queue, as technicians see it and decide about it."""

from dataclasses import dataclass

import msgspec

from shared.core.connection import Connection
from shared.core.errors import Actor, Conflict, NotFound, Refused
from shared.core.reviews import Decision, Review, ReviewAction
from shared.logs import log
from shared.ports import Clock, ReviewStore


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Reviews of one connection at a time, which was found within the caller's account."""

    reviews: ReviewStore
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
        decided = msgspec.structs.replace(review, decision=decision, decided_at=self.clock.now())
        await self.reviews.save(connection.id, [decided])
        log("review.decided", connection=connection.id, action=decision.action)
        return decided
