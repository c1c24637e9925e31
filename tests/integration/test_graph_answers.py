"""Answers of Graph that must not be trusted: they are named for what they are, and nothing is sent astray."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import stamina
from aiohttp import web

from sandbox.simulators.serving import serve
from shared.adapters.entra.applications import Applications
from shared.adapters.graph.directory import GraphDirectory
from shared.adapters.graph.transport import GraphTransport
from shared.core.errors import SourceFault
from tests.integration.microsoft import Microsoft
from tests.integration.tenant import GRAPH_SCOPE, changes, everybody, open_credential, open_reader


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


@pytest.fixture
def reader(microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient) -> GraphDirectory:
    microsoft.consent()
    return open_reader(microsoft, applications, graph_http)


class Stranger:
    """A server that is not Graph's, and what was sent to it."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return web.json_response({"value": []})


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    stranger = Stranger()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", stranger.answer)
    async with serve(lambda _: application) as stranger.url:
        yield stranger


FOREIGN = {
    "another server": "{stranger}/v1.0/users",
    "another host": "https://graph.invalid/v1.0/users",
    "another name of the host": "https://localhost:{port}/v1.0/users",
    "a longer name": "https://127.0.0.1.graph.invalid:{port}/v1.0/users",
    "another port": "https://127.0.0.1:{stranger_port}/v1.0/users",
    "the usual port": "https://127.0.0.1/v1.0/users",
    "a port out of range": "https://127.0.0.1:99999/v1.0/users",
    "a port that is a word": "https://127.0.0.1:https/v1.0/users",
    "no tls": "http://127.0.0.1:{port}/v1.0/users",
    "a name before the host": "https://graph@127.0.0.1:{port}/v1.0/users",
    "the host as a name": "https://127.0.0.1:{port}@graph.invalid/v1.0/users",
    "the host as name and word": "https://127.0.0.1:{port}:x@127.0.0.1:{stranger_port}/v1.0/users",
    "a backslash": "https://127.0.0.1:{stranger_port}\\@127.0.0.1:{port}/v1.0/users",
    "a line break": "https://127.0.0.1:{port}\n.graph.invalid/v1.0/users",
    "a tab": "https://127.0.0.1:{port}/v1.0/us\ters",
    "a null": "https://127.0.0.1:{port}/v1.0/users\x00",
    "a letter like another": "https://１２７.0.0.1:{port}/v1.0/users",
    "half an address": "https://[::1/v1.0/users",
    "a path only": "/v1.0/users",
    "no scheme": "//127.0.0.1:{stranger_port}/v1.0/users",
    "a script": "javascript:alert(1)",
    "nothing": "",
}


def foreign(microsoft: Microsoft, stranger: Stranger, which: str) -> str:
    return FOREIGN[which].format(
        stranger=stranger.url,
        stranger_port=stranger.url.rpartition(":")[2],
        port=microsoft.graph_url.rpartition(":")[2],
    )


@pytest.mark.parametrize("which", FOREIGN)
async def test_a_next_page_elsewhere_is_not_opened(
    microsoft: Microsoft, reader: GraphDirectory, stranger: Stranger, which: str
) -> None:
    """Whoever can write such a link would get a token that reads the whole directory."""
    link = foreign(microsoft, stranger, which)
    microsoft.graph_fails(kind="status", status=200, body={"value": [], "@odata.nextLink": link}, count=None)
    with pytest.raises(SourceFault) as fault:
        await everybody(reader)
    assert fault.value.code == "foreign_link"
    assert stranger.requests == []
    assert microsoft.graph.requests.summary()["total"] == 1


@pytest.mark.parametrize("which", FOREIGN)
async def test_a_delta_link_elsewhere_is_not_kept(
    microsoft: Microsoft, reader: GraphDirectory, stranger: Stranger, which: str
) -> None:
    """It is refused when it comes: kept, it would stop every later run."""
    good = await reader.latest_delta_link()
    link = foreign(microsoft, stranger, which)
    microsoft.graph_fails(kind="status", status=200, body={"value": [], "@odata.deltaLink": link}, count=None)
    with pytest.raises(SourceFault):
        await reader.latest_delta_link()
    with pytest.raises(SourceFault):
        await changes(reader, good)
    assert stranger.requests == []


