"""The account's API keys: what each may do, rotating them, deleting them."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response

from shared.core.api_key import ApiKey, Resource
from shared.web.api.key_schemas import KeySent, KeyShown, NewKeyShown, RotationSent
from shared.web.api.keys import TheKey, keyed
from shared.web.api.schemas import Part
from shared.web.identifiers import unquoted
from shared.web.services import READ, Services

router = APIRouter(prefix="/account/keys", route_class=keyed(Resource.KEYS))


@router.api_route("", methods=READ)
async def keys(app: Services, by: TheKey) -> Part[KeyShown]:
    """The keys that count, oldest first."""
    data = [KeyShown.model_validate(_document(key, by)) for key in await app.api_keys.list(by)]
    return Part(data=data, after=None)


@router.post("", status_code=201)
async def create(app: Services, by: TheKey, sent: KeySent) -> NewKeyShown:
    """A new key, which may do no more than the one that makes it. Its text is shown this once."""
    key, text = await app.api_keys.create(by, sent.name, sent.scopes)
    return NewKeyShown.model_validate({**_document(key, by), "key": text})


@router.post("/{key}/rotate", status_code=201)
async def rotate(app: Services, by: TheKey, key: str, sent: RotationSent | None = None) -> NewKeyShown:
    """The key that follows this one, of the same name and scopes; both count for a while."""
    overlap = timedelta(hours=(sent or RotationSent()).keep_old_for_hours)
    new, text = await app.api_keys.rotate(by, unquoted(key), overlap)
    return NewKeyShown.model_validate({**_document(new, by), "key": text})


@router.delete("/{key}", status_code=204, response_class=Response)
async def delete(app: Services, by: TheKey, key: str) -> None:
    """The key stops working at once."""
    await app.api_keys.delete(by, unquoted(key))


def _document(key: ApiKey, by: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.label,
        "scopes": None if key.scopes is None else list(key.scopes),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "current": key.id == by.id,
    }
