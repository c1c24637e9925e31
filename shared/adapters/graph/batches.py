"""Many questions in one request (Microsoft Learn, "Combine multiple HTTP requests using JSON batching")."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec

from shared.adapters.graph.answers import Answer, nonsense

LARGEST = 20
"""Questions; Graph takes no more in one batch."""

_READ = frozenset({"retry-after", "x-ms-throttle-scope"})


class _Question(msgspec.Struct):
    id: str
    method: str
    url: str
    headers: Mapping[str, str]


class _Batch(msgspec.Struct):
    requests: list[_Question]


class _Reply(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw()


class _Replies(msgspec.Struct):
    responses: list[_Reply]


_replies = msgspec.json.Decoder(_Replies)


def questions(paths: Mapping[int, str], headers: Mapping[str, str]) -> bytes:
    """The body that asks for each path below the version, by number; `headers` go with each of them."""
    asked = [_Question(str(number), "GET", f"/{path}", headers) for number, path in paths.items()]
    return msgspec.json.encode(_Batch(asked))


def replies(body: bytes, asked: Sequence[int]) -> dict[int, Answer]:
    """The answers by number. Raises SourceFault unless there is exactly one for each that was asked."""
    try:
        found = {reply.id: reply for reply in _replies.decode(body).responses}
        return {number: _answer(found[str(number)]) for number in asked}
    except (msgspec.DecodeError, UnicodeError, RecursionError, KeyError):
        raise nonsense() from None


def _answer(reply: _Reply) -> Answer:
    headers = {name: str(value) for name, value in (reply.headers or {}).items() if name.lower() in _READ}
    return Answer.of(reply.status, httpx.Headers(headers), bytes(reply.body))
