"""`keys`: the API keys of an account."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from shared.admin.output import Json, listing, moment, show
from shared.admin.running import act, look
from shared.core.api_key import LONGEST_OVERLAP, ApiKey, KeyScope
from shared.core.errors import NotFound
from shared.operations import Operations

app = typer.Typer(no_args_is_help=True, help="API keys.")

Account = Annotated[str, typer.Argument(help="The account's id.")]
Key = Annotated[str, typer.Argument(help="The key's id.")]
_SHOWN = ("id", "label", "scopes", "last used", "state")


@app.command("create")
def create(
    account: Account,
    label: Annotated[str, typer.Option(help="What the key is for.")] = "",
    scope: Annotated[
        list[KeyScope] | None,
        typer.Option(help="What the key may do, such as runs:write; once for each. Without: everything."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create an API key. It is shown this once; only its hash is kept."""

    async def made(operations: Operations, more: dict[str, str]) -> dict[str, Any]:
        key, text = await operations.app.access.create_key(account, label, scope or None)
        more["key"] = key.id
        return _made(key, text)

    show(act("keys create", {"account": account}, made, as_json=as_json), as_json=as_json)


@app.command("list")
def list_keys(account: Account, as_json: Json = False) -> None:
    """List an account's API keys, revoked ones too."""

    async def found(operations: Operations) -> tuple[list[ApiKey], datetime]:
        return await operations.app.access.keys(account), operations.app.clock.now()

    keys, now = look("keys list", {"account": account}, found, as_json=as_json)
    rows = [
        {
            "id": key.id,
            "label": key.label,
            "scopes": _scopes(key),
            "created": moment(key.created_at),
            "last used": moment(key.last_used_at),
            "ends": moment(key.expires_at),
            "revoked": moment(key.revoked_at),
            "state": _state(key, now),
        }
        for key in keys
    ]
    listing(rows, as_json=as_json, shown=_SHOWN, empty="The account has no API keys.")


@app.command("rotate")
def rotate(
    account: Account,
    key: Key,
    overlap_hours: Annotated[
        int,
        typer.Option(
            min=0,
            max=LONGEST_OVERLAP // timedelta(hours=1),
            help="How long the old key goes on counting, in hours.",
        ),
    ] = 24,
    as_json: Json = False,
) -> None:
    """Create the key that follows one, of the same scopes; both count for a while."""

    async def made(operations: Operations, more: dict[str, str]) -> dict[str, Any]:
        keys = await operations.app.access.keys(account)
        old = next((found for found in keys if found.id == key), None)
        if old is None:
            raise NotFound("API key")
        new, text = await operations.app.api_keys.rotate(old, key, timedelta(hours=overlap_hours))
        more["successor"] = new.id
        return _made(new, text)

    show(act("keys rotate", {"account": account, "key": key}, made, as_json=as_json), as_json=as_json)


@app.command("revoke")
def revoke(account: Account, key: Key, as_json: Json = False) -> None:
    """Revoke an API key; it stops working at once."""

    async def revoked(operations: Operations, _: dict[str, str]) -> dict[str, Any]:
        await operations.app.access.revoke_key(account, key)
        return {"id": key, "account": account, "state": "revoked"}

    show(act("keys revoke", {"account": account, "key": key}, revoked, as_json=as_json), as_json=as_json)


def _made(key: ApiKey, text: str) -> dict[str, Any]:
    return {
        "id": key.id,
        "account": key.account_id,
        "label": key.label,
        "scopes": _scopes(key),
        "key": text,
    }


def _scopes(key: ApiKey) -> str:
    return "everything" if key.scopes is None else " ".join(key.scopes)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.live(now):
        return "ended"
    return "counts" if key.expires_at is None else "ends soon"
