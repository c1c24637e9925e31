"""The whole sandbox: Azurite, the simulated world, and the app on the local Functions host."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, astuple, dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from sandbox.azurite import Azurite
from sandbox.children import ROOT, Child, run_module
from sandbox.endpoints import Endpoints, write_private
from sandbox.outside import CLIENT_SECRET_NAME, RESULT, Outside
from sandbox.world.seed import Scale

SANDBOX = ROOT / ".sandbox"
NODE_DIRECTORY = SANDBOX / "node"
OWNER = "process-id"
START_SECONDS = 60.0
POLL_SECONDS = 0.05
ACCOUNT_NAME = "Sandbox MSP"


class SandboxError(RuntimeError):
    """The sandbox cannot start or go on; the message says what happened and what to do."""


@dataclass(frozen=True)
class Ports:
    """Where things listen on 127.0.0.1; 0 means any free port."""

    app: int = 0
    entra: int = 0
    graph: int = 0
    key_vault: int = 0
    atera: int = 0
    syncro: int = 0

    @classmethod
    def fixed(cls, app: int) -> Ports:
        """The app's port and the ones 10 to 14 above it for the simulators."""
        return cls(app, app + 10, app + 11, app + 12, app + 13, app + 14)

    def check(self) -> None:
        """Raise SandboxError naming the first port that somebody else has."""
        for port in astuple(self):
            if port and not _is_free(port):
                raise SandboxError(
                    f"port {port} on 127.0.0.1 is taken. End the program that listens there, "
                    f"or choose other ports: python3 dev.py up --port {self.app + 100}"
                )


