"""The functions as the platform sees them, and web requests the way it hands them over."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from shared.core.customer import Customer
from shared.services.access import PortalSession
from shared.web.functions import as_sent
from tests.unit.web.conftest import Caller
from tests.unit.web.site import URL, Site

ROOT = Path(__file__).parents[3]
SLOW = (
    "fastapi",
    "starlette",
    "jinja2",
    "msgraph",
    "kiota_http",
    "msal",
    "azure.data.tables",
    "azure.identity",
)

INDEX = """
import json, sys
import function_app
found = {f.get_function_name(): json.loads(f.get_function_json()) for f in function_app.app.get_functions()}
bindings = {name: document["bindings"] for name, document in found.items()}
print(json.dumps({"modules": sorted(sys.modules), "functions": bindings}))
"""


@pytest.fixture(scope="module")
def indexed() -> dict[str, Any]:
    """What a fresh interpreter finds in function_app.py, and what it had to import for that."""
    done = subprocess.run(
        [sys.executable, "-c", INDEX], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_indexing_loads_neither_web_nor_graph_code(indexed: dict[str, Any]) -> None:
    """An instance that starts only to sync, or only to answer, loads no more than it needs."""
    loaded = [name for name in indexed["modules"] if name in SLOW or name.startswith("shared.web")]
    assert loaded == []
    assert "shared.entry_points" in indexed["modules"]


def test_the_app_loads_nothing_of_the_operators() -> None:
    """What only the command line uses is not imported by every instance."""
    code = "import json, sys, shared.bootstrap; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = json.loads(done.stdout)
    assert "shared.app" in loaded
    assert [
        name for name in loaded if name.startswith(("shared.admin", "shared.oper", "shared.services.oper"))
    ] == []
    assert "shared.adapters.tables.fleet" not in loaded


def test_every_function_is_named_and_anonymous_where_it_checks_itself(indexed: dict[str, Any]) -> None:
    """Three surfaces take every method on their own route, and the app does the checking."""
    functions = indexed["functions"]
    assert list(functions) == [
        "api",
        "connect",
        "portal",
        "fan_out",
        "sync",
        "sync_poison",
        "publish",
        "publish_poison",
        "deliver",
        "deliver_poison",
        "housekeeping",
        "observe",
    ]
    for name in ("api", "connect", "portal"):
        trigger = functions[name][0]
        assert trigger["type"] == "httpTrigger"
        assert trigger["route"] == f"{name}/{{*path}}"
        assert trigger["authLevel"].lower() == "anonymous"
        assert set(trigger["methods"]) == {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def test_timers_and_queues_are_bound_as_the_app_expects(indexed: dict[str, Any]) -> None:
    """The schedule is a setting, timers remember what they missed, and the poison queue is read."""
    functions = indexed["functions"]
    fan_out = functions["fan_out"][0]
    assert fan_out["schedule"] == "%SYNC_SCHEDULE%"
    assert fan_out["runOnStartup"] is False
    assert fan_out["useMonitor"] is True
    assert functions["housekeeping"][0]["schedule"] == "0 */15 * * * *"
    assert functions["observe"][0]["schedule"] == "0 7-59/15 * * * *"
    assert functions["observe"][0]["runOnStartup"] is False
    for name, queue in {"sync": "sync-requests", "sync_poison": "sync-requests-poison"}.items():
        assert functions[name][0]["queueName"] == queue
        assert functions[name][0]["connection"] == "AzureWebJobsStorage"


def test_the_host_retries_as_the_app_expects() -> None:
    """A message is tried five times, invisible for half a minute between two of them."""
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    assert host["extensions"]["http"]["routePrefix"] == ""
    assert host["extensions"]["queues"] == {
        "batchSize": 16,
        "newBatchThreshold": 8,
        "maxDequeueCount": 5,
        "visibilityTimeout": "00:00:30",
        "maxPollingInterval": "00:00:02",
        "messageEncoding": "base64",
    }


def test_the_sample_settings_hold_no_secret() -> None:
    """What is copied to begin with names everything and opens nothing."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
    assert sample["Values"]["SYNC_SCHEDULE"] == "0 0 */12 * * *"
    assert sample["Values"]["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    assert not [name for name in sample["Values"] if name.endswith(("_SECRET", "_KEY", "_PASSWORD"))]


async def through_the_platform(
    site: Site, method: str, path: str, body: bytes = b"", **headers: str
) -> func.HttpResponse:
    """One request the way an HTTP function gets it."""
    request = func.HttpRequest(method, URL + path, headers=headers, body=body)
    middleware = func.AsgiMiddleware(site.app)  # type: ignore[no-untyped-call]
    response: func.HttpResponse = await middleware.handle_async(as_sent(request))
    return response


@pytest.mark.parametrize("segment", ["a%2Fb", "a%2fb", "a%20b", "%C3%9Cmlaut", "a%3Fb%23c", "plain"])
async def test_ids_survive_the_platform(site: Site, caller: Caller, segment: str) -> None:
    """The middleware decodes paths; what was an encoded slash stays part of the id."""
    key = caller.http.headers["Authorization"]
    path = f"/api/v1/customers/{segment}"
    made = await through_the_platform(
        site, "PUT", path, b'{"name": "x"}', Authorization=key, **{"Content-Type": "application/json"}
    )
    assert made.status_code == 201
    read = await through_the_platform(site, "GET", path, Authorization=key)
    assert read.status_code == 200
    assert json.loads(read.get_body()) == json.loads(made.get_body())


async def test_queries_cookies_and_headers_survive_the_platform(site: Site, customer: Customer) -> None:
    """A query arrives, a redirect and its cookie leave, and so do the headers that protect."""
    link = await site.world.app.access.portal_link(PortalSession(customer.account_id, customer.id))
    opened = await through_the_platform(site, "GET", f"/portal/open?token={link}")
    assert opened.status_code == 303
    assert opened.headers["location"] == "/portal/customers/c-1"
    cookie = opened.headers["set-cookie"].partition(";")[0]
    page = await through_the_platform(site, "GET", "/portal/customers/c-1", Cookie=cookie)
    assert page.status_code == 200
    assert page.mimetype == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Contoso" in page.get_body().decode()


async def test_a_malformed_address_is_no_error_of_ours(site: Site, caller: Caller) -> None:
    """Bytes that are no UTF-8 are the sender's mistake on the platform too."""
    key = caller.http.headers["Authorization"]
    answer = await through_the_platform(site, "GET", "/api/v1/customers/%FF", Authorization=key)
    assert answer.status_code == 400


async def test_a_large_body_is_refused_on_the_platform(site: Site, caller: Caller) -> None:
    """The platform hands over bodies whole, and without a length."""
    key = caller.http.headers["Authorization"]
    answer = await through_the_platform(site, "PUT", "/api/v1/customers/c", b" " * 300_000, Authorization=key)
    assert answer.status_code == 413
