"""An OpenTelemetry collector as the app sees one: it takes OTLP over HTTP, and keeps what comes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Request = ExportTraceServiceRequest | ExportMetricsServiceRequest | ExportLogsServiceRequest

_SPAN_IDS = re.compile(r"^ *(trace_id|span_id|parent_span_id): .*\n", re.MULTILINE)


@dataclass
class Collector:
    """Started and stopped by `with`. `text` is all that came but the ids of spans, which are random bytes."""

    scopes: set[str] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)
    lines: list[LogRecord] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def text(self) -> str:
        return _SPAN_IDS.sub("", "\n".join(map(str, list(self.requests))))

    def forget(self) -> None:
        """Keep nothing of what came until now; whoever reads all of it would read for long."""
        for kept in (self.spans, self.lines, self.requests, self.metrics):
            kept.clear()

    def take(self, path: str, body: bytes) -> None:
        """Keep one request."""
        if path == "/v1/traces":
            spans = ExportTraceServiceRequest.FromString(body)
            self.requests.append(spans)
            for resource_spans in spans.resource_spans:
                self.services.add(attributes(resource_spans.resource.attributes)["service.name"])
                for scope_spans in resource_spans.scope_spans:
                    self.scopes.add(scope_spans.scope.name)
                    self.spans += scope_spans.spans
        elif path == "/v1/metrics":
            metrics = ExportMetricsServiceRequest.FromString(body)
            self.requests.append(metrics)
            for resource_metrics in metrics.resource_metrics:
                for scope_metrics in resource_metrics.scope_metrics:
                    self.metrics |= {metric.name for metric in scope_metrics.metrics}
        else:
            logs = ExportLogsServiceRequest.FromString(body)
            self.requests.append(logs)
            for resource_logs in logs.resource_logs:
                for scope_logs in resource_logs.scope_logs:
                    self.lines += scope_logs.log_records


def attributes(pairs: Iterable[KeyValue]) -> dict[str, str]:
    """By name, as text."""
    return {pair.key: str(getattr(pair.value, pair.value.WhichOneof("value") or "")) for pair in pairs}
