"""Webhook endpoints: where the events of the feed are sent as they happen, signed.

Signatures are those of [Standard Webhooks](https://www.standardwebhooks.com), so its libraries verify them.
"""

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from shared.core.api_key import Resource
from shared.core.webhooks import Delivery, Endpoint
from shared.services.webhook_endpoints import EndpointChange
from shared.web.api.keys import Account, keyed
from shared.web.api.schemas import Part
from shared.web.api.webhook_schemas import (
    DeliveryShown,
    EndpointChangeSent,
    EndpointSecretShown,
    EndpointSent,
    EndpointShown,
)
from shared.web.identifiers import unquoted
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.services import READ, Services

router = APIRouter(prefix="/webhook-endpoints", route_class=keyed(Resource.WEBHOOKS))

_LOOK_AGAIN = "2"  # seconds


@router.post("", status_code=201)
async def create(
    app: Services, account_id: Account, sent: EndpointSent, response: Response
) -> EndpointSecretShown:
    """Have events sent to an address from now on; at most ten endpoints. The secret is shown this once."""
    endpoint, secret = await app.webhooks.create(account_id, sent.url, tuple(sent.types), sent.description)
    response.headers["Location"] = f"/api/v1/webhook-endpoints/{endpoint.id}"
    return _with_secret(endpoint, secret)


@router.api_route("", methods=READ)
async def endpoints(app: Services, account_id: Account) -> Part[EndpointShown]:
    """Every endpoint of the account, oldest first."""
    found = await app.webhooks.list(account_id)
    return Part(data=[EndpointShown.model_validate(endpoint) for endpoint in found], after=None)


@router.api_route("/{endpoint}", methods=READ)
async def read(app: Services, account_id: Account, endpoint: str) -> EndpointShown:
    """One endpoint."""
    return EndpointShown.model_validate(await app.webhooks.get(account_id, unquoted(endpoint)))


@router.patch("/{endpoint}")
async def change(
    app: Services, account_id: Account, endpoint: str, sent: EndpointChangeSent
) -> EndpointShown:
    """Change an endpoint. One that was disabled is sent what happens after it is enabled again."""
    given: dict[str, Any] = {name: getattr(sent, name) for name in sent.model_fields_set}
    if "types" in given:
        given["types"] = tuple(sent.types)
    changed = await app.webhooks.change(account_id, unquoted(endpoint), EndpointChange(**given))
    return EndpointShown.model_validate(changed)


@router.delete("/{endpoint}", status_code=204)
async def delete(app: Services, account_id: Account, endpoint: str) -> None:
    """Delete an endpoint; what is on its way to it is dropped."""
    await app.webhooks.delete(account_id, unquoted(endpoint))


@router.post("/{endpoint}/secret")
async def change_secret(app: Services, account_id: Account, endpoint: str) -> EndpointSecretShown:
    """Another secret, shown this once. For 24 hours deliveries are signed with the former one too."""
    return _with_secret(*await app.webhooks.change_secret(account_id, unquoted(endpoint)))


@router.post("/{endpoint}/test", status_code=202)
async def test(app: Services, account_id: Account, endpoint: str, response: Response) -> DeliveryShown:
    """Send a `webhook.test` to this endpoint alone; its deliveries tell what came of it."""
    return _sent(response, await app.webhooks.test(account_id, unquoted(endpoint)))


@router.api_route("/{endpoint}/deliveries", methods=READ)
async def deliveries(
    app: Services, account_id: Account, endpoint: str, limit: Limit = DEFAULT_LIMIT, after: After = None
) -> Part[DeliveryShown]:
    """What was sent to the endpoint in the last 30 days, newest first."""
    endpoint_id = unquoted(endpoint)
    of = f"deliveries {endpoint_id}"
    page = await app.webhooks.sent(account_id, endpoint_id, limit, opened(after, of))
    data = [DeliveryShown.model_validate(delivery) for delivery in page.items]
    return Part(data=data, after=sealed(page.after, of))


@router.post("/{endpoint}/deliveries/{delivery}/redeliver", status_code=202)
async def redeliver(
    app: Services, account_id: Account, endpoint: str, delivery: str, response: Response
) -> DeliveryShown:
    """Send the same event once more, with all the attempts that a new one would have."""
    found = await app.webhooks.redeliver(account_id, unquoted(endpoint), unquoted(delivery))
    return _sent(response, found)


def _with_secret(endpoint: Endpoint, secret: str) -> EndpointSecretShown:
    return EndpointSecretShown.model_validate({**msgspec.structs.asdict(endpoint), "secret": secret})


def _sent(response: Response, delivery: Delivery) -> DeliveryShown:
    response.headers["Location"] = f"/api/v1/webhook-endpoints/{delivery.endpoint_id}/deliveries"
    response.headers["Retry-After"] = _LOOK_AGAIN
    return DeliveryShown.model_validate(delivery)
