"""What is counted and measured; see docs/telemetry.md. Where nobody listens it costs next to nothing."""

from opentelemetry import metrics

from shared import __version__
from shared.core.account_destination import DestinationKind
from shared.core.fleet import Fleet
from shared.core.run import Run, RunKind
from shared.telemetry.ids import PREFIX

_HOUR = 3600.0
_meter = metrics.get_meter("tenantry", __version__)

_runs = _meter.create_counter("tenantry.runs", "{run}", "Runs that ended")
_duration = _meter.create_histogram(
    "tenantry.run.duration",
    "s",
    "Time spent working on a run",
    explicit_bucket_boundaries_advisory=[0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 1800, _HOUR, 4 * _HOUR],
)
_users = _meter.create_histogram(
    "tenantry.run.users",
    "{user}",
    "Users that a run read",
    explicit_bucket_boundaries_advisory=[
        10,
        25,
        50,
        100,
        250,
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        100_000,
    ],
)
_changes = _meter.create_counter("tenantry.run.changes", "{change}", "Changes that runs made to contacts")
_graph_requests = _meter.create_counter("tenantry.graph.requests", "{request}", "Requests to Microsoft Graph")
_graph_throttles = _meter.create_counter(
    "tenantry.graph.throttles", "{request}", "Requests that Microsoft Graph throttled"
)
_psa_calls = _meter.create_counter("tenantry.psa.calls", "{call}", "Calls to PSAs")
_psa_waits = _meter.create_histogram(
    "tenantry.psa.waits",
    "s",
    "How long a run has to wait for its next call to a PSA",
    explicit_bucket_boundaries_advisory=[1, 2, 5, 10, 20, 30, 60, 90, 120, 300, 900, _HOUR],
)
_queue_age = _meter.create_histogram(
    "tenantry.queue.age",
    "s",
    "How long a message that was due had to wait",
    explicit_bucket_boundaries_advisory=[1, 2, 5, 10, 30, 60, 300, 900, 1800, _HOUR, 4 * _HOUR, 12 * _HOUR],
)
_freshness = _meter.create_histogram(
    "tenantry.connection.freshness",
    "s",
    "How old a connection's last sync is",
    explicit_bucket_boundaries_advisory=[
        hours * _HOUR for hours in (0.25, 1, 2, 4, 6, 8, 12, 13, 14, 16, 20, 24, 25, 26, 36, 48, 72, 168)
    ],
)
_connections = _meter.create_gauge("tenantry.connections", "{connection}", "Connections")
_held = _meter.create_gauge("tenantry.runs.held", "{run}", "Runs that wait for a person")
_late = _meter.create_gauge("tenantry.connections.late", "{connection}", "Connections whose sync is late")

_PSAS = frozenset({DestinationKind.ATERA.value, DestinationKind.SYNCRO.value})
_ACTIONS = ("created", "updated", "linked", "moved", "deactivated", "reactivated")


def run_ended(run: Run, destination: str | None) -> None:
    """A run came to its end. What a preview would do is no change."""
    what = {"kind": run.kind.value, "destination": destination}
    how = what | {"outcome": run.state.value}
    _runs.add(1, _attributes(**how, trigger=run.trigger.value))
    _duration.record(run.seconds, _attributes(**how))
    _users.record(run.counts.users_read, _attributes(**what))
    if run.kind is RunKind.PREVIEW:
        return
    for action in _ACTIONS:
        if many := getattr(run.counts, action):
            _changes.add(many, _attributes(action=action, destination=destination))


def called(system: str, status: int | None) -> None:
    """A call to the outside was made; those to Microsoft Graph and to PSAs are counted.

    `status`: None where there was no answer.
    """
    if system == "graph":
        _graph_requests.add(1, _attributes(status_class=_class_of(status)))
    elif system in _PSAS:
        _psa_calls.add(1, _attributes(destination=system, status_class=_class_of(status)))


def graph_throttled() -> None:
    """Microsoft Graph asked to wait, for a request or for a part of a batch."""
    _graph_throttles.add(1)


def psa_waits(destination: str, seconds: float) -> None:
    """No call is to be had, from the allowance or from the PSA itself, for so long."""
    _psa_waits.record(seconds, _attributes(destination=destination))


def taken_from_queue(queue: str, seconds: float) -> None:
    """A message was delivered for the first time, so long after it was due."""
    _queue_age.record(seconds, _attributes(queue=queue))


def connection_seen(seconds: float) -> None:
    """A connection's last sync is so old."""
    _freshness.record(seconds)


def fleet_seen(fleet: Fleet) -> None:
    """All connections were looked at."""
    for state, many in fleet.groups.items():
        _connections.set(many, _attributes(state=state))
    _held.set(fleet.held)
    _late.set(fleet.late)


def _attributes(**values: str | None) -> dict[str, str]:
    return {f"{PREFIX}{name}": value for name, value in values.items() if value is not None}


def _class_of(status: int | None) -> str:
    return "none" if status is None else f"{status // 100}xx"
