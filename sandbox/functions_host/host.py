"""The host: puts the parts together, runs until it is told to stop, and stops in order."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType

from aiohttp import web
from azure.storage.queue.aio import QueueClient

from sandbox.functions_host import worker
from sandbox.functions_host.admin import Admin
from sandbox.functions_host.errors import StartupError
from sandbox.functions_host.host_json import HostJson, load_host_json
from sandbox.functions_host.http_triggers import HttpTriggers
from sandbox.functions_host.invocations import Invocations
from sandbox.functions_host.keys import AccessKeys
from sandbox.functions_host.logs import HOST, set_up_logging
from sandbox.functions_host.outputs import QueueOutputs
from sandbox.functions_host.plan import Plan, make_plan
from sandbox.functions_host.queue_listener import QueueListener, QueueOptions
from sandbox.functions_host.queue_message import POISON_SUFFIX, MessageProcessor
from sandbox.functions_host.queue_storage import MessageEncoding, StorageQueues
from sandbox.functions_host.routes import RouteTable
from sandbox.functions_host.settings import load_local_settings
from sandbox.functions_host.timers import ScheduleMonitor, TimerListener, monitor_folder

ADDRESS = "127.0.0.1"
# The limit of the real host, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT.
_LARGEST_BODY = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `settings` None means `local.settings.json` in `root`, if it is there."""

    root: Path
    port: int
    settings: Path | None
    state: Path
    keys: AccessKeys
    queue_lock: timedelta
    grace: float


