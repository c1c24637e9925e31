"""Reports behind an address that is a secret: fetched without a token, and only from where they may be."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import httpx
import pytest
import stamina

from shared.adapters.bounded_http import BoundedClient
from shared.adapters.graph.transport import GraphTransport
from shared.core.errors import RetryLater, SourceFault, TenantryError
from shared.logs import quiet_libraries
from tests.unit.adapters.scripted_graph import URL, ScriptedGraph

SECRET = "a-certain-secret"
PLACE = f"https://reports.invalid/data/download/{SECRET}?sv={SECRET}"
HERE = "http://127.0.0.1:7000"


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def said(error: TenantryError) -> str:
    return f"{error.__dict__}" + "".join(traceback.format_exception(error))


async def test_a_report_is_fetched_without_a_token(caplog: pytest.LogCaptureFixture) -> None:
    """It counts as a request, and nothing of the address is in the log."""
    caplog.set_level(logging.DEBUG)
    quiet_libraries()
    graph = ScriptedGraph(lambda _: httpx.Response(200, content=b"a,b\r\n"))
    transport = graph.open()
    assert await transport.download(PLACE) == b"a,b\r\n"
    (request,) = graph.requests
    assert (request.method, str(request.url)) == ("GET", PLACE)
    assert "Authorization" not in request.headers
    assert transport.requests == 1
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("graph_url", "location"),
    [
        (URL, ""),
        (URL, "/data/download/x"),
        (URL, "//reports.invalid/x"),
        (URL, "http://reports.invalid/x"),
        (URL, "http://127.0.0.1:7000/x"),
        (URL, "ftp://reports.invalid/x"),
        (URL, "file:///etc/passwd"),
        (URL, "https://"),
        (URL, "https:///x"),
        (URL, "https://name@reports.invalid/x"),
        (URL, "https://[::1/x"),
        (URL, "https://reports.invalid:port/x"),
        (URL, "https://reports.invalid:0/x"),
        (URL, "https://reports.invalid:99999/x"),
        (URL, "https://reports\n.invalid/x"),
        (URL, "https://rep orts.invalid/x"),
        (URL, "https://répörts.invalid/x"),
        (HERE, "http://reports.invalid/x"),
        (HERE, "http://127.0.0.1.reports.invalid/x"),
        (HERE, "http://10.0.0.1/x"),
        ("http://graph.invalid", "http://127.0.0.1:7000/x"),
    ],
)
async def test_a_report_elsewhere_is_not_fetched(graph_url: str, location: str) -> None:
    """Without TLS only on this machine, and only where Graph itself is here."""
    graph = ScriptedGraph(lambda _: httpx.Response(200, content=b"x"))
    with pytest.raises(SourceFault) as fault:
        await graph.open(url=graph_url).download(location)
    assert fault.value.code == "foreign_link"
    assert graph.requests == []
    assert location == "" or location not in said(fault.value)


@pytest.mark.parametrize(
    ("graph_url", "location"),
    [
        (URL, "HTTPS://reports.invalid/x"),
        (URL, "https://reports.invalid:8443/x"),
        (HERE, "http://127.0.0.1:7001/x"),
        (HERE, "http://localhost:7001/x"),
        (HERE, "https://reports.invalid/x"),
        ("http://localhost:7000", "http://[::1]:7001/x"),
    ],
)
async def test_a_report_is_fetched_over_tls_or_on_this_machine(graph_url: str, location: str) -> None:
    """Microsoft keeps reports on hosts of many names."""
    graph = ScriptedGraph(lambda _: httpx.Response(200, content=b"x"))
    assert await graph.open(url=graph_url).download(location) == b"x"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_report_is_asked_for_again(status: int) -> None:
    """Where that may help."""
    graph = ScriptedGraph(
        lambda _: httpx.Response(200, content=b"x") if len(graph.requests) > 2 else httpx.Response(status)
    )
    transport = graph.open()
    assert await transport.download(PLACE) == b"x"
    assert transport.requests == 3


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError(f"{request.url} was cut", request=request)


async def test_a_report_that_does_not_come_is_left_to_the_queue() -> None:
    """And the address stays where it is."""
    graph = ScriptedGraph(cut)
    with pytest.raises(RetryLater) as missed:
        await graph.open().download(PLACE)
    assert SECRET not in said(missed.value)
    assert len(graph.requests) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_an_address_whose_time_is_over_is_left_to_the_queue(status: int) -> None:
    """The next run gets another; it says nothing about the consent, and trying again here is in vain."""
    graph = ScriptedGraph(lambda _: httpx.Response(status, text=SECRET))
    with pytest.raises(RetryLater) as missed:
        await graph.open().download(PLACE)
    assert SECRET not in said(missed.value)
    assert (len(graph.requests), graph.credential.forgotten) == (1, 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_report_does_not_lead_elsewhere(status: int) -> None:
    """Whoever answers so is not where Graph said the report is."""
    graph = ScriptedGraph(lambda _: httpx.Response(status, headers={"Location": "https://other.invalid/"}))
    with pytest.raises(SourceFault):
        await graph.open().download(PLACE)
    assert len(graph.requests) == 1


async def test_a_report_that_is_too_large_is_not_taken_in() -> None:
    """The app's client bounds it as it bounds every answer."""
    answers = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x" * 5_000))
    async with BoundedClient(largest=1_000, transport=answers) as http:
        transport = GraphTransport(http, ScriptedGraph(cut).credential, URL, "scope")  # type: ignore[arg-type]
        with pytest.raises(RetryLater):
            await transport.download(PLACE)
