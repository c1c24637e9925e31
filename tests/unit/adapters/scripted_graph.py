"""A Microsoft Graph that answers as a test says, without a socket."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
from azure.core.credentials import AccessToken

from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph.limits import SharedLimits
from shared.adapters.graph.transport import GraphTransport

URL = "https://graph.invalid"
TOKEN = "a certain token"
Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]
Member = Callable[[str], dict[str, Any]]


class Credential:
    """A token that is always there; `forgotten` counts how often it was refused."""

    def __init__(self) -> None:
        self.forgotten = 0

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(f"{TOKEN} {self.forgotten}", 2**40)

    def forget(self) -> None:
        self.forgotten += 1


class ScriptedGraph:
    """`answer` is asked for every request; `requests` has them all."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[httpx.Request] = []
        self.credential = Credential()
        self._answer = answer

    def open(
        self, limits: SharedLimits | None = None, *, url: str = URL, tenant_id: str = "t-1"
    ) -> GraphTransport:
        """The app's transport to it."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._asked))
        credential = cast(ConnectionCredential, self.credential)
        return GraphTransport(http, credential, url, "scope", tenant_id=tenant_id, limits=limits)

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answer(request)
        return await answer if inspect.isawaitable(answer) else answer


class BatchingGraph(ScriptedGraph):
    """`member` is asked for the answer of every member of a batch; `asked` has their paths by batch."""

    def __init__(self, member: Member) -> None:
        super().__init__(self._batch)
        self.asked: list[list[str]] = []
        self.members: list[dict[str, Any]] = []
        self._member = member

    def _batch(self, request: httpx.Request) -> httpx.Response:
        members = json.loads(request.content)["requests"]
        self.asked.append([member["url"] for member in members])
        self.members += members
        replies = [{"id": member["id"], **self._member(member["url"])} for member in members]
        return httpx.Response(200, json={"responses": replies[::-1]})


def found(url: str) -> dict[str, Any]:
    """A member's answer that says what was asked."""
    return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"asked": url}}
