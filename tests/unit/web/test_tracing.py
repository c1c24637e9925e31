"""Every request is a span, by its route's template and never by what somebody put into its address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from opentelemetry.trace import StatusCode

from shared.core.customer import Customer
from tests.fakes.telemetry import Heard, listening
from tests.unit.web.conftest import Caller
from tests.unit.web.site import Site

SECRET = "eyJada%40contoso.example"
PLACES = {
    f"/api/v1/customers/{SECRET}?email={SECRET}": "/api/v1/customers/{customer}",
    f"/api/v1/runs/{SECRET}/changes?after={SECRET}": "/api/v1/runs/{run}/changes",
    f"/connect/callback?code={SECRET}&state={SECRET}": "/connect/callback",
    f"/connect/start?ticket={SECRET}": "/connect/start",
    f"/portal/open?token={SECRET}": "/portal/open",
    f"/no/such/place/{SECRET}?token={SECRET}": "",
}


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as spans:
        yield spans


@pytest.mark.parametrize("address", PLACES)
async def test_a_span_is_named_by_the_routes_template(caller: Caller, heard: Heard, address: str) -> None:
    """With the prefix of its router, without the query; the framework's own spans, which have it, are off."""
    status = (await caller.http.get(address)).status_code
    request = heard[-1]
    assert request.name == f"GET {PLACES[address]}".strip()
    told = dict(request.attributes or {})
    assert told.pop("http.response.status_code") == status
    assert told.pop("http.route", "") == PLACES[address]
    assert told.pop("tenantry.account", caller.account_id) == caller.account_id
    assert told == {"http.request.method": "GET"}
    assert not any(re.search("eyJ|contoso", span.to_json()) for span in heard)
    assert {span.instrumentation_scope and span.instrumentation_scope.name for span in heard} == {"tenantry"}


async def test_no_route_is_left_out(site: Site, heard: Heard) -> None:
    """Each of them is found by its template, whichever router declared it."""
    async with site.browser() as browser:
        document = (await browser.get("/api/v1/openapi.json")).json()
        heard.clear()
        for path in document["paths"]:
            await browser.get(re.sub(r"\{\w+\}", "x", path))
    templates = [str((span.attributes or {}).get("http.route")) for span in heard if span.parent is None]
    assert [re.sub(r"\{\w+\}", "x", template) for template in templates] == [
        re.sub(r"\{\w+\}", "x", path) for path in document["paths"]
    ]
    assert len(templates) > 40


async def test_an_odd_method_is_not_repeated(caller: Caller, heard: Heard) -> None:
    """A method is a word of the caller's too."""
    await caller.http.request("ADA-LOVELACE", "/api/v1/health")
    assert heard[-1].name.startswith("OTHER")
    assert "LOVELACE" not in heard[-1].to_json()


async def test_what_breaks_is_an_error(site: Site, caller: Caller, heard: Heard) -> None:
    """The answer is a problem, and of the error nothing but that is told."""

    async def break_down(*_: object) -> None:
        raise RuntimeError(SECRET)

    site.world.customers.get = break_down  # type: ignore[method-assign,assignment]
    answer = await caller.http.get("/api/v1/customers/c-1")
    assert answer.status_code == 500
    assert heard[-1].status.status_code is StatusCode.ERROR
    assert SECRET not in heard[-1].to_json()


async def test_a_run_that_was_asked_for_is_a_part_of_the_request(
    site: Site, caller: Caller, customer: Customer, heard: Heard
) -> None:
    """So whoever asks what a click did finds it below the click."""
    await caller.http.post(f"/api/v1/customers/{customer.id}/runs", json={"kind": "sync"})
    await site.world.drain()
    (run,) = heard.named("run")
    assert heard.way_back(run) == [
        "run",
        "process sync-requests",
        "send sync-requests",
        "POST /api/v1/customers/{customer}/runs",
    ]
    request = heard.one("POST /api/v1/customers/{customer}/runs")
    assert (request.attributes or {})["tenantry.account"] == caller.account_id