def telemetry_to(collector: str) -> dict[str, str]:
    """The settings with which the app sends its telemetry to a collector, soon after it was made."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "OTEL_TRACES_SAMPLER": "always_on",
        "PYTHON_ENABLE_OPENTELEMETRY": "true",  # the worker hands over the trace of the invocation
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
        "OTEL_BLRP_SCHEDULE_DELAY": "1000",
        "OTEL_METRIC_EXPORT_INTERVAL": "5000",
    }


@dataclass
class Stack:
    """A running sandbox, in a directory of its own under `.sandbox/`, all of its state in memory.

    Use as `with` or `async with`; or `start` and `stop`. `settings` overrides settings of the app.
    A queue message whose host was killed comes back after `queue_lock_seconds`; in Azure that is ten minutes.
    `on_step` hears the name of each part and its seconds when it is up. Blocking, like the processes it
    manages: in a coroutine, `await asyncio.to_thread(stack.start_host)`.
    """

    scale: Scale = "small"
    seed: int = 2026
    queue_lock_seconds: int = 20
    ports: Ports = field(default_factory=Ports)
    settings: Mapping[str, str] = field(default_factory=dict)
    on_step: Callable[[str, float], None] | None = None

    run_directory: Path = field(init=False)
    azurite: Azurite = field(init=False)
    outside: Outside = field(init=False)
    endpoints: Endpoints = field(init=False)
    host: Child = field(init=False)
    _cleanup: ExitStack = field(default_factory=ExitStack, init=False, repr=False)
    _host_runs: int = field(default=0, init=False, repr=False)
    _app_port: int = field(default=0, init=False, repr=False)
    _master_key: str = field(default_factory=partial(secrets.token_urlsafe, 24), init=False, repr=False)

    def start(self) -> None:
        """Start every part in order; returns when the app is healthy. Raises SandboxError."""
        self.ports.check()
        SANDBOX.mkdir(exist_ok=True)
        _remove_left_behind()
        self.run_directory = Path(tempfile.mkdtemp(prefix="run-", dir=SANDBOX))
        (self.run_directory / OWNER).write_text(str(os.getpid()), encoding="ascii")
        self._app_port = self.ports.app or _free_port()
        try:
            self._timed("storage emulator", self._start_azurite)
            self._timed("simulated Microsoft, Atera and Syncro", self._start_outside)
            self._write_settings()
            self._timed("Functions host with the app", self._start_app)
        except SandboxError as error:
            self._cleanup.close()
            raise SandboxError(f"{error}\nThe logs are in {self.run_directory}.") from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every part and remove what it left; harmless when repeated."""
        self._cleanup.close()
        if hasattr(self, "run_directory"):
            shutil.rmtree(self.run_directory, ignore_errors=True)

    def start_host(self) -> None:
        """Start the app on the Functions host and wait until it is healthy."""
        self._launch_host()
        self._await_healthy()

    def stop_host(self) -> None:
        """Ask the host to end, as a deployment does."""
        self.host.stop()

    def kill_host(self) -> None:
        """End the host in the middle of whatever it does."""
        self.host.kill()

    def fire_timer(self, function: str) -> None:
        """Make a timer fire now, by the host's own door for that; it runs on by itself."""
        answer = httpx.post(
            f"{self.app_url}/admin/functions/{function}",
            headers={"x-functions-key": self._master_key},
            json={"input": ""},
            trust_env=False,
            timeout=30,
        )
        answer.raise_for_status()

    @property
    def app_url(self) -> str:
        """The app's base URL, the same for every start of the host."""
        return f"http://127.0.0.1:{self._app_port}"

    @property
    def settings_file(self) -> Path:
        """The app's local.settings.json."""
        return self.run_directory / "local.settings.json"

    @property
    def app_settings(self) -> dict[str, str]:
        """The app's settings, which are also the environment for its command line."""
        world, outside = self.outside.world, self.outside
        return {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": self.azurite.connection_string,
            "PUBLIC_URL": self.app_url,
            "KEY_VAULT_URL": world.key_vault_url,
            "ENTRA_AUTHORITY": world.entra_url,
            "ENTRA_CLIENT_ID": outside.client_id,
            "ENTRA_CLIENT_SECRET_NAME": CLIENT_SECRET_NAME,
            "GRAPH_URL": world.graph_url,
            "ATERA_URL": world.atera_url,
            "SYNCRO_URL": f"{world.syncro_url}/{{subdomain}}",
            "SYNC_SCHEDULE": "0 0 */12 * * *",
            "WEBHOOK_NETWORKS": "127.0.0.0/8",  # where tests and demos listen
            "SYNC_SPREAD_SECONDS": "0",  # who fires the timer by hand waits for nothing
            "AZURE_AUTHORITY_HOST": world.entra_url,
            "AZURE_TENANT_ID": outside.tenant_id,
            "AZURE_CLIENT_ID": outside.hosting_client_id,
            "AZURE_CLIENT_SECRET": outside.hosting_client_secret,
            "SSL_CERT_FILE": outside.ca_bundle,
            "REQUESTS_CA_BUNDLE": outside.ca_bundle,
            **self.settings,
        }

    def admin(self, *arguments: str) -> str:
        """Run the app's command line with the app's settings and return what it printed."""
        try:
            return run_module(["shared.admin", *arguments], self.app_settings)
        except subprocess.CalledProcessError as error:
            raise SandboxError(f"shared.admin {' '.join(arguments)} failed:\n{error.stderr}") from None

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

    def _timed(self, name: str, start: Callable[[], None]) -> None:
        began = time.monotonic()
        start()
        if self.on_step is not None:
            self.on_step(name, time.monotonic() - began)

    def _start_azurite(self) -> None:
        self.azurite = Azurite(NODE_DIRECTORY)
        self.azurite.start()
        self._cleanup.callback(self.azurite.stop)

    def _start_outside(self) -> None:
        ports = asdict(self.ports)
        del ports["app"]
        arguments = ["--directory", str(self.run_directory), "--public-url", self.app_url]
        arguments += ["--seed", str(self.seed), "--scale", self.scale]
        for name, port in ports.items():
            arguments += [f"--{name.replace('_', '-')}-port", str(port)]
        child = Child(["sandbox.outside", *arguments], {}, self.run_directory / "outside.log")
        self._cleanup.callback(child.stop)
        result = self.run_directory / RESULT
        _wait_for("the simulated world", result.exists, child)
        self.outside = msgspec.json.decode(result.read_bytes(), type=Outside)

    def _start_app(self) -> None:
        self._launch_host()
        self._cleanup.callback(self.stop_host)
        self._make_endpoints()  # meanwhile, as both take a moment to import what they need
        self._await_healthy()

    def _write_settings(self) -> None:
        settings = {"IsEncrypted": False, "Values": self.app_settings}
        write_private(self.settings_file, json.dumps(settings, indent=2).encode())

    def _launch_host(self) -> None:
        self._host_runs += 1
        arguments = [
            "--root",
            str(ROOT),
            "--port",
            str(self._app_port),
            "--settings",
            str(self.settings_file),
        ]
        arguments += ["--state", str(self.run_directory / "functions"), f"--master-key={self._master_key}"]
        arguments += ["--queue-lock", str(self.queue_lock_seconds)]
        log = self.run_directory / f"host-{self._host_runs}.log"
        self.host = Child(["sandbox.functions_host", *arguments], self.app_settings, log)

    def _await_healthy(self) -> None:
        _wait_for("the app", self._is_healthy, self.host)

    def _make_endpoints(self) -> None:
        account = json.loads(self.admin("accounts", "create", ACCOUNT_NAME, "--with-key", "--json"))
        self.endpoints = Endpoints(
            app_url=self.app_url,
            api_key=account["key"],
            master_key=self._master_key,
            world=self.outside.world,
            psas=self.outside.psas,
            client_id=self.outside.client_id,
            storage_connection_string=self.azurite.connection_string,
            ca_file=self.outside.ca_file,
            settings_file=str(self.settings_file),
            run_directory=str(self.run_directory),
            process_id=os.getpid(),
        )

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.app_url}/api/v1/health", trust_env=False, timeout=10).is_success
        except httpx.TransportError:
            return False


def _wait_for(name: str, ready: Callable[[], bool], child: Child) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if child.exit_code is not None:
            raise SandboxError(f"{name} ended with code {child.exit_code} while starting:\n{child.tail()}")
        if time.monotonic() > deadline:
            raise SandboxError(f"{name} was not ready after {START_SECONDS:.0f} seconds:\n{child.tail()}")
        time.sleep(POLL_SECONDS)


def _remove_left_behind() -> None:
    """Remove the directories of sandboxes that were killed, or that failed and left their logs."""
    for directory in SANDBOX.glob("run-*"):
        try:
            owner = int((directory / OWNER).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue  # it is being made, or removed, by somebody else right now
        if not _is_running(owner):
            shutil.rmtree(directory, ignore_errors=True)


def _is_running(process_id: int) -> bool:
    if os.name == "nt":
        return True  # there, asking with signal 0 would end it
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
