"""Sends spans, metrics and log lines to an OpenTelemetry collector, where nothing else does.

In Azure the Functions worker sets up the same for Application Insights, and this module is not imported.
Everything but the address of the collector is OpenTelemetry's own: its standard variables count.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared import __version__


@cache  # the providers are the process's, whatever becomes of one app in it
def start() -> Callable[[], Awaitable[None]]:
    """Begin to send; returns what sends all that waits. At the process's end that happens by itself."""
    ours = Resource.create({"service.name": "tenantry", "service.version": __version__})
    resource = ours.merge(OTELResourceDetector().detect())
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    readings = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource)
    lines = LoggerProvider(resource)
    lines.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(readings)
    set_logger_provider(lines)
    logging.getLogger("tenantry").addHandler(LoggingHandler(logger_provider=lines))

    async def flush() -> None:
        for provider in (spans, readings, lines):
            await asyncio.to_thread(provider.force_flush)

    return flush
