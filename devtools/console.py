"""What the developer sees: one line per long step with its seconds, one clear message per failure."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

REFRESH_SECONDS = 0.2
REMINDER_SECONDS = 20.0


class Failure(Exception):
    """Something that a person must put right.

    `what` says what happened, `remedy` who must do what about it, `details` is the end of the output
    of the program that failed.
    """

    def __init__(self, what: str, remedy: str = "", *, details: str = "", exit_code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.details = details
        self.exit_code = exit_code

    def __str__(self) -> str:
        parts = [f"dev.py: {self.what}"]
        if self.details:
            parts.append("\n".join(f"    | {line}" for line in self.details.splitlines()))
        if self.remedy:
            parts.append("\n".join(f"        {line}" for line in self.remedy.splitlines()))
        return "\n".join(parts)


class Console:
    """Reports steps, several of which may run at once, on standard error.

    A terminal shows the running steps on one line that is redrawn; anywhere else a step is one line
    when it ends, and a reminder every 20 seconds while it runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._live = sys.stderr.isatty()
        self._ticker: threading.Thread | None = None

    def line(self, text: str) -> None:
        """Print one line above the running steps."""
        with self._lock:
            self._erase()
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the body and report how it ended."""
        started = time.monotonic()
        with self._lock:
            self._running[name] = started
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()
        mark = "✗"
        try:
            yield
            mark = "✓"
        finally:
            with self._lock:
                del self._running[name]
            self.line(f"  {mark} {name:<44} {time.monotonic() - started:6.1f} s")

    def _tick(self) -> None:
        reminded = time.monotonic()
        while True:
            time.sleep(REFRESH_SECONDS)
            with self._lock:
                if not self._running:
                    self._ticker = None
                    return
                now = time.monotonic()
                status = " · ".join(f"{name} {now - start:.0f} s" for name, start in self._running.items())
                if self._live:
                    self._erase()
                    print(f"  … {status}"[:110], end="", file=sys.stderr, flush=True)
                elif now - reminded >= REMINDER_SECONDS:
                    reminded = now
                    print(f"  … {status}", file=sys.stderr, flush=True)

    def _erase(self) -> None:
        if self._live:
            print("\r\x1b[2K", end="", file=sys.stderr)
