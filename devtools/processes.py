"""Child processes: their output in a log, their end with ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from devtools.console import Failure
from devtools.layout import LOGS, ROOT, WINDOWS, child_environment

TAIL_LINES = 25
GRACE_SECONDS = 20.0

_children: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


class CommandFailed(Failure):
    """A child ended with an error; `output` is the whole of what it wrote."""

    def __init__(self, command: Sequence[str], code: int, output: str, log: Path) -> None:
        tail = "\n".join(output.splitlines()[-TAIL_LINES:])
        super().__init__(
            f"this command ended with code {code}: {' '.join(command)}",
            f"The whole output is in {log}.",
            details=tail,
        )
        self.output = output


def install_signal_handlers() -> None:
    """Make a request to terminate unwind the stack, so that children are ended on the way out."""

    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, unwind)
    if not WINDOWS:
        signal.signal(signal.SIGHUP, unwind)


def run(
    command: Sequence[str], log_name: str, *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> str:
    """Run a command with its output in `.sandbox/logs/{log_name}.log` and return that output.

    Raises CommandFailed when it ends with an error.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{log_name}.log"
    with log.open("wb") as sink:
        sink.write(f"$ {' '.join(command)}\n".encode())
        sink.flush()
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env={**child_environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=not WINDOWS,
        )
        with _lock:
            _children.add(child)
        try:
            code = child.wait()
        finally:
            with _lock:
                _children.discard(child)
            end(child)
    output = log.read_text(encoding="utf-8", errors="replace")
    if code != 0:
        raise CommandFailed(command, code, output, log)
    return output


def run_attached(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
    """Run a command on our own terminal and return its exit code; Ctrl-C reaches it directly."""
    sys.stdout.flush()
    child = subprocess.Popen(command, cwd=ROOT, env={**child_environment(), **(env or {})})
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child got it as well and decides how to end
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def hand_over(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
    """Become another program, so that signals reach it without a middleman."""
    if WINDOWS:
        return run_attached(command, env=env)
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(ROOT)
    return os.execve(command[0], list(command), {**child_environment(), **(env or {})})  # noqa: S606


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it started; harmless when it has ended by itself."""
    if child.poll() is not None:
        return
    if WINDOWS:
        child.terminate()
    else:
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        if WINDOWS:
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def end_all() -> None:
    """End every captured child that still runs, whichever thread waits for it."""
    with _lock:
        children = list(_children)
    for child in children:
        end(child)
