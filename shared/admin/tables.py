"""`tables`: a copy of all state, and putting one back."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.admin.output import Json, moving, note, show
from shared.admin.running import act, refuse
from shared.operations import Operations

app = typer.Typer(no_args_is_help=True, help="All state, in one file.")

File = Annotated[Path, typer.Argument(help="The file, compressed lines of JSON.")]
_OWN = 0o600  # what is in it is personal data of everybody


@app.command("copy")
def copy(file: File, as_json: Json = False) -> None:
    """Copy every table into a new file, which you alone may read. Stop syncs first: rows change otherwise.

    The file holds personal data of all customers, and no token: those are in Key Vault.
    """
    opened = _new(file, as_json=as_json)

    async def copied(operations: Operations, more: dict[str, str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        with opened, gzip.GzipFile(fileobj=opened, mode="wb", mtime=0) as packed, moving() as say:
            async for table, line in operations.copying.copy():
                packed.write(line + b"\n")
                if table:
                    counts[table] = counts.get(table, 0) + 1
                    say(f"{table} {counts[table]}")
        more["rows"] = str(sum(counts.values()))
        return counts

    try:
        counts = act("tables copy", {}, copied, as_json=as_json)
    except typer.Exit:
        file.unlink(missing_ok=True)  # a part of a copy is worth nothing, and in the way of the next one
        raise
    document: dict[str, Any] = {"file": str(file), "rows": sum(counts.values()), "tables": counts}
    show(document, as_json=as_json)


@app.command("restore")
def restore(file: File, as_json: Json = False) -> None:
    """Put a copy into the storage account of the settings, which must have no rows."""
    if not file.is_file():
        refuse("file_unreadable", "There is no such file.", "Check its name.", as_json=as_json)

    async def restored(operations: Operations, more: dict[str, str]) -> dict[str, int]:
        expected = operations.copying.check(_lines(file))
        counts = dict.fromkeys(expected, 0)
        with moving() as say:
            async for table, rows in operations.copying.restore(_lines(file)):
                counts[table] += rows
                say(f"{table} {counts[table]}")
        more["rows"] = str(sum(counts.values()))
        return counts

    counts = act("tables restore", {}, restored, as_json=as_json)
    document: dict[str, Any] = {"file": str(file), "rows": sum(counts.values()), "tables": counts}
    show(document, as_json=as_json)
    note("If syncs were stopped when the copy was taken they are stopped here: `connections resume --all`.")


def _new(file: Path, *, as_json: bool) -> Any:
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN), "wb")
    except OSError as error:
        refuse(
            "file_not_made",
            f"The file cannot be made ({error.strerror}).",
            "Name one that is not there yet, in a folder where you may write.",
            as_json=as_json,
        )


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file, "rb") as packed:
            for line in packed:
                yield line.rstrip(b"\n")
    except (OSError, EOFError):  # what is left is not whole, which whoever reads it finds out
        return
