"""`connections`: all customers' connections, whoever's they are, and stopping their syncs."""

from datetime import datetime
from typing import Annotated, Any

import typer

from shared.admin.output import Json, age, listing, moment, note, show
from shared.admin.running import PARTLY, act, look, refuse, said
from shared.core.brake import Brake, stopped
from shared.core.connection import ConnectionState
from shared.operations import Operations
from shared.services.operating.connections import Changed, Line

app = typer.Typer(no_args_is_help=True, help="Connections of all customers.")

Connection = Annotated[str, typer.Argument(help="The connection's id.")]
Several = Annotated[list[str] | None, typer.Argument(help="Ids of connections.")]
All = Annotated[bool, typer.Option("--all", help="Every customer, or with --account all of that account.")]
Account = Annotated[str | None, typer.Option(help="Only of the account with this id.")]
_SHOWN = ("id", "account", "customer", "state", "synced", "next")


@app.command("list")
def list_connections(
    account: Account = None,
    state: Annotated[ConnectionState | None, typer.Option(help="Only those in this state.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those whose sync is late.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List connections: the state and its reason, the last sync and the next."""

    async def found(operations: Operations) -> tuple[list[Line], bool, list[Brake], datetime]:
        desk = operations.connections
        lines, more = await desk.search(limit, account, state, late=late)
        return lines, more, await desk.braked(), operations.app.clock.now()

    lines, more, brakes, now = look("connections list", {"account": account}, found, as_json=as_json)
    rows = [
        {
            **_document(line, brakes),
            "state": _state(line),
            "synced": _ago(line, now),
            "next": _ahead(line, now),
        }
        for line in lines
    ]
    if as_json:
        rows = [_document(line, brakes) for line in lines]
    listing(rows, as_json=as_json, shown=_SHOWN, empty="There are no such connections.")
    if more:
        note(f"There are more than {limit}: raise --limit, or ask for less.")
    if not as_json:
        for brake in brakes:
            whose = "everybody" if brake.account_id is None else f"account {brake.account_id}"
            note(f"Syncs are stopped for {whose} since {moment(brake.since)}.")


@app.command("show")
def show_connection(connection: Connection, as_json: Json = False) -> None:
    """Show a connection: how it stands, why, and what its last run met."""

    async def found(operations: Operations) -> tuple[Line, list[Brake]]:
        return await operations.connections.show(connection), await operations.connections.braked()

    line, brakes = look("connections show", {"connection": connection}, found, as_json=as_json)
    one, trouble = line.connection, line.connection.trouble
    show(
        {
            **_document(line, brakes),
            "state since": moment(one.state_since),
            "tenant": one.tenant_id,
            "grant": one.grant.value,
            "connected": moment(one.connected_at),
            "read in full": moment(one.full_read_at),
            "current run": one.current_run,
            "last run": one.last_run,
            "held run": one.held_run,
            "leased by": one.lease_owner,
            "leased until": moment(one.lease_until),
            "reviews": one.reviews,
            "configuration version": one.configuration_version,
            "trouble": {}
            if trouble is None
            else {
                "code": trouble.code,
                "title": trouble.title,
                "detail": trouble.detail,
                "actor": trouble.actor,
                "since": moment(trouble.since),
                "run": trouble.run_id,
            },
        },
        as_json=as_json,
    )


@app.command("pause")
def pause(
    connections: Several = None,
    everybody: All = False,
    account: Account = None,
    as_json: Json = False,
) -> None:
    """Pause connections; with --all stop the syncs of everybody within seconds: the emergency brake."""
    _check(connections, everybody=everybody, account=account, as_json=as_json)
    if not everybody:
        _change("pause", connections or [], as_json=as_json)
        return

    async def braked(operations: Operations, _: dict[str, str]) -> dict[str, Any]:
        brake = await operations.connections.brake(account)
        return {"stopped": account or "everybody", "since": moment(brake.since)}

    ids = {"account": account, "scope": "account" if account else "everybody"}
    show(act("connections pause --all", ids, braked, as_json=as_json), as_json=as_json)


@app.command("resume")
def resume(
    connections: Several = None,
    everybody: All = False,
    account: Account = None,
    as_json: Json = False,
) -> None:
    """Resume connections; with --all let the brake go, which wakes nobody who was paused one by one."""
    _check(connections, everybody=everybody, account=account, as_json=as_json)
    if not everybody:
        _change("resume", connections or [], as_json=as_json)
        return

    async def released(operations: Operations, _: dict[str, str]) -> dict[str, Any]:
        was_on = await operations.connections.release(account)
        left = await operations.connections.braked()
        return {
            "resumed": account or "everybody",
            "were stopped": was_on,
            "still stopped": [brake.account_id or "everybody" for brake in left],
        }

    ids = {"account": account, "scope": "account" if account else "everybody"}
    show(act("connections resume --all", ids, released, as_json=as_json), as_json=as_json)


def _check(connections: list[str] | None, *, everybody: bool, account: str | None, as_json: bool) -> None:
    if bool(connections) is everybody or (account is not None and not everybody):
        refuse(
            "which_connections",
            "It is not clear which connections are meant.",
            "Name their ids, or say --all; --account goes with --all.",
            as_json=as_json,
        )


def _change(verb: str, connections: list[str], *, as_json: bool) -> None:
    async def changed(operations: Operations, more: dict[str, str]) -> list[Changed]:
        desk = operations.connections
        found = await (desk.pause(connections) if verb == "pause" else desk.resume(connections))
        if failed := [one.connection_id for one in found if one.error is not None]:
            more["not_changed"] = " ".join(failed)
        return found

    ids = {"connection": connections[0]} if len(connections) == 1 else {"connections": " ".join(connections)}
    found = act(f"connections {verb}", ids, changed, as_json=as_json)
    rows = [
        {
            "id": one.connection_id,
            "state": None if one.connection is None else one.connection.state.value,
            "error": None if one.error is None else said(one.error),
            "result": "done" if one.error is None else f"{one.error.title} {said(one.error)['detail']}",
        }
        for one in found
    ]
    listing(rows, as_json=as_json, shown=("id", "state", "result"), empty="")
    if any(one.error is not None for one in found):
        raise typer.Exit(PARTLY)


def _document(line: Line, brakes: list[Brake]) -> dict[str, Any]:
    one = line.connection
    return {
        "id": one.id,
        "account": one.account_id,
        "customer": one.customer_id,
        "customer name": None if line.customer is None else line.customer.name,
        "state": one.state.value,
        "reason": one.reason,
        "synced": moment(one.synced_at),
        "next": moment(line.next_sync),
        "overdue since": moment(line.overdue_since),
        "syncs stopped": stopped(brakes, one.account_id),
    }


def _state(line: Line) -> str:
    one = line.connection
    said_of = [one.state.value, one.reason or "", "held" if one.held_run else ""]
    failed = "" if one.trouble is None else one.trouble.code
    late = "late" if line.overdue_since is not None else ""
    return " ".join(filter(None, [*said_of, failed, late]))


def _ago(line: Line, now: datetime) -> str | None:
    since = age(line.connection.synced_at, now)
    return since if since in (None, "now") else f"{since} ago"


def _ahead(line: Line, now: datetime) -> str | None:
    return age(line.next_sync, now)
