"""Running functions: one at a time or many, each logged, limited in time, and awaited at shutdown."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.functions_host import worker
from sandbox.functions_host.functions import RETURN, Function
from sandbox.functions_host.logs import INVOCATIONS, current_function
from sandbox.functions_host.protos import (
    InvocationResponse,
    ParameterBinding,
    RpcException,
    RpcTraceContext,
    StatusResult,
    TypedData,
)
from sandbox.functions_host.timespan import format_timespan
from sandbox.functions_host.worker import Call

Outputs = Callable[[Function, list[ParameterBinding]], Awaitable[None]]

MANUAL = "This function was programmatically called via the host APIs."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended; `cancelled` when the host was told to stop before it was done."""

    succeeded: bool
    return_value: TypedData | None = None
    exception: RpcException | None = None
    cancelled: bool = False


class Invocations:
    """Runs functions and knows which are running. All of them share this event loop, as in Azure's worker."""

    def __init__(self, timeout: timedelta | None, write_outputs: Outputs) -> None:
        self._timeout = timeout
        self._write_outputs = write_outputs
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._names: dict[str, str] = {}

    @property
    def running(self) -> int:
        """How many invocations have not ended."""
        return len(self._tasks)

    async def run(self, function: Function, reason: str, call: Call) -> Outcome:
        """Call the function and write its outputs; never raises for what the function does.

        The invocation goes on when the caller is cancelled, as it does in Azure when a client hangs up.
        """
        task = asyncio.create_task(self._run(function, reason, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def drain(self, grace: float, hurry: asyncio.Event) -> bool:
        """Wait up to `grace` seconds, or until `hurry`, for what is running, then cancel the rest.

        Whether nothing had to be cancelled.
        """
        if self._tasks and grace > 0:
            waiting = asyncio.create_task(hurry.wait())
            everything = asyncio.gather(*self._tasks, return_exceptions=True)
            ends: list[asyncio.Future[Any]] = [waiting, everything]
            await asyncio.wait(ends, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        clean = not self._tasks
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)
        return clean

    def function_in_thread(self) -> str | None:
        """The name of the function that runs in the calling worker thread."""
        return self._names.get(worker.current_invocation() or "")

    async def _run(self, function: Function, reason: str, call: Call) -> Outcome:
        invocation_id = str(uuid.uuid4())
        log = INVOCATIONS.getChild(function.name)
        started = time.perf_counter()
        log.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", function.name, reason, invocation_id)
        self._names[invocation_id] = function.name
        current_function.set(function.name)
        try:
            outcome = await self._call(function, invocation_id, call, log)
        except asyncio.CancelledError:
            log.warning(
                "'Functions.%s' was cancelled: the host is stopping (Id=%s)", function.name, invocation_id
            )
            outcome = Outcome(succeeded=False, cancelled=True)
        finally:
            del self._names[invocation_id]
        milliseconds = round((time.perf_counter() - started) * 1000)
        verdict, level = ("Succeeded", logging.INFO) if outcome.succeeded else ("Failed", logging.ERROR)
        log.log(
            level,
            "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
            function.name,
            verdict,
            invocation_id,
            milliseconds,
        )
        return outcome

    async def _call(self, function: Function, invocation_id: str, call: Call, log: logging.Logger) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout.total_seconds() if self._timeout else None):
                response = await worker.invoke(function.id, invocation_id, call)
        except TimeoutError:
            assert self._timeout is not None
            limit = format_timespan(self._timeout)
            log.error("Timeout value of %s was exceeded by function: Functions.%s", limit, function.name)
            return Outcome(succeeded=False, exception=RpcException(message="Timeout"))
        if response.result.status == StatusResult.Failure:
            exception = response.result.exception or RpcException()
            log.error(
                "Exception while executing function: Functions.%s\n%s", function.name, exception.stack_trace
            )
            return Outcome(succeeded=False, exception=exception)
        try:
            await self._write_outputs(function, _outputs(response))
        except Exception as error:  # noqa: BLE001 - an output that cannot be written fails the invocation
            log.error("Writing the outputs of Functions.%s failed: %s", function.name, type(error).__name__)
            return Outcome(succeeded=False, exception=RpcException(message=type(error).__name__))
        return Outcome(succeeded=True, return_value=response.return_value)


def _outputs(response: InvocationResponse) -> list[ParameterBinding]:
    if response.return_value is None:
        return response.output_data
    return [*response.output_data, ParameterBinding(RETURN, response.return_value)]


def new_trace(parent: str = "", state: str = "") -> RpcTraceContext:
    """A W3C trace context for one invocation: the caller's trace when it sent one, else a new one."""
    trace_id = os.urandom(16).hex()
    with suppress(ValueError):
        version, given, _span, _flags = parent.split("-")
        if version == "00" and len(given) == 32 and int(given, 16):
            trace_id = given
    return RpcTraceContext(f"00-{trace_id}-{os.urandom(8).hex()}-01", state)
