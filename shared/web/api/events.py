"""The feed: what happened in the account, in the order in which it was put there."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from shared.core.api_key import Resource
from shared.core.events import Event, EventType, document
from shared.ports import EventFilter
from shared.web.api.event_schemas import EventShown, EventsPart
from shared.web.api.keys import Account, keyed
from shared.web.identifiers import is_identifier
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.problems import InvalidRequest
from shared.web.services import READ, Services

router = APIRouter(route_class=keyed(Resource.EVENTS))


def wanted(
    types: Annotated[
        list[EventType] | None,
        Query(
            alias="type", description="Only events of this type; may be given several times.", max_length=20
        ),
    ] = None,
    customer: Annotated[
        str | None, Query(description="Only events about this customer, by the PSA's id.")
    ] = None,
) -> EventFilter:
    """Which events are asked for. Raises InvalidRequest."""
    if customer is not None and not is_identifier(customer):
        raise InvalidRequest({"customer": "1 to 128 printable characters, without a percent sign."})
    return EventFilter(tuple(types or ()), customer)


@router.api_route("/events", methods=READ)
async def events(
    app: Services,
    account_id: Account,
    wanted: Annotated[EventFilter, Depends(wanted)],
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> EventsPart:
    """What happened, oldest first, for at least 90 days. Keep `cursor` to go on from there."""
    of = f"events {account_id}"
    part = await app.events.list(account_id, limit, int(opened(after, of) or "0"), wanted)
    cursor = sealed(str(part.position), of) or ""
    return EventsPart(data=list(map(_shown, part.events)), after=cursor if part.more else None, cursor=cursor)


def _shown(event: Event) -> EventShown:
    return EventShown.model_validate(document(event))
