"""What the app declared: its functions, each with one trigger and any number of outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.protos import RpcFunctionMetadata, RpcRetryOptions

RETURN = "$return"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """`methods` is None for all of them; `auth_level` is `anonymous`, `function` or `admin`."""

    parameter: str
    route: str
    methods: frozenset[str] | None
    auth_level: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """`schedule` is as declared, placeholders included."""

    parameter: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """`queue` and `connection` are as declared; `binary` asks for bytes instead of text."""

    parameter: str
    queue: str
    connection: str
    binary: bool


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """Messages to write when the function has succeeded."""

    name: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`maximum` is -1 for ever; a fixed delay has equal `shortest` and `longest`."""

    maximum: int
    shortest: timedelta
    longest: timedelta

    def delay(self, attempt: int) -> timedelta:
        """How long to wait before the retry after attempt number `attempt`, counted from 0."""
        return min(self.shortest * (1 << min(attempt, 32)), self.longest)


Trigger = HttpTrigger | TimerTrigger | QueueTrigger


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app; `bindings` are the raw declarations, as `function.json` would hold them."""

    name: str
    id: str
    trigger: Trigger
    queue_outputs: dict[str, QueueOutput]
    retry: RetryPolicy | None
    bindings: tuple[dict[str, Any], ...]


def read_function(metadata: RpcFunctionMetadata) -> Function:
    """Make a `Function` of what the worker indexed.

    Raises `FunctionError` when it has a binding this host does not have, or not exactly one trigger.
    """
    bindings = tuple(json.loads(raw) for raw in metadata.raw_bindings)
    triggers: list[Trigger] = []
    outputs: dict[str, QueueOutput] = {}
    for binding in bindings:
        kind, name = binding["type"], binding["name"]
        match kind:
            case "httpTrigger" | "timerTrigger" | "queueTrigger":
                triggers.append(_read_trigger(kind, name, binding, metadata.name))
            case "queue":
                outputs[name] = QueueOutput(name, binding["queueName"], binding.get("connection", ""))
            case "http" if name == RETURN:
                pass
            case _:
                raise FunctionError(f"the binding type '{kind}' is not supported by this host.")
    if len(triggers) != 1:
        raise FunctionError(f"it has {len(triggers)} triggers instead of one.")
    retry = _read_retry(metadata.retry_options) if metadata.retry_options else None
    return Function(metadata.name, metadata.function_id, triggers[0], outputs, retry, bindings)


def _read_trigger(kind: str, parameter: str, binding: dict[str, Any], function: str) -> Trigger:
    if kind == "httpTrigger":
        methods = binding.get("methods")
        return HttpTrigger(
            parameter,
            route=binding.get("route") or function,
            methods=frozenset(method.upper() for method in methods) if methods else None,
            auth_level=str(binding.get("authLevel") or "function").lower(),
        )
    if kind == "timerTrigger":
        monitored = binding.get("useMonitor")
        return TimerTrigger(
            parameter,
            schedule=binding["schedule"],
            run_on_startup=bool(binding.get("runOnStartup")),
            use_monitor=monitored is None or bool(monitored),
        )
    binary = str(binding.get("dataType", "")).upper() == "BINARY"
    return QueueTrigger(parameter, binding["queueName"], binding.get("connection", ""), binary)


def _read_retry(options: RpcRetryOptions) -> RetryPolicy:
    if options.delay_interval is not None:
        return RetryPolicy(options.max_retry_count, options.delay_interval, options.delay_interval)
    return RetryPolicy(options.max_retry_count, options.minimum_interval, options.maximum_interval)
