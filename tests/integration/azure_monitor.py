"""A process that sends telemetry as the worker in Azure does; run by test_application_insights.py.

It reaches for the address in its argument through every library that Microsoft's distribution listens to.
"""

import logging
import sys
import urllib.request

import httpx
import requests
from azure.core.settings import settings
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider

from shared.logs import log
from shared.telemetry.spans import calling, span

address = sys.argv[1]
configure_azure_monitor(logger_name="tenantry", enable_live_metrics=False)
logging.getLogger("tenantry").setLevel(logging.INFO)
with span("run"), calling("graph", "GET") as call:
    call.answered(httpx.get(address, trust_env=False).status_code)
    requests.get(address, timeout=10)
    with urllib.request.urlopen(address) as answer:
        answer.read()
    log("run.finished", outcome="succeeded")
sys.stdout.write(f"{settings.tracing_implementation()}\n")
trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
get_logger_provider().force_flush()  # type: ignore[attr-defined]
