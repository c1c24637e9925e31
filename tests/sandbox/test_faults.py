"""What the fault plan does to a request, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiohttp import web

from sandbox.simulators.faults import FAULT, Fault, FaultPlan, add_fault_routes, fault_middleware
from sandbox.simulators.request_log import RequestLog, add_request_log_routes, request_log_middleware


class Shop:
    """A server with one route that counts its work."""

    def __init__(self) -> None:
        self.plan = FaultPlan()
        self.log = RequestLog()
        self.sold = 0
        self.seen: list[Fault | None] = []

    def application(self) -> web.Application:
        def tenant_of(request: web.Request) -> str | None:
            return request.headers.get("Tenant")

        async def sell(request: web.Request) -> web.Response:
            self.sold += 1
            self.seen.append(request.get(FAULT))
            return web.json_response({"sold": "x" * 1000})

        application = web.Application(
            middlewares=[
                request_log_middleware(self.log, tenant_of),
                fault_middleware(self.plan, tenant_of),
            ]
        )
        application.router.add_get("/sell/{what}", sell)
        add_fault_routes(application, self.plan)
        add_request_log_routes(application, self.log)
        return application


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    runner = web.AppRunner(shop.application(), shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as http:
        yield http
    await runner.cleanup()


async def add(client: httpx.AsyncClient, *faults: dict[str, Any]) -> None:
    assert (await client.post("/_control/faults", json=list(faults))).status_code == 201


async def test_a_status_fault_answers_instead_of_the_work_and_is_used_up(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    """After its count is spent, requests pass again."""
    await add(client, {"kind": "status", "status": 503, "body": {"error": "down"}, "count": 2})
    answers = [await client.get("/sell/tea") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json() == {"error": "down"}
    assert shop.sold == 1


async def test_a_status_fault_can_carry_a_body_that_is_no_json(client: httpx.AsyncClient) -> None:
    """A text body goes out as it is."""
    await add(client, {"kind": "status", "status": 200, "body": "<html>", "headers": {"X-Odd": "1"}})
    answer = await client.get("/sell/tea")
    assert (answer.status_code, answer.text, answer.headers["X-Odd"]) == (200, "<html>", "1")


async def test_a_throttle_fault_says_how_long_to_wait(client: httpx.AsyncClient) -> None:
    """The answer is 429 with the Retry-After that was asked for."""
    await add(client, {"kind": "throttle", "retry_after": 7})
    answer = await client.get("/sell/tea")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == "TooManyRequests"


async def test_a_reset_cuts_the_connection_before_the_work(shop: Shop, client: httpx.AsyncClient) -> None:
    """Nothing was sold."""
    await add(client, {"kind": "reset"})
    with pytest.raises(httpx.TransportError):
        await client.get("/sell/tea")
    assert shop.sold == 0
    assert shop.log.recent[-1].status == 499


async def test_a_lost_reply_cuts_the_connection_after_the_work(shop: Shop, client: httpx.AsyncClient) -> None:
    """The sale took place, the client does not know."""
    await add(client, {"kind": "lose_reply"})
    with pytest.raises(httpx.TransportError):
        await client.get("/sell/tea")
    assert shop.sold == 1


async def test_a_truncated_body_is_shorter_than_announced(shop: Shop, client: httpx.AsyncClient) -> None:
    """The client sees a protocol error and not a short answer."""
    await add(client, {"kind": "truncate"})
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/sell/tea")
    assert shop.sold == 1


async def test_a_delay_is_followed_by_the_work(shop: Shop, client: httpx.AsyncClient) -> None:
    """A delay longer than the client's patience times out, a short one does not."""
    await add(client, {"kind": "delay", "seconds": 30}, {"kind": "delay", "seconds": 0.001})
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/sell/tea", timeout=0.05)
    assert (await client.get("/sell/tea")).status_code == 200
    assert shop.sold == 1


async def test_a_fault_of_the_simulator_s_own_reaches_the_handler(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    """The handler finds it on the request, once."""
    await add(client, {"kind": "expire_delta"})
    await client.get("/sell/tea")
    await client.get("/sell/tea")
    assert [fault.kind if fault else None for fault in shop.seen] == ["expire_delta", None]


async def test_a_fault_hits_only_the_requests_it_describes(client: httpx.AsyncClient) -> None:
    """Path with query, tenant and the number to skip all have to fit."""
    await add(client, {"kind": "status", "status": 418, "path": r"tea\?\$milk=1", "tenant": "ONE", "skip": 1})

    async def status(path: str, tenant: str) -> int:
        return (await client.get(path, headers={"Tenant": tenant})).status_code

    assert await status("/sell/coffee?%24milk=1", "one") == 200
    assert await status("/sell/tea?%24milk=1", "two") == 200
    assert await status("/sell/tea?%24milk=1", "one") == 200
    assert await status("/sell/tea?%24milk=1", "one") == 418
    assert await status("/sell/tea?%24milk=1", "one") == 200


def test_the_first_fault_that_matches_decides() -> None:
    """Order is order of addition; a used-up fault makes way for the next."""
    plan = FaultPlan()
    plan.add(Fault(kind="status", status=500, method="get"), Fault(kind="status", status=502, count=None))
    taken = [plan.take(method, "/") for method in ("POST", "GET", "GET")]
    assert [fault.status for fault in taken if fault] == [502, 500, 502]


@pytest.mark.parametrize("fault", [{"kind": "explode"}, {"kind": "reset", "path": "("}, {"colour": "red"}, 3])
async def test_a_fault_that_makes_no_sense_is_refused(client: httpx.AsyncClient, fault: object) -> None:
    """A typing error in a scenario must not pass as a scenario without faults."""
    answer = await client.post("/_control/faults", json=fault)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_faults_can_be_shown_and_cleared(client: httpx.AsyncClient) -> None:
    """The control surface tells how often each fault was used, and is never hit itself."""
    await add(client, {"kind": "status", "status": 500, "count": None})
    await client.get("/sell/tea")
    shown = (await client.get("/_control/faults")).json()["faults"]
    assert [(fault["kind"], fault["hits"]) for fault in shown] == [("status", 1)]
    assert (await client.delete("/_control/faults")).status_code == 204
    assert (await client.get("/sell/tea")).status_code == 200


async def test_requests_are_counted_by_route_and_tenant(client: httpx.AsyncClient) -> None:
    """Queries are left out, for they may hold tokens; the control surface is not counted."""
    await client.get("/sell/tea?$skiptoken=secret", headers={"Tenant": "one"})
    await client.get("/sell/milk", headers={"Tenant": "two"})
    await client.get("/nowhere", headers={"Tenant": "two"})
    shown = await client.get("/_control/requests")
    assert "secret" not in shown.text
    assert shown.json()["by_route"] == {"GET /sell/{what}": 2, "GET /nowhere": 1}
    only_one = (await client.get("/_control/requests", params={"tenant": "one"})).json()
    assert only_one["total"] == 1
    assert only_one["recent"] == [{"method": "GET", "path": "/sell/tea", "status": 200, "tenant": "one"}]
    await client.delete("/_control/requests")
    assert (await client.get("/_control/requests")).json()["total"] == 0