@dataclass(slots=True)
class _Stop:
    """The first signal asks to stop, the second not to wait."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def signal(self) -> None:
        (self.hurry if self.asked.is_set() else self.asked).set()


async def run(options: Options) -> bool:
    """Host the app until SIGTERM or SIGINT; whether everything had ended when it stopped.

    Raises `StartupError` when it cannot start.
    """
    load_local_settings(
        options.settings or options.root / "local.settings.json", required=options.settings is not None
    )
    host_json = load_host_json(options.root, os.environ)
    stop = _Stop()
    _on_signals(stop)
    with _bind(options.port) as listening:
        port: int = listening.getsockname()[1]
        os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        os.environ.setdefault("WEBSITE_HOSTNAME", f"{ADDRESS}:{port}")
        async with StorageQueues() as storage:
            host = _Host(options, host_json, storage)
            await host.prepare()
            return await host.serve(listening, port, stop)


def _on_signals(stop: _Stop) -> None:
    loop = asyncio.get_running_loop()

    def hand_over(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.signal)

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.signal)
        except NotImplementedError:  # on Windows
            signal.signal(number, hand_over)


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError as error:
        listening.close()
        raise _port_taken(port, error) from None
    return listening


def _port_taken(port: int, error: OSError) -> StartupError:
    return StartupError(
        f"The port {port} on {ADDRESS} cannot be used ({error.strerror}): stop what uses it, or choose "
        "another with --port."
    )


class _Host:
    def __init__(self, options: Options, host_json: HostJson, storage: StorageQueues) -> None:
        self._options = options
        self._host_json = host_json
        self._storage = storage
        self._encoding = MessageEncoding(host_json.extensions.queues.message_encoding)
        self._output_queues: dict[tuple[str, str], QueueClient] = {}
        self._queue_listeners: list[QueueListener] = []
        self._timers: dict[str, TimerListener] = {}
        self._plan = Plan()
        outputs = QueueOutputs(self._output_queues, self._encoding, self._wake)
        self._invocations = Invocations(host_json.timeout, outputs.write)
        self._stopping = False

    async def prepare(self) -> None:
        """Index the app and make a listener for every trigger."""
        try:
            set_up_logging(self._host_json.logging.log_level, self._invocations.function_in_thread)
        except ValueError as error:
            raise StartupError(f"host.json: {error}.") from None
        found = await worker.index(self._options.root)
        self._plan = make_plan(found, self._host_json.extensions.http.route_prefix, os.environ)
        for key, address in self._plan.outputs.items():
            self._output_queues[key] = await self._storage.queue(address.connection, address.name)
        monitor = ScheduleMonitor(monitor_folder(self._options.state, self._options.root))
        for name, schedule in self._plan.schedules.items():
            function = self._plan.functions[name]
            self._timers[name] = TimerListener(function, schedule, monitor, self._invocations)
        for name in self._plan.triggers.keys() - self._plan.disabled:
            self._queue_listeners.append(await self._queue_listener(name))

    async def serve(self, listening: socket.socket, port: int, stop: _Stop) -> bool:
        """Serve until asked to stop; whether every invocation ended by itself."""
        async with AsyncExitStack() as closing:
            runner = web.AppRunner(self._web(), access_log=None, shutdown_timeout=2.0, auto_decompress=False)
            await runner.setup()
            closing.push_async_callback(runner.cleanup)
            site = web.SockSite(runner, listening, backlog=1024)
            try:
                await site.start()
            except OSError as error:
                raise _port_taken(port, error) from None
            listeners = [asyncio.create_task(listener.run()) for listener in self._queue_listeners]
            listeners += [
                asyncio.create_task(timer.run())
                for name, timer in self._timers.items()
                if name not in self._plan.disabled
            ]
            for listener in listeners:
                listener.add_done_callback(_report_end)
            # What was imported stays: a full collection over it would hold up a request by some 100 ms.
            gc.freeze()
            print(f"Host ready on http://{ADDRESS}:{port}", flush=True)
            await stop.asked.wait()
            HOST.info("Stopping; %d invocations are running", self._invocations.running)
            self._stopping = True
            await site.stop()
            return await self._wind_down(listeners, stop.hurry)

    async def _wind_down(self, listeners: list[asyncio.Task[None]], hurry: asyncio.Event) -> bool:
        for listener in listeners:
            listener.cancel()
        clean = await self._invocations.drain(self._options.grace, hurry)
        endings = [asyncio.create_task(listener.finish()) for listener in self._queue_listeners]
        if remaining := [*listeners, *endings]:
            # Storage may be gone by now; then the locks run out by themselves.
            await asyncio.wait(remaining, timeout=5)
        return clean

    def _web(self) -> web.Application:
        http = HttpTriggers(
            self._plan.functions,
            RouteTable(self._plan.routes),
            self._options.keys,
            self._invocations,
            self._plan.disabled,
        )
        admin = Admin(
            self._plan.functions, self._timers, self._plan.disabled, self._options.keys, self._invocations
        )

        async def handle(request: web.Request) -> web.StreamResponse:
            return web.Response(status=503) if self._stopping else await http.handle(request)

        application = web.Application(client_max_size=_LARGEST_BODY)
        admin.add_routes(application.router)
        application.router.add_route("*", "/{path:.*}", handle)
        return application

    async def _queue_listener(self, name: str) -> QueueListener:
        function, address = self._plan.functions[name], self._plan.triggers[name]
        queues = self._host_json.extensions.queues
        queue = await self._storage.queue(address.connection, address.name)
        poison = None
        if not address.name.endswith(POISON_SUFFIX):
            poison = await self._storage.queue(address.connection, address.name + POISON_SUFFIX)
        processor = MessageProcessor(
            function=function,
            queue=queue,
            poison=poison,
            encoding=self._encoding,
            invocations=self._invocations,
            lock=self._options.queue_lock,
            visibility_timeout=self._host_json.visibility_timeout,
            max_dequeue_count=queues.max_dequeue_count,
            enqueued=self._wake,
        )
        return QueueListener(
            function,
            queue,
            processor,
            QueueOptions(
                batch_size=queues.batch_size,
                new_batch_threshold=self._host_json.new_batch_threshold,
                max_polling_interval=self._host_json.max_polling_interval,
                lock=self._options.queue_lock,
            ),
        )

    def _wake(self, queue: QueueClient) -> None:
        for listener in self._queue_listeners:
            if listener.queue.url == queue.url:
                listener.wake()


def _report_end(listener: asyncio.Task[None]) -> None:
    # A listener never ends by itself: whatever made it end is a defect that must not stay silent.
    if not listener.cancelled() and (error := listener.exception()):
        HOST.error("A listener has stopped", exc_info=error)
