"""The operator's command line: `python -m shared.admin`.

It uses the same settings as the app and works on the same state.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from shared.app import App
from shared.bootstrap import get_app
from shared.core.api_key import ApiKey, KeyScope
from shared.core.errors import TenantryError
from shared.settings import SettingsError

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Administer Tenantry.", pretty_exceptions_enable=False)
accounts = typer.Typer(no_args_is_help=True, help="PSA accounts.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@accounts.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Create its first API key too.")] = False,
    as_json: Json = False,
) -> None:
    """Create an account: an MSP or an IT department."""

    async def create(app: App) -> dict[str, Any]:
        account = await app.access.create_account(name)
        shown = {"id": account.id, "name": account.name}
        if with_key:
            _, shown["key"] = await app.access.create_key(account.id, "")
        return shown

    _print(_run(create), as_json)


@keys.command("create")
def create_key(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    label: Annotated[str, typer.Option(help="What the key is for.")] = "",
    scope: Annotated[
        list[KeyScope] | None,
        typer.Option(help="What the key may do, such as runs:write; once for each. Without: everything."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create an API key. It is shown this once; only its hash is kept."""
    key, text = _run(lambda app: app.access.create_key(account, label, scope or None))
    shown = {"id": key.id, "account": key.account_id, "label": key.label, "scopes": _scopes(key)}
    _print({**shown, "key": text}, as_json)


@keys.command("list")
def list_keys(
    account: Annotated[str, typer.Argument(help="The account's id.")], as_json: Json = False
) -> None:
    """List an account's API keys."""
    found = _run(lambda app: app.access.keys(account))
    rows = [
        {
            "id": key.id,
            "label": key.label,
            "scopes": _scopes(key),
            "created": _moment(key.created_at),
            "last used": _moment(key.last_used_at),
            "ends": _moment(key.expires_at),
            "revoked": _moment(key.revoked_at),
        }
        for key in found
    ]
    _print(rows, as_json)


@keys.command("revoke")
def revoke_key(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    key: Annotated[str, typer.Argument(help="The key's id.")],
) -> None:
    """Revoke an API key; it stops working at once."""
    _run(lambda app: app.access.revoke_key(account, key))
    typer.echo("Revoked.")


def _scopes(key: ApiKey) -> str:
    return "everything" if key.scopes is None else " ".join(key.scopes)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _run(work: Callable[[App], Awaitable[T]]) -> T:
    async def run() -> T:
        app = get_app()
        try:
            return await work(app)
        finally:
            await app.close()

    try:
        return asyncio.run(run())
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except TenantryError as error:
        typer.echo(f"{error.title} {error.detail}", err=True)
        raise typer.Exit(1) from None


def _print(data: dict[str, Any] | list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data))
        return
    if isinstance(data, dict):
        for name, value in data.items():
            typer.echo(f"{name}: {value}")  # one line each, however long: a key is there to be copied
        return
    table = Table(*(data[0] if data else ("nothing",)))
    for row in data:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    app()
