"""Child processes of the sandbox: each in a process group of its own, none of them outliving its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRACE_SECONDS = 10.0
TAIL_LINES = 30

# What would send loopback traffic elsewhere, or let this machine's own Azure sign-in leak into the sandbox.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_FOREIGN_PREFIXES = ("AZURE_", "ENTRA_", "IDENTITY_", "MSI_", "FUNCTIONS_", "WEBSITE_")


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The machine's environment without what would lead the app out of the sandbox, then `extra`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in _PROXIES and not name.upper().startswith(_FOREIGN_PREFIXES)
    }
    return {**kept, "NO_PROXY": "*", "no_proxy": "*", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **extra}


class Child:
    """A Python module that runs as a process of its own until `stop`, `kill`, or our own end.

    Its output goes to `log`. Our end of its stdin is the leash: when this process is gone, however it went,
    `sandbox.leash` sees the pipe end and ends the child.
    """

    def __init__(self, module: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.leash", *module],
                cwd=ROOT,
                env=clean_environment(environment),
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=os.name != "nt",
            )

    @property
    def process_id(self) -> int:
        """The id of the process, also after it has ended."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.poll()

    def tail(self) -> str:
        """The last lines of its output."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=TAIL_LINES)).rstrip()

    def stop(self) -> None:
        """Ask it to end, and insist after ten seconds."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._let_go()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does, as a machine that loses its power would."""
        if self._process.poll() is None:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()
        self._let_go()

    def _signal(self, number: int) -> None:
        if os.name == "nt":
            self._process.kill() if number != signal.SIGTERM else self._process.terminate()
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _let_go(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()


def run_module(module: Iterable[str], environment: Mapping[str, str], *, timeout: float = 60.0) -> str:
    """Run a Python module to its end, or to ours, and return what it printed; raises CalledProcessError."""
    leash, our_end = os.pipe()
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "sandbox.leash", *module],
            cwd=ROOT,
            env=clean_environment(environment),
            stdin=leash,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=True,
        )
    finally:
        os.close(leash)
        os.close(our_end)
    return answer.stdout
