"""Answers that are larger than they look."""

import gzip
import zlib

import httpx
import pytest

from shared.adapters.bounded_http import BoundedClient

LARGEST = 100_000
URL = "https://graph.example/v1.0/users"


def client(body: bytes, **headers: str) -> BoundedClient:
    """A client of a server that always gives this answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Accept-Encoding"] == "gzip"
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))

    return BoundedClient(largest=LARGEST, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_at_the_limit_is_read(packed: bool) -> None:
    """Packed or not, body and headers arrive."""
    body = b"x" * LARGEST
    options = {"Content-Encoding": "gzip"} if packed else {}
    async with client(gzip.compress(body) if packed else body, **options, **{"Retry-After": "3"}) as http:
        answer = await http.get(URL)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["Retry-After"] == "3"


@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_beyond_the_limit_is_refused(packed: bool) -> None:
    """What counts is what comes out: a few kilobytes can hold a million times as much."""
    body = b"x" * (LARGEST + 1)
    options = {"Content-Encoding": "gzip"} if packed else {}
    async with client(gzip.compress(body) if packed else body, **options) as http:
        with pytest.raises(httpx.DecodingError):
            await http.get(URL)


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip"])
async def test_an_answer_packed_otherwise_is_refused(encoding: str) -> None:
    """Nobody asked for it, and some of it unpacks to anything at once."""
    async with client(zlib.compress(b"{}"), **{"Content-Encoding": encoding}) as http:
        with pytest.raises(httpx.DecodingError):
            await http.get(URL)
