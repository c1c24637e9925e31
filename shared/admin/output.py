"""What the command line prints: one JSON document, or text for people. Everything else goes to stderr."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Row = Mapping[str, Any]

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))


def show(document: Row, *, as_json: bool) -> None:
    """One thing: a line for each of its values, however long, so that they can be copied."""
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        if isinstance(value, Mapping):
            for inner, each in value.items():
                typer.echo(f"{name} {inner}: {_text(each)}")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for each in value:
                said = ", ".join(f"{inner} {_text(one)}" for inner, one in each.items() if one is not None)
                typer.echo(f"{name}: {said}")
        else:
            typer.echo(f"{name}: {_text(value)}")


def listing(rows: Sequence[Row], *, as_json: bool, shown: Sequence[str], empty: str) -> None:
    """Several things of a kind. `shown`: the columns of the table, the first of which is never broken;
    `empty`: what is said where there are none. In JSON every value is there, as a list."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        typer.echo(empty)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(shown):
        table.add_column(name, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in shown))
    Console(highlight=False, markup=False).print(table)


def note(text: str) -> None:
    """A remark beside what was asked for; on stderr, so that programs do not meet it."""
    typer.echo(text, err=True)


def print_json(document: object) -> None:
    """The one document of a call, on one line."""
    typer.echo(json.dumps(document))


@contextmanager
def moving() -> Iterator[Callable[[str], None]]:
    """Takes how far something is, again and again, and shows it where there is a terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("")
        yield lambda text: progress.update(bar, description=text)


def moment(at: datetime | None) -> str | None:
    """A time as JSON has it."""
    return None if at is None else at.isoformat(timespec="seconds")


def age(since: datetime | None, now: datetime) -> str | None:
    """How long ago something was, or with a time to come how long it takes, such as `3 h`."""
    if since is None:
        return None
    span = abs(now - since)
    return next((f"{span // unit} {name}" for name, unit in _UNITS if span >= unit), "now")


def _cell(value: object) -> str:
    text = _text(value)
    # Seconds and the offset, which is always UTC, are for programs.
    is_time = isinstance(value, str) and len(text) > 16 and text[10:11] == "T" and text[:4].isdecimal()
    return text[:16].replace("T", " ") if is_time else text


def _text(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
