"""Static checks, all of them, even when the first one fails."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from devtools import processes
from devtools.console import Console
from devtools.layout import VENV_BIN, VENV_PYTHON

CHECKS: dict[str, list[str]] = {
    "types": [str(VENV_BIN / "mypy")],
    "formatting": [str(VENV_BIN / "ruff"), "format", "--check", "."],
    "lint": [str(VENV_BIN / "ruff"), "check", "."],
    "architecture": [str(VENV_PYTHON), "-m", "pytest", "-q", "tests/architecture"],
}


def run_all(console: Console) -> int:
    """Run every check, two at a time; prints what the failing ones said and returns the exit code."""

    def run(name: str) -> processes.CommandFailed | None:
        try:
            with console.step(name):
                processes.run(CHECKS[name], f"check-{name}")
        except processes.CommandFailed as failure:
            return failure
        return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        failures = dict(zip(CHECKS, pool.map(run, CHECKS), strict=True))
    for name, failure in failures.items():
        if failure is not None:
            print(f"\n── {name} " + "─" * 60 + f"\n{failure.output.strip()}", file=sys.stderr)
    failed = [name for name, failure in failures.items() if failure is not None]
    if failed:
        print(f"\ndev.py: not clean: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
