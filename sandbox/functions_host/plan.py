"""What the host will run: every function checked against settings and host.json before anything starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.functions import Function, HttpTrigger, QueueTrigger, TimerTrigger, read_function
from sandbox.functions_host.logs import HOST
from sandbox.functions_host.protos import RpcFunctionMetadata
from sandbox.functions_host.routes import Route, parse_route
from sandbox.functions_host.schedules import Schedule, parse_schedule
from sandbox.functions_host.settings import connection_string, is_disabled, resolve


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """One queue in one storage account."""

    connection: str = field(repr=False)
    name: str


@dataclass(slots=True)
class Plan:
    """The functions by name, what each trigger needs, and which functions are disabled."""

    functions: dict[str, Function] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    triggers: dict[str, QueueAddress] = field(default_factory=dict)
    outputs: dict[tuple[str, str], QueueAddress] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()


def make_plan(found: Iterable[RpcFunctionMetadata], prefix: str, environment: Mapping[str, str]) -> Plan:
    """Check each function; one that is in error is logged and left out, as in Azure, and the others run."""
    plan = Plan()
    for metadata in found:
        try:
            _add(plan, read_function(metadata), prefix, environment)
        except FunctionError as error:
            HOST.error("The function %s is in error: %s", metadata.name, error)
    plan.disabled = frozenset(name for name in plan.functions if is_disabled(name, environment))
    return plan


def _add(plan: Plan, function: Function, prefix: str, environment: Mapping[str, str]) -> None:
    def address(queue: str, connection: str) -> QueueAddress:
        return QueueAddress(connection_string(connection, environment), resolve(queue, environment))

    name, trigger = function.name, function.trigger
    outputs = {
        (name, output.name): address(output.queue, output.connection)
        for output in function.queue_outputs.values()
    }
    match trigger:
        case HttpTrigger():
            plan.routes.append(Route(parse_route(prefix, trigger.route), trigger.methods, name))
            methods = ",".join(sorted(trigger.methods or {"*"}))
            what = f"[{methods}] /{'/'.join(filter(None, (prefix, trigger.route)))}"
        case TimerTrigger():
            schedule = parse_schedule(resolve(trigger.schedule, environment))
            plan.schedules[name] = schedule
            what = f"timer, next at {schedule.next_after(datetime.now(UTC)).isoformat()}"
        case QueueTrigger():
            plan.triggers[name] = address(trigger.queue, trigger.connection)
            what = f"queue '{plan.triggers[name].name}'"
    plan.outputs.update(outputs)
    plan.functions[name] = function
    HOST.info("%s: %s", name, what)
