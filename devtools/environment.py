"""The environment under `.sandbox/venv`: made once, made again only when its Python or a lock has changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devtools import interpreter, pip
from devtools.console import Console, Failure
from devtools.layout import LOCKS, ROOT, SANDBOX, VENV_PYTHON, WINDOWS

STATE = SANDBOX / "environment.json"
NEEDED_BYTES = 1_500_000_000

# Each lock contains the one before it, so a layer is added on top of the last without a conflict.
LAYERS = ("sandbox", "dev", "node")
WORKER = "azure-functions-runtime"
WORKER_PYTHON = (3, 13)


@dataclass
class State:
    """What `.sandbox/environment.json` remembers of the environment that was made."""

    python: str = ""
    version: list[int] = field(default_factory=list)
    fingerprint: str = ""
    override: str = ""
    pip: list[str] = field(default_factory=list)
    locks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> State:
        """The remembered state; an empty one when there is none or it cannot be read."""
        try:
            return cls(**json.loads(STATE.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self) -> None:
        """Remember this state."""
        draft = STATE.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        draft.replace(STATE)

    def is_current(self) -> bool:
        """Whether the environment is there, on the same Python, from locks that have not changed since."""
        return (
            VENV_PYTHON.exists()
            and self.fingerprint != ""
            and self.fingerprint == interpreter.fingerprint(self.python)
            and self.override == os.environ.get(interpreter.OVERRIDE, "")
            and all(digest == lock_digest(layer) for layer, digest in self.locks.items())
        )


def lock_digest(layer: str) -> str:
    """Hash of a layer's lock; empty when there is no such lock any more."""
    try:
        return hashlib.sha256((LOCKS / f"{layer}.txt").read_bytes()).hexdigest()
    except OSError:
        return ""


def ensure(console: Console, *layers: str) -> State:
    """Make the environment hold these layers; does nothing when it already does."""
    state = State.read()
    if state.is_current() and all(layer in state.locks for layer in layers):
        return state
    _check_disk()
    if not state.is_current():
        state = _create(console)
    for layer in layers:
        if layer not in state.locks:
            with console.step(f"Python packages: {layer}"):
                pip.install(state.pip, LOCKS / f"{layer}.txt", f"pip-{layer}")
                if layer == LAYERS[0] and tuple(state.version[:2]) < WORKER_PYTHON:
                    _install_worker(state.pip)
            state.locks[layer] = lock_digest(layer)
            state.write()
    return state


@contextmanager
def exclusive(console: Console) -> Iterator[None]:
    """Let one dev.py at a time change what is under `.sandbox/`; a second one waits and says so."""
    SANDBOX.mkdir(exist_ok=True)
    if WINDOWS:
        yield
        return
    import fcntl

    with (SANDBOX / "dev.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.line("  … another dev.py is preparing .sandbox/; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _create(console: Console) -> State:
    STATE.unlink(missing_ok=True)
    chosen = interpreter.choose()
    number = ".".join(str(part) for part in chosen.version)
    with console.step(f"Python {number} environment"):
        return State(
            python=chosen.executable,
            version=list(chosen.version),
            fingerprint=chosen.fingerprint(),
            override=os.environ.get(interpreter.OVERRIDE, ""),
            pip=pip.create_environment(chosen),
        )


def _install_worker(command: list[str]) -> None:
    """Install the Functions worker on a Python older than it asks for; the local host is its only user."""
    block = re.search(rf"^{WORKER}==[^\n]*\\\n(?:    --hash=[^\n]*\n)+", _runtime_lock(), re.MULTILINE)
    if block is None:
        raise Failure(f"requirements.txt does not pin {WORKER}.", "Run `python3 dev.py lock`.")
    lock = SANDBOX / "worker.txt"
    lock.write_text(re.sub(r" ;[^\n]* \\\n", " \\\\\n", block[0]).rstrip(" \\\n") + "\n", encoding="utf-8")
    pip.install(command, lock, "pip-worker", "--no-deps", "--ignore-requires-python")


def _runtime_lock() -> str:
    return (ROOT / "requirements.txt").read_text(encoding="utf-8")


def _check_disk() -> None:
    free = shutil.disk_usage(Path(SANDBOX)).free
    if free < NEEDED_BYTES:
        raise Failure(
            f"{SANDBOX} needs about {NEEDED_BYTES / 1e9:.1f} GB and its disk has {free / 1e9:.1f} GB left.",
            "Free some space and repeat the command.",
        )
