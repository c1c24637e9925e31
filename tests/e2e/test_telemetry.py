"""What a collector gets: one trace for a sync from its asking to its end, with metrics and events."""

from __future__ import annotations

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.e2e.collector import Collector, attributes
from tests.e2e.scene import Scene, eventually

pytestmark = pytest.mark.e2e

PHASES = {
    "run.lease",
    "run.read_directory",
    "run.read_contacts",
    "run.plan",
    "run.guard",
    "run.apply",
    "run.commit",
}
CALLS = {"graph GET", "tables GET", "tables POST", "queue POST", "key_vault GET"}
METRICS = {
    "tenantry.runs",
    "tenantry.run.duration",
    "tenantry.run.users",
    "tenantry.run.changes",
    "tenantry.graph.requests",
    "tenantry.queue.age",
}
PUBLISHED = "process publish-requests"
POST = "POST /api/v1/customers/{customer}/runs"


async def test_a_sync_that_was_asked_for_arrives_as_one_trace(scene: Scene, collector: Collector) -> None:
    """From the request through both queues to the event that it announces, all of it the app's own spans."""
    collector.forget()
    customer = await scene.connected("quince")
    run_id = (await scene.sync(customer))["id"]

    async def found() -> list[Span]:
        trace = _trace_of(collector, run_id)
        return [span for span in list(collector.spans) if span.trace_id == trace]

    spans = await eventually(found, lambda spans: {POST, PUBLISHED} <= {span.name for span in spans})
    by_id = {span.span_id: span for span in spans}
    (run,) = [span for span in spans if span.name == "run"]
    assert {span.name for span in spans if span.parent_span_id == run.span_id} >= PHASES
    assert {span.name for span in spans} >= CALLS
    assert _way_back(by_id, run) == ["run", "process sync-requests", "send sync-requests", POST]
    (published,) = [span for span in spans if span.name == PUBLISHED and _way_back(by_id, span)[-1] == POST]
    assert "run.commit" in _way_back(by_id, published)
    assert len(by_id[run.parent_span_id].links) == 1
    assert collector.scopes == collector.services == {"tenantry"}


async def test_metrics_and_events_arrive_too(scene: Scene, collector: Collector) -> None:
    """And the events of a run belong to its trace."""
    collector.forget()
    customer = await scene.connected("quince")
    run_id = (await scene.sync(customer))["id"]

    async def traces() -> list[bytes]:
        ends = [line.trace_id for line in list(collector.lines) if _is_end_of(line, run_id)]
        return [_trace_of(collector, run_id), *ends]

    async def metrics() -> set[str]:
        return collector.metrics

    of_the_run, of_its_end = await eventually(traces, lambda found: all(found) and len(found) == 2)
    assert of_the_run == of_its_end
    assert await eventually(metrics, lambda names: names >= METRICS)


def _trace_of(collector: Collector, run_id: str) -> bytes:
    for span in list(collector.spans):
        if span.name == "run" and attributes(span.attributes).get("tenantry.run") == run_id:
            return span.trace_id
    return b""


def _way_back(by_id: dict[bytes, Span], span: Span) -> list[str]:
    """The names of a span and of those that it is a part of, as far as they are the app's."""
    names = [span.name]
    while span.parent_span_id in by_id:
        span = by_id[span.parent_span_id]
        names.append(span.name)
    return names


def _is_end_of(line: LogRecord, run_id: str) -> bool:
    facts = attributes(line.attributes)
    return facts.get("microsoft.custom_event.name") == "run.finished" and facts["tenantry.run"] == run_id
