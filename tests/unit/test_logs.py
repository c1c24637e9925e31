"""Log lines as the platform gets them: a text to read, and an event with attributes."""

import importlib
import logging

import pytest
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from shared.logs import log
from shared.telemetry.ids import about
from tests.fakes.logged import logged_events


def test_a_line_reads_as_its_event_and_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    """In the order given; what has no value is a dash."""
    log("run.queued", level=logging.ERROR, run="r", code=None, seconds=1.5)
    assert caplog.messages == ["run.queued run=r code=- seconds=1.5"]


def test_names_that_a_record_has_itself_are_fields_too() -> None:
    """The library refuses them without a prefix."""
    taken = {"name": "n", "args": "a", "created": 3, "msg": "m", "module": "o", "message": "g"}
    with logged_events() as logged:
        log("some.event", **taken)  # type: ignore[arg-type]
    assert logged.one("some.event") == taken | {"level": "INFO"}


def test_numbers_stay_numbers_and_all_else_is_text() -> None:
    """Booleans are numbers of their own kind; the exporters take no other values."""
    with logged_events() as logged:
        log("some.event", whole=3, part=0.5, flag=True, none=None, many=["a"])
    fields = logged.one("some.event")
    assert fields == {
        "whole": 3,
        "part": 0.5,
        "flag": True,
        "none": "-",
        "many": "['a']",
        "level": "INFO",
    }


def test_whom_the_work_is_for_is_said_where_the_line_does_not() -> None:
    """What the line says itself counts; the text that people read stays as it was written."""
    with logged_events() as logged, about(account="a", run="ambient"):
        log("some.event", run="own")
    assert logged.one("some.event") == {"account": "a", "run": "own", "level": "INFO"}


def test_a_line_becomes_a_custom_event_of_application_insights() -> None:
    """By Microsoft's own exporter, as it comes with the distribution that the worker uses."""
    microsoft = importlib.import_module("azure.monitor.opentelemetry.exporter.export.logs._exporter")
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger, handler = logging.getLogger("tenantry"), LoggingHandler(logger_provider=provider)
    logger.addHandler(handler)
    try:
        log("run.stumbled", level=logging.WARNING, run="r", code="graph_unavailable", seconds=2)
    finally:
        logger.removeHandler(handler)
    (record,) = exporter.get_finished_logs()
    envelope = microsoft._convert_log_to_envelope(record)
    assert envelope.name == "Microsoft.ApplicationInsights.Event"
    data = envelope.data.base_data
    assert data.name == "run.stumbled"
    own = {key: value for key, value in data.properties.items() if key.startswith("tenantry.")}
    assert own == {
        "tenantry.run": "r",
        "tenantry.code": "graph_unavailable",
        "tenantry.seconds": "2",
        "tenantry.level": "WARNING",
    }
