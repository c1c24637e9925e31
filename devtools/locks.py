"""Pinned, hashed requirements for every supported Python at once, made from the lists in pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devtools import environment, pip, processes
from devtools.console import Console
from devtools.layout import LOCKS, ROOT, VENV_BIN, VENV_PYTHON


@dataclass(frozen=True)
class Lock:
    """One lock file: the dependency groups in it, and the lock whose versions it must share."""

    path: Path
    groups: tuple[str, ...] = ()
    project: bool = True
    within: Path | None = None


RUNTIME = Lock(ROOT / "requirements.txt")
SANDBOX = Lock(LOCKS / "sandbox.txt", ("sandbox",), within=RUNTIME.path)
DEV = Lock(LOCKS / "dev.txt", ("dev",), within=SANDBOX.path)
NODE = Lock(LOCKS / "node.txt", ("node",), project=False)
ALL = (RUNTIME, SANDBOX, DEV, NODE)


def compile_all(console: Console, *, upgrade: bool) -> None:
    """Write every lock anew; versions stay unless `upgrade` is set or pyproject.toml forbids them."""
    environment.ensure(console, *environment.LAYERS[:2])
    LOCKS.mkdir(exist_ok=True)
    for lock in ALL:
        with console.step(f"lock {lock.path.relative_to(ROOT)}"):
            _compile(lock, upgrade=upgrade)


def _compile(lock: Lock, *, upgrade: bool) -> None:
    project = str(ROOT / "pyproject.toml")
    command = [str(VENV_BIN / "uv"), "pip", "compile", "--universal", "--python-version", "3.11"]
    command += ["--python", str(VENV_PYTHON), "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
    command += ["--custom-compile-command", "python3 dev.py lock", "--output-file", str(lock.path), "--quiet"]
    command += [argument for group in lock.groups for argument in ("--group", f"{project}:{group}")]
    command += [project] if lock.project else []
    command += ["--constraint", str(lock.within)] if lock.within else []
    command += ["--upgrade"] if upgrade else []
    try:
        processes.run(command, f"lock-{lock.path.stem}", env={"UV_PYTHON_DOWNLOADS": "never"})
    except processes.CommandFailed as failure:
        raise pip.explained(failure, "uv", "UV_DEFAULT_INDEX") from None
