"""The sync engine: outside calls, CPU and memory of whole runs, the read path, planning."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.measure import measured
from bench.scene import WARM_UP_USERS, running_servers

Measured = Callable[..., dict[str, Any]]

LARGE = 20_000  # users; from there on an import is carried out once
PLANNED = 10_000
TABLES_NOTE = (
    "Tables are kept in memory by a server of the bench: Azurite would take most of the time. "
    "The smallest tenant is synced on Azurite too, to show that the CPU is the same."
)


def measure(
    sizes: Sequence[int],
    azurite: str,
    say: Callable[[str], None],
    *,
    turns: int = 3,
    model_pages: int = 2,
    measured: Measured = measured,
) -> dict[str, Any]:
    """Everything, for tenants of these sizes.

    `azurite`: its connection string. `say` hears what is being measured. `model_pages`: see
    `reading.compare`. `measured`: how one measurement is carried out. All CPU times are of the measured
    process alone, in seconds; servers run in others.
    """
    sizes = sorted(set(sizes))
    with running_servers([WARM_UP_USERS, *sizes]) as servers:
        say("outside calls of an unchanged run")
        on_azurite = servers.settings | {"AzureWebJobsStorage": azurite}
        calls = measured("calls", on_azurite)
        rendered = {"GRAPH_URL": servers.pages_url}
        in_memory = servers.settings | rendered | {"AzureWebJobsStorage": servers.tables}
        cases = [
            ("Azurite", sizes[0], on_azurite | rendered),
            *(("memory", size, in_memory) for size in sizes),
        ]
        runs = _runs(cases, say, turns, measured)
        say("the read path")
        compared = measured(
            "compare",
            servers.settings,
            graph_url=servers.pages_url,
            users=sizes[-1],
            repeated=turns,
            model_pages=model_pages,
        )
        say("planning")
        planned = measured("plan", {}, users=min(sizes[-1], PLANNED), repeated=turns)
    return {
        "unchanged_customer": calls,
        "runs": runs,
        "growth": _growth(runs),
        "read_path": compared | {"ratios": _ratios(compared)},
        "planning": planned,
        "note": TABLES_NOTE,
    }


def _runs(
    cases: Sequence[tuple[str, int, dict[str, str]]],
    say: Callable[[str], None],
    turns: int,
    measured: Measured,
) -> list[dict[str, Any]]:
    """First imports and unchanged runs of every size, in turns, so that the machine's moods hit them all."""
    found: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for turn in range(turns):
        for tables, users, environment in cases:
            if turn and users > LARGE:
                continue
            say(f"{users:,} users, tables in {tables}, turn {turn + 1}")
            first = measured("first_import", environment, users=users)
            again = measured("unchanged", environment, connection_id=first["connection_id"], repeated=turns)
            found.setdefault((tables, users, "first import"), []).append(first)
            found.setdefault((tables, users, "unchanged"), []).append(again)
    return [
        {
            "run": run,
            "users": users,
            "tables": tables,
            "turns": len(results),
            "cpu_seconds": statistics.median(result["cpu_seconds"] for result in results),
            "peak_bytes": max(result["peak_bytes"] for result in results),
        }
        for (tables, users, run), results in found.items()
    ]


def _growth(runs: list[dict[str, Any]]) -> dict[str, float]:
    """CPU per user of the largest tenant by that of the smallest; 1 is linear, less is better."""
    growth = {}
    for name in ("first import", "unchanged"):
        same = [run for run in runs if run["run"] == name and run["tables"] == "memory"]
        per_user = [run["cpu_seconds"] / run["users"] for run in same]
        growth[name] = per_user[-1] / per_user[0]
    return growth


def _ratios(compared: dict[str, Any]) -> dict[str, float]:
    """Our CPU by that of the parts alone, and the CPU of the SDK's models by ours."""
    seconds = compared["cpu_seconds_per_user"]
    ratios = {"to_parts": seconds["ours"] / seconds["bare"]}
    return ratios | ({"models": seconds["models"] / seconds["ours"]} if "models" in seconds else {})
