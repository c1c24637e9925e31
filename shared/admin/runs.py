"""`runs`: why one failed, and trying again."""

from typing import Annotated, Any

import typer

from shared.admin.output import Json, listing, moment, moving, note, print_json, show
from shared.admin.running import PARTLY, act, look, refuse, said
from shared.core.changes import Change
from shared.core.errors import TenantryError
from shared.core.run import Run
from shared.operations import Operations
from shared.ports import Page

app = typer.Typer(no_args_is_help=True, help="Runs of all customers.")

OneRun = Annotated[str, typer.Argument(help="The run's id.")]
_SHOWN = ("id", "state", "kind", "created", "error")


@app.command("list")
def list_runs(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    after: Annotated[str | None, typer.Option(help="Go on after this one.")] = None,
    as_json: Json = False,
) -> None:
    """List a connection's runs, newest first."""
    page: Page[Run] = look(
        "runs list",
        {"connection": connection},
        lambda operations: operations.runs.list(connection, limit, after),
        as_json=as_json,
    )
    listing(
        [_row(run) for run in page.items], as_json=as_json, shown=_SHOWN, empty="The connection has no runs."
    )
    if page.after is not None:
        note(f"There are more: --after {page.after}")


@app.command("show")
def show_run(
    run: OneRun,
    changes: Annotated[
        bool,
        typer.Option("--changes", help="And every line of what it did, which names people."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a run: how it ended and why, what it read and wrote, and what the guard said."""
    if not changes:
        one = look("runs show", {"run": run}, lambda operations: operations.runs.show(run), as_json=as_json)
        show(_document(one), as_json=as_json)
        return

    async def found(operations: Operations, _: dict[str, str]) -> tuple[Run, list[Change]]:
        shown = await operations.runs.show(run)
        return shown, [line async for line in operations.runs.lines(run)]

    shown, lines = act("runs show --changes", {"run": run}, found, as_json=as_json)
    rows = [_line(line) for line in lines]
    if as_json:
        print_json({**_document(shown), "user": shown.user, "changes": rows})
        return
    show(_document(shown), as_json=False)
    listing(rows, as_json=False, shown=("object", "kind", "name", "changed"), empty="It changed nothing.")


@app.command("start")
def start(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    full: Annotated[bool, typer.Option("--full", help="Read the whole directory again.")] = False,
    as_json: Json = False,
) -> None:
    """Start a sync, or find the one that is under way."""

    async def started(operations: Operations, more: dict[str, str]) -> tuple[Run, bool]:
        run, new = await operations.runs.start(connection, full=full)
        more["run"] = run.id
        return run, new

    run, new = act(
        "runs start --full" if full else "runs start", {"connection": connection}, started, as_json=as_json
    )
    show({**_row(run), "new": new}, as_json=as_json)


@app.command("retry")
def retry(
    name: Annotated[
        str | None, typer.Argument(help="A run's id, or a connection's for its last run.", metavar="ID")
    ] = None,
    given_up: Annotated[
        bool,
        typer.Option(
            "--given-up", help="Every active connection whose last run failed and waits for no customer."
        ),
    ] = False,
    account: Annotated[str | None, typer.Option(help="With --given-up: only of this account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="With --given-up: at most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """Do the same again: as a run was, or with --given-up for everybody whose last run failed."""
    if (name is not None) is given_up:
        refuse(
            "which_runs",
            "It is not clear what is to be tried again.",
            "Name a run or a connection, or say --given-up.",
            as_json=as_json,
        )
    if name is not None:
        _retry_one(name, as_json=as_json)
    else:
        _retry_all(account, limit, as_json=as_json)


@app.command("cancel")
def cancel(run: OneRun, as_json: Json = False) -> None:
    """Stop a run that has not ended; what it wrote stays."""

    async def canceled(operations: Operations, _: dict[str, str]) -> Run:
        return await operations.runs.cancel(run)

    show(_row(act("runs cancel", {"run": run}, canceled, as_json=as_json)), as_json=as_json)


def _retry_one(name: str, *, as_json: bool) -> None:
    async def retried(operations: Operations, more: dict[str, str]) -> tuple[Run, bool]:
        run, new = await operations.runs.retry(name)
        more["started"] = run.id
        return run, new

    ids = {"run" if name.startswith("run_") else "connection": name}
    run, new = act("runs retry", ids, retried, as_json=as_json)
    show({**_row(run), "new": new}, as_json=as_json)


def _retry_all(account: str | None, limit: int, *, as_json: bool) -> None:
    async def retried(operations: Operations, more: dict[str, str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        with moving() as say:
            async for connection in operations.runs.given_up(account):
                if len(rows) == limit:
                    more["stopped_at"] = str(limit)
                    break
                try:
                    run, _ = await operations.runs.sync(connection)
                    rows.append({"connection": connection.id, "run": run.id, "error": None})
                except TenantryError as error:
                    rows.append({"connection": connection.id, "run": None, "error": said(error)})
                say(f"{len(rows)} tried again")
        more["runs"] = str(sum(1 for row in rows if row["run"]))
        return rows

    rows = act("runs retry --given-up", {"account": account}, retried, as_json=as_json)
    listing(rows, as_json=as_json, shown=("run", "connection"), empty="There is nothing to try again.")
    if any(row["error"] for row in rows):
        raise typer.Exit(PARTLY)


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "connection": run.connection_id,
        "account": run.account_id,
        "customer": run.customer_id,
        "state": run.state.value,
        "kind": run.kind.value,
        "trigger": run.trigger.value,
        "created": moment(run.created_at),
        "error": None if run.error is None else run.error.code,
    }


def _document(run: Run) -> dict[str, Any]:
    error = run.error
    counts = {name: getattr(run.counts, name) for name in run.counts.__struct_fields__}
    return {
        **_row(run),
        "slot": moment(run.slot),
        "started": moment(run.started_at),
        "updated": moment(run.updated_at),
        "finished": moment(run.finished_at),
        "worked": f"{run.seconds:.1f} s",
        "resumed": run.resumes,
        "read": None if run.read_mode is None else run.read_mode.value,
        "read in full because": None if run.full_reason is None else run.full_reason.value,
        "graph requests": run.graph_requests,
        "staged": run.stage is not None,
        "planned": run.planned,
        "applied": run.applied,
        "counts": {name: count for name, count in counts.items() if count},
        "skipped": run.skipped_by_reason,
        "gaps": [gap.code for gap in run.gaps],
        "guard": [
            {"rule": rule.rule.value, "actual": rule.actual, "limit": rule.limit, "baseline": rule.baseline}
            for rule in run.guard
        ],
        "held until": moment(run.held_until),
        "approved": moment(run.approved_at),
        "error": {}
        if error is None
        else {"code": error.code, "title": error.title, "detail": error.detail, "actor": error.actor},
    }


def _line(change: Change) -> dict[str, Any]:
    return {
        "object": change.object_id,
        "kind": change.kind.value,
        "name": change.name,
        "contact": change.contact_id,
        "reason": change.reason,
        "changed": [f"{one.field}: {one.old!r} → {one.new!r}" for one in change.changed],
    }
