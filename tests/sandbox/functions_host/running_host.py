"""A host under test: its process, its output, and a client for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient

REPOSITORY = Path(__file__).parents[3]
FOLDER = Path(__file__).parent
MASTER_KEY = "the-master-key"


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Poll until the condition holds and return what it returned; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
    return found


def command(root: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.functions_host", "--root", str(root), *options]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AzureWebJobs")}
    return {**own, "PYTHONDONTWRITEBYTECODE": "", **settings}


class RunningHost:
    """A host that is ready; use as `with`."""

    def __init__(
        self, root: Path, state: Path, settings: Mapping[str, str], options: Sequence[str] = ()
    ) -> None:
        self.output: list[str] = []
        self.settings = dict(settings)
        self.process = subprocess.Popen(
            command(root, "--port", "0", "--state", str(state), "--master-key", MASTER_KEY, *options),
            cwd=REPOSITORY,
            env=environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            ready = eventually(
                lambda: self.line(r"Host ready on (\S+)") or self.process.poll() is not None, 60
            )
        except BaseException:
            self.process.kill()
            raise
        assert isinstance(ready, re.Match), "".join(self.output)
        self.url = ready[1]
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.output.extend(self.process.stdout)

    def line(self, pattern: str) -> re.Match[str] | None:
        """The first line of output that the pattern matches anywhere."""
        return next((found for line in list(self.output) if (found := re.search(pattern, line))), None)

    def wait_for_line(self, pattern: str) -> re.Match[str]:
        found: re.Match[str] = eventually(lambda: self.line(pattern))
        return found

    def recorded(self, key: str) -> list[Any]:
        """What the functions of the sample were given, under the name they chose."""
        found: list[Any] = self.client.get(f"/api/recorded/{key}").json()
        return found

    def run_manually(self, name: str, body: Any = None, key: str = MASTER_KEY) -> httpx.Response:
        return self.client.post(f"/admin/functions/{name}", json=body or {}, headers={"x-functions-key": key})

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=10)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.ended()
        assert self.process.stdout is not None
        self.process.stdout.close()


def new_prefix() -> str:
    """A beginning for queue names that no other test has."""
    return f"t{uuid.uuid4().hex[:10]}"


def make_queue(connection: str, name: str) -> QueueClient:
    """A queue that exists; close it."""
    queue = QueueClient.from_connection_string(connection, name)
    with suppress(ResourceExistsError):
        queue.create_queue()
    return queue
