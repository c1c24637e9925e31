"""`audit`: what operators did."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from shared.admin.output import Json, listing, moment
from shared.admin.running import look

app = typer.Typer(no_args_is_help=True, help="What operators did with this command line.")


@app.command("list")
def list_acts(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    since: Annotated[
        datetime | None, typer.Option(help="Only what was begun then or later, in UTC: 2026-03-02T12:00:00.")
    ] = None,
    looks: Annotated[
        bool, typer.Option("--looks", help="Also what changed nothing and named nobody.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what was done, newest first: when, by whom, to what, and how it ended."""
    from_then = None if since is None else since.replace(tzinfo=UTC)
    found = look(
        "audit list",
        {},
        lambda operations: operations.auditing.list(limit, from_then, looks=looks),
        as_json=as_json,
    )
    rows = [
        {
            "at": moment(one.at),
            "verb": one.verb,
            "by": one.by.name,
            "operator": one.by.id,
            "about": " ".join(f"{name}={value}" for name, value in one.ids.items()),
            "ids": one.ids,
            "outcome": one.outcome or "not known",
            "ended": moment(one.ended_at),
            "id": one.id,
        }
        for one in found
    ]
    listing(
        rows,
        as_json=as_json,
        shown=("at", "verb", "by", "about", "outcome"),
        empty="Nothing was done, or it was before that.",
    )
