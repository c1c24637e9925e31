"""Static checks, all of them, even when the first one fails."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from devtools import node, processes
from devtools.console import Console
from devtools.layout import KUSTO, ROOT, VENV_BIN, VENV_PYTHON, child_environment

INFRA = ROOT / "infra"
# Checkers of Bicep and of queries, with large descriptions of Azure's types, are no part of this repository.
# Where a folder with them lies beside it they are used; the workflow has the real compiler.
BICEP = ROOT.parent / "shared" / "tools" / "bicepcheck.py"
QUERIES = ROOT.parent / "shared" / "tools" / "kqlcheck.js"


def prepare(console: Console) -> None:
    """Have what the checks need beyond Python packages."""
    if QUERIES.is_file():
        node.ensure_node(console)
        node.ensure_parser(console)


def run_all(console: Console) -> int:
    """Run every check, two at a time; prints what the failing ones said and returns the exit code."""
    checks = _checks()

    def run(name: str) -> processes.CommandFailed | None:
        try:
            with console.step(name):
                processes.run(checks[name], f"check-{name}", env={"NODE_PATH": str(KUSTO / "node_modules")})
        except processes.CommandFailed as failure:
            return failure
        return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        failures = dict(zip(checks, pool.map(run, checks), strict=True))
    for name, failure in failures.items():
        if failure is not None:
            print(f"\n── {name} " + "─" * 60 + f"\n{failure.output.strip()}", file=sys.stderr)
    failed = [name for name, failure in failures.items() if failure is not None]
    if failed:
        print(f"\ndev.py: not clean: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _checks() -> dict[str, list[str]]:
    """The command of each check, by its name."""
    checks = {
        "types": [str(VENV_BIN / "mypy")],
        "formatting": [str(VENV_BIN / "ruff"), "format", "--check", "."],
        "lint": [str(VENV_BIN / "ruff"), "check", "."],
        "architecture": [str(VENV_PYTHON), "-m", "pytest", "-q", "tests/architecture", "tests/infra"],
    }
    if BICEP.is_file():
        checks["infrastructure"] = [str(VENV_PYTHON), str(BICEP), *_bicep_files()]
    if QUERIES.is_file():
        program = shutil.which("node", path=child_environment()["PATH"]) or "node"
        checks["queries"] = [program, str(QUERIES), str(INFRA)]
    return checks


def _bicep_files() -> list[str]:
    """Every file but those of an extension, of which the checker knows neither the keyword nor the types."""
    files = sorted(INFRA.glob("*.bicep"))
    return [str(path) for path in files if "\nextension " not in path.read_text(encoding="utf-8")]
