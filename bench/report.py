"""The findings as tables to read."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

MOST_CALLS = 10
MOST_TO_PARTS = 1.5
LEAST_TO_MODELS = 100


def show(found: dict[str, Any], console: Console) -> None:
    """Print everything, with the targets beside what they are for."""
    customer = found["unchanged_customer"]
    calls = _table("Unchanged scheduled run", "service", "call", "#count")
    for call in customer["calls"]:
        calls.add_row(call["service"], call["call"], str(call["count"]))
    calls.add_section()
    calls.add_row("", f"{customer['users']} users · target ≤ {MOST_CALLS}", str(customer["total"]))
    calls.add_row("", "ms of CPU", f"{customer['cpu_seconds'] * 1e3:.1f}")

    runs = _table("Whole runs", "run", "#users", "tables", "#CPU s", "#CPU µs a user", "#peak MB", "#turns")
    for run in found["runs"]:
        runs.add_row(
            run["run"],
            f"{run['users']:,}",
            run["tables"],
            f"{run['cpu_seconds']:.3f}",
            f"{run['cpu_seconds'] / run['users'] * 1e6:.0f}",
            f"{run['peak_bytes'] / 1e6:.0f}",
            str(run["turns"]),
        )

    parts = _table("Parts", "part", "#CPU µs a user", "#ratio", "target")
    read = found["read_path"]
    seconds, ratios = read["cpu_seconds_per_user"], read["ratios"]
    parts.add_row(f"read path, {read['users']:,} users", _micro(seconds["ours"]), "", "")
    parts.add_row(
        "httpx and msgspec alone",
        _micro(seconds["bare"]),
        f"1 : {ratios['to_parts']:.2f}",
        f"≤ {MOST_TO_PARTS}",
    )
    if "models" in ratios:
        parts.add_row(
            f"the SDK's models, {read['model_users']:,} users",
            _micro(seconds["models"]),
            f"{ratios['models']:.0f} : 1",
            f"≥ {LEAST_TO_MODELS}",
        )
    planned = found["planning"]["cpu_seconds_per_user"]
    parts.add_row("planning a first import", _micro(planned["first_import"]), "", "")
    parts.add_row("planning an unchanged run", _micro(planned["unchanged"]), "", "")
    for run, growth in found["growth"].items():
        parts.add_row(f"growth per user, {run}", "", f"{growth:.2f}", "≤ 1 is linear or better")

    for table in (calls, runs, parts):
        console.print(table)
    console.print(found["note"])


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left")
    return table


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:.2f}"
