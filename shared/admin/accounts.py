"""`accounts`: the PSA accounts."""

from collections import Counter
from typing import Annotated, Any

import typer

from shared.admin.output import Json, listing, moment, show
from shared.admin.running import act, look
from shared.core.brake import stopped
from shared.operations import Operations

app = typer.Typer(no_args_is_help=True, help="PSA accounts.")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Create its first API key too.")] = False,
    as_json: Json = False,
) -> None:
    """Create an account: an MSP or an IT department."""

    async def made(operations: Operations, more: dict[str, str]) -> dict[str, Any]:
        access = operations.app.access
        account = await access.create_account(name)
        more["account"] = account.id
        shown = {"id": account.id, "name": account.name}
        if with_key:
            key, shown["key"] = await access.create_key(account.id, "")
            more["key"] = key.id
        return shown

    show(act("accounts create", {}, made, as_json=as_json), as_json=as_json)


@app.command("list")
def list_accounts(as_json: Json = False) -> None:
    """List every account."""
    found = look("accounts list", {}, lambda operations: operations.connections.accounts(), as_json=as_json)
    rows = [
        {"id": account.id, "name": account.name, "created": moment(account.created_at)} for account in found
    ]
    listing(rows, as_json=as_json, shown=("id", "name", "created"), empty="There are no accounts.")


@app.command("show")
def show_account(
    account: Annotated[str, typer.Argument(help="The account's id.")], as_json: Json = False
) -> None:
    """Show an account: its keys, its destination, and how its connections stand."""

    async def found(operations: Operations) -> dict[str, Any]:
        app = operations.app
        one = await app.access.account(account)
        destination = await app.account_setup.get(account)
        connections = operations.connections.fleet.connections(account)
        states = Counter([connection.state.value async for connection in connections])
        now = app.clock.now()
        return {
            "id": one.id,
            "name": one.name,
            "created": moment(one.created_at),
            "destination": destination.kind.value,
            "destination problem": None if destination.problem is None else destination.problem.code,
            "keys": sum(1 for key in await app.access.keys(account) if key.live(now)),
            "connections": dict(sorted(states.items())),
            "syncs stopped": stopped(await operations.connections.braked(), account),
        }

    show(look("accounts show", {"account": account}, found, as_json=as_json), as_json=as_json)
