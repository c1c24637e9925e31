"""What reaches Application Insights by Microsoft's distribution, with the settings that Azure gets."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.infra.bicep import entries, variable

SECRET = "deltatoken-zebulon"
KEY = "00000000-0000-4000-8000-000000000001"


class Ingestion(ThreadingHTTPServer):
    """Takes what the distribution sends, and answers every GET."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Ingestion

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        items = json.loads(body)
        if self.path.endswith("/track"):
            self.server.items += items
        self._answer({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []})

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    with Ingestion() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _sent(ingestion: Ingestion, **changed: str) -> tuple[list[dict[str, Any]], str]:
    """What arrives with Azure's settings, some of them changed, and what the process printed."""
    azure = entries(variable("app-settings.bicep", "telemetry"))
    switched_off = azure["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"].strip("'")
    endpoints = f"IngestionEndpoint={ingestion.url};LiveEndpoint={ingestion.url}"
    environment = {
        **os.environ,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};{endpoints}",
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_TRACES_SAMPLER": "always_on",
        "NO_PROXY": "127.0.0.1",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": switched_off,
        **changed,
    }
    command = [sys.executable, "-m", "tests.integration.azure_monitor", f"{ingestion.url}users?${SECRET}=x"]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    said = [item for item in ingestion.items if item["data"]["baseType"] != "MetricData"]  # of the exporter
    return said, ended.stdout


def test_only_our_own_spans_and_events_arrive(ingestion: Ingestion) -> None:
    """A call to the outside is a dependency with its status, an event is one, and they are of one trace."""
    items, printed = _sent(ingestion)
    assert printed == "None\n"
    assert SECRET not in json.dumps(items)
    kinds = sorted(item["data"]["baseType"] for item in items)
    assert kinds == ["EventData", "RemoteDependencyData", "RemoteDependencyData"]
    by_name = {item["data"]["baseData"]["name"]: item for item in items}
    call = by_name["GET /"]["data"]["baseData"]
    assert (call["target"], call["resultCode"], call["success"]) == ("graph", "200", True)
    event = by_name["run.finished"]["data"]["baseData"]
    assert event["properties"]["tenantry.outcome"] == "succeeded"
    assert len({item["tags"]["ai.operation.id"] for item in items}) == 1


def test_without_the_setting_an_address_would_arrive(ingestion: Ingestion) -> None:
    """Which is why the app does not start without it."""
    items, _ = _sent(ingestion, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="")
    assert SECRET in json.dumps(items)