async def test_a_redirect_is_not_followed(
    microsoft: Microsoft, reader: GraphDirectory, stranger: Stranger
) -> None:
    """Graph does not send the reader elsewhere; whoever does is not Graph."""
    microsoft.graph_fails(kind="status", status=302, headers={"Location": f"{stranger.url}/v1.0/users"})
    with pytest.raises(SourceFault):
        await everybody(reader)
    assert stranger.requests == []


async def test_the_usual_port_may_be_named(
    microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient
) -> None:
    """`https://graph.microsoft.com:443` is where `https://graph.microsoft.com` is."""
    credential = open_credential(microsoft, applications)
    transport = GraphTransport(graph_http, credential, "https://graph.invalid", GRAPH_SCOPE)
    transport.check("https://graph.invalid:443/v1.0/users?$skiptoken=x")
    transport.check("HTTPS://GRAPH.invalid/v1.0/users")
    with pytest.raises(SourceFault):
        transport.check("https://graph.invalid:80/v1.0/users")


@pytest.mark.parametrize("what", ["users", "delta"])
async def test_pages_that_go_in_circles_are_left(
    microsoft: Microsoft, reader: GraphDirectory, what: str
) -> None:
    """A link that was followed already is not followed again."""
    link = await reader.latest_delta_link()
    for number in range(3):
        microsoft.customer.hire(userPrincipalName=f"{number}@contoso.example", displayName="Somebody")
    await microsoft.control(microsoft.graph_url, "looping-next-link", count=None)
    with pytest.raises(SourceFault) as fault:
        await (everybody(reader) if what == "users" else changes(reader, link))
    assert fault.value.code == "paging_loop"


WRONG: dict[str, Any] = {
    "a page for people": "<html><body>a certain text</body></html>",
    "text": "a certain text",
    "a list": [{"id": "a certain text"}],
    "no list": {"value": {"id": "a certain text"}},
    "nothing in it": {"error": "a certain text"},
    "a number for an id": {"value": [{"id": 7, "displayName": "a certain text"}]},
    "no id": {"value": [{"displayName": "a certain text"}]},
    "a list for a name": {"value": [{"id": "1", "displayName": ["a certain text"]}]},
    "a word for a switch": {"value": [{"id": "1", "accountEnabled": "a certain text"}]},
    "a text for phones": {"value": [{"id": "1", "businessPhones": "a certain text"}]},
    "a number for a link": {"value": [], "@odata.nextLink": 7},
    "a text for a removal": {"value": [{"id": "1", "@removed": "a certain text"}]},
    "two answers": '{"value": []} {"value": [{"id": "a certain text"}]}',
    "a broken answer": '{"value": [{"id": "a certain text"}}',
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_an_answer_of_another_shape_is_no_directory(
    microsoft: Microsoft, reader: GraphDirectory, wrong: str
) -> None:
    """It is not tried again and again, nobody is taken for gone, and the error quotes none of it."""
    microsoft.graph_fails(kind="status", status=200, body=WRONG[wrong])
    with pytest.raises(SourceFault) as fault:
        await everybody(reader)
    assert fault.value.code == "graph_unreadable"
    assert "a certain text" not in "".join(traceback.format_exception(fault.value))
    assert microsoft.graph.requests.summary()["total"] == 1


@pytest.mark.parametrize("wrong", ["a page for people", "no list"])
async def test_an_answer_of_another_shape_proves_no_permission(
    microsoft: Microsoft, reader: GraphDirectory, wrong: str
) -> None:
    """200 alone is no proof."""
    microsoft.graph_fails(kind="status", status=200, body=WRONG[wrong])
    with pytest.raises(SourceFault):
        await reader.prove_permissions()


@pytest.mark.parametrize("body", [{"value": []}, {"value": [{"displayName": "a certain text"}]}, {}])
async def test_a_tenant_without_a_name_is_no_tenant(
    microsoft: Microsoft, reader: GraphDirectory, body: object
) -> None:
    """Exactly one organization must be in the list."""
    microsoft.graph_fails(kind="status", status=200, body=body)
    with pytest.raises(SourceFault):
        await reader.organization()


@pytest.mark.parametrize("body", [{"value": []}, {"value": [], "@odata.nextLink": "{graph}/v1.0/users"}])
async def test_a_beginning_without_a_delta_link_is_none(
    microsoft: Microsoft, reader: GraphDirectory, body: dict[str, Any]
) -> None:
    """Without the link the next run could not go on."""
    microsoft.graph_fails(kind="status", status=200, body=body)
    with pytest.raises(SourceFault):
        await reader.latest_delta_link()
