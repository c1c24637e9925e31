"""The bench's command line: `python -m bench engine`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import engine as sync_engine
from bench import report
from sandbox.azurite import Azurite
from sandbox.stack import NODE_DIRECTORY

cli = typer.Typer(add_completion=False, no_args_is_help=True, help="How fast Tenantry is, on this machine.")


@cli.callback()
def _commands() -> None:
    """Make a single command be named all the same."""


@cli.command()
def engine(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    users: Annotated[str, typer.Option(help="Sizes of tenants, with commas.")] = "1000,10000,100000",
) -> None:
    """Measure the sync engine."""
    console = Console()
    sizes = [int(size) for size in users.split(",")]
    with console.status("starting") as status, Azurite(NODE_DIRECTORY) as azurite:
        found = sync_engine.measure(sizes, azurite.connection_string, status.update)
    report.show(found, console)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    try:
        cli()
    except subprocess.CalledProcessError as error:
        sys.exit(f"A measurement failed:\n{error.stderr}")
