"""Microsoft Graph busy, broken or lying: what is waited out, what ends a run, and what never happens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e

BRIEF_TROUBLE: dict[str, dict[str, Any]] = {
    "unavailable": {"kind": "status", "status": 503},
    "bad gateway": {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"},
    "throttled without a word on when": {"kind": "throttle"},
    "connection reset": {"kind": "reset"},
    "reply lost": {"kind": "lose_reply"},
    "body cut short": {"kind": "truncate"},
    "not JSON": {"kind": "status", "status": 200, "body": "{this is not JSON}"},
    "JSON of another shape": {"kind": "status", "status": 200, "body": {"value": [{"id": 7}]}},
    "token refused": {"kind": "status", "status": 401},
    "next page is the same page": {"kind": "looping_next_link"},
}


@pytest.mark.parametrize("trouble", BRIEF_TROUBLE)
async def test_brief_trouble_is_waited_out(scene: Scene, trouble: str) -> None:
    """The run goes on by itself and ends as if nothing had been, in the first import and in a delta."""
    customer = await scene.connected("harbour")
    await scene.fault(customer, **BRIEF_TROUBLE[trouble])
    first = await scene.sync(customer)
    assert (first["state"], first["error"]) == ("succeeded", None)
    assert len(await scene.contacts(customer)) == first["counts"]["created"] >= 2

    newcomer = await scene.hire(customer, "Troubled Newcomer")
    await scene.fault(customer, **BRIEF_TROUBLE[trouble])
    second = await scene.sync(customer)
    assert (second["state"], second["read_mode"], second["applied"]) == ("succeeded", "delta", 1)
    assert newcomer["id"] in await scene.contacts(customer)
    faults = (await scene.graph("GET", "faults"))["faults"]
    assert [fault["hits"] for fault in faults] == [fault["count"] for fault in faults]


async def test_a_short_wait_that_microsoft_graph_asks_for_is_kept(scene: Scene) -> None:
    """No request goes out before the time is over, and the run is not put off."""
    customer = await scene.imported("harbour")
    await scene.fault(customer, "throttle", retry_after=2)
    run = await scene.sync(customer)
    assert (run["state"], run["resumes"], run["graph_requests"]) == ("succeeded", 0, 2)
    assert run["seconds"] >= 2


LASTING_TROUBLE: dict[str, tuple[dict[str, Any], str]] = {
    "garbage": ({"kind": "status", "status": 200, "body": "{this is not JSON}"}, "graph_unreadable"),
    "refused": (
        {"kind": "status", "status": 400, "body": {"error": {"code": "BadRequest"}}},
        "graph_refused",
    ),
    "loop": ({"kind": "looping_next_link"}, "paging_loop"),
}


@pytest.mark.parametrize("trouble", LASTING_TROUBLE)
async def test_a_run_that_fails_every_time_ends_with_the_reason(scene: Scene, trouble: str) -> None:
    """The queue gives up after five deliveries; the run says why, and the next one is not in its way."""
    fault, code = LASTING_TROUBLE[trouble]
    customer = await scene.imported("harbour")
    await scene.hire(customer, "Unreachable Newcomer")
    before = await scene.contacts(customer)
    requests = await scene.request_count(customer)
    await scene.fault(customer, count=None, **fault)
    run = await scene.sync(customer)
    assert run["state"] == "failed"
    assert run["error"]["code"] == code
    assert run["error"]["title"]
    assert run["error"]["detail"]
    assert 5 <= await scene.request_count(customer) - requests <= 10
    assert await scene.contacts(customer) == before
    connection = await scene.api.connection(customer.id)
    assert (connection["state"], connection["current_run"]) == ("active", None)

    await scene.graph("DELETE", "faults")
    healed = await scene.sync(customer)
    assert (healed["state"], healed["applied"]) == ("succeeded", 1)


async def test_a_link_to_another_server_is_not_followed(scene: Scene) -> None:
    """The run fails; the other server sees no request, so no token either."""
    customer = await scene.imported("harbour")
    port = urlsplit(scene.stack.outside.world.graph_url).port
    before = len((await scene.graph("GET", "foreign-calls"))["calls"])
    await scene.graph(
        "POST",
        "foreign-next-link",
        {"host": f"localhost:{port}", "tenant": customer.tenant.tenant_id, "count": None},
    )
    run = await scene.sync(customer)
    assert (run["state"], run["error"]["code"]) == ("failed", "foreign_link")
    assert run["error"]["actor"] == "operator"
    assert len((await scene.graph("GET", "foreign-calls"))["calls"]) == before

    # That server is really there: it answers, and says that it was called.
    probe = await scene.http.get(f"https://localhost:{port}/v1.0/users")
    assert probe.status_code == 404
    assert len((await scene.graph("GET", "foreign-calls"))["calls"]) == before + 1
