"""How one user is asked for."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from shared.adapters.graph.directory import GraphDirectory
from shared.core.errors import ResyncRequired, SourceFault
from tests.unit.adapters.scripted_graph import ScriptedGraph


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a3c8f6d2-1b7e-4c39-8f51-2d9e6b7a4c02", "/v1.0/users/a3c8f6d2-1b7e-4c39-8f51-2d9e6b7a4c02"),
        ("ann@contoso.example", "/v1.0/users/ann%40contoso.example"),
        ("ann_x.example#EXT#@contoso.example", "/v1.0/users/ann_x.example%23EXT%23%40contoso.example"),
        ("o'neil&sons@contoso.example", "/v1.0/users/o%27neil%26sons%40contoso.example"),
        ("$ann@contoso.example", "/v1.0/users('%24ann%40contoso.example')"),
        ("$o'neil@contoso.example", "/v1.0/users('%24o%27%27neil%40contoso.example')"),
    ],
)
async def test_a_name_is_written_so_that_it_is_only_a_name(name: str, path: str) -> None:
    """One that begins with a dollar sign is written as a key, as Graph wants it."""
    graph = ScriptedGraph(lambda _: httpx.Response(404, json={"error": {"code": "Request_ResourceNotFound"}}))
    assert await GraphDirectory(graph.open()).user(name) is None
    (request,) = graph.requests
    asked = request.url.raw_path.decode().partition("?")[0]
    assert asked == path
    assert unquote(asked).replace("''", "'").count(name) == 1


@pytest.mark.parametrize("status", [400, 410, 414])
async def test_only_not_found_means_nobody(status: int) -> None:
    """Anything else must not look as if somebody had left."""
    graph = ScriptedGraph(lambda _: httpx.Response(status, json={"error": {"code": "x"}}))
    with pytest.raises((SourceFault, ResyncRequired)) as refused:
        await GraphDirectory(graph.open()).user("ann@contoso.example")
    assert "contoso" not in str(refused.value)


@pytest.mark.parametrize("body", [{}, {"value": []}, {"id": 7}, []])
async def test_an_answer_that_is_no_user_is_nobody_of_ours(body: object) -> None:
    """It is not taken for somebody without properties."""
    graph = ScriptedGraph(lambda _: httpx.Response(200, json=body))
    with pytest.raises(SourceFault):
        await GraphDirectory(graph.open()).user("ann@contoso.example")
