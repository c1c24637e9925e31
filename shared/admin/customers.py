"""`customers`: finding one, and erasing one for good."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from shared.admin.output import Json, listing, show
from shared.admin.running import PARTLY, act, look, refuse
from shared.core.customer import Customer
from shared.core.erasure import Erasure, Subject, added
from shared.operations import Operations

app = typer.Typer(no_args_is_help=True, help="Customers of an account.")

Account = Annotated[str, typer.Argument(help="The account's id.")]
_PAGE = 1000


@app.command("list")
def list_customers(account: Account, as_json: Json = False) -> None:
    """List an account's customers by the PSA's own ids, each with its connection's id."""

    async def found(operations: Operations) -> list[Customer]:
        await operations.app.access.account(account)
        customers: list[Customer] = []
        after: str | None = None
        while True:
            page = await operations.app.customers.list(account, _PAGE, after)
            customers += page.items
            if (after := page.after) is None:
                return customers

    rows = [
        {"connection": one.connection_id, "id": one.id, "name": one.name}
        for one in look("customers list", {"account": account}, found, as_json=as_json)
    ]
    listing(rows, as_json=as_json, shown=("connection", "id", "name"), empty="The account has no customers.")


@app.command("purge")
def purge(
    account: Account,
    customer: Annotated[str, typer.Argument(help="The customer's id, as the PSA has it.")],
    erase: Annotated[bool, typer.Option("--erase", help="Really do it; without, only count.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase everything that is kept of a customer, and prove that nothing is left.

    Contacts in a PSA stay: they are not ours. Without --erase nothing is changed, only counted.
    """
    ids = {"account": account, "customer": customer}
    if not erase:
        _count(account, customer, as_json=as_json)
        return
    if not yes:
        _confirm(customer, as_json=as_json)

    async def erased(operations: Operations, more: dict[str, str]) -> Erasure:
        desk = operations.erasing
        subject = await desk.subject(account, customer)
        more["connection"] = subject.connection_id
        found, secret = await desk.count(subject), await desk.secret(subject)
        await desk.stop(subject)
        deleted = await _deleted(operations, subject, found, await desk.count(subject))
        erasure = await desk.prove(subject, found, deleted, secret)
        more["rows"] = str(sum(deleted.values()))
        more["left"] = str(sum(erasure.left.values()))
        return erasure

    erasure = act("customers purge", ids, erased, as_json=as_json)
    _report(erasure, as_json=as_json)
    if not erasure.proven:
        raise typer.Exit(PARTLY)


def _count(account: str, customer: str, *, as_json: bool) -> None:
    async def counted(operations: Operations) -> tuple[dict[str, int], bool]:
        desk = operations.erasing
        subject = await desk.subject(account, customer)
        return await desk.count(subject), await desk.secret(subject) is not None

    ids = {"account": account, "customer": customer}
    found, secret = look("customers purge", ids, counted, as_json=as_json)
    document: Mapping[str, Any] = {"customer": customer, "erased": False, "token": secret, "rows": found}
    show(document, as_json=as_json)
    if not as_json:
        typer.echo("Nothing was changed. With --erase all of this is deleted for good.", err=True)


def _confirm(customer: str, *, as_json: bool) -> None:
    typed = typer.prompt(f"Type the customer's id ({customer}) to erase it for good", err=True, default="")
    if typed != customer:
        refuse(
            "not_confirmed",
            "That is not the customer's id, so nothing was changed.",
            "Type it exactly, or say --yes.",
            as_json=as_json,
        )


async def _deleted(
    operations: Operations, subject: Subject, found: dict[str, int], still: dict[str, int]
) -> dict[str, int]:
    """Erase, with a bar on a terminal for whoever waits. `still`: what the disconnect has left of it."""
    deleted = {table: max(rows - still[table], 0) for table, rows in found.items()}
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), TextColumn("{task.completed} rows"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Erasing", total=sum(still.values()))
        async for table, rows in operations.erasing.erase(subject):
            deleted = added(deleted, table, rows)
            progress.update(bar, advance=rows, description=f"Erasing {table}")
    return deleted


def _report(erasure: Erasure, *, as_json: bool) -> None:
    rows = [
        {"table": table, "found": found, "deleted": erasure.deleted[table], "left": erasure.left[table]}
        for table, found in erasure.found.items()
    ]
    document = {
        "customer": erasure.subject.customer_id,
        "erased": erasure.proven,
        "token left": erasure.secret_left,
        "tables": rows,
    }
    if as_json:
        show(document, as_json=True)
        return
    listing(rows, as_json=False, shown=("table", "found", "deleted", "left"), empty="")
    typer.echo(f"token left: {'yes' if erasure.secret_left else 'no'}")
    if erasure.proven:
        typer.echo("Everything was read again, and nothing is left.")
    else:
        typer.echo("Something is left: it was written meanwhile. Run the same command again.", err=True)
