"""What every request and every response goes through, whichever surface it is for."""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
"""Bytes."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Envelope:
    """Gives requests an id and a bounded body, and responses their headers and an answer to every error."""

    def __init__(
        self,
        app: ASGIApp,
        headers: Mapping[str, str],
        answer: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        """`headers`: set on every response that does not set them itself; `answer`: shows an error."""
        self._app = app
        self._headers = headers
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        # Routes match the path as it was sent: decoded, a slash inside an id would end its segment.
        scope["path"] = scope["raw_path"].decode("ascii", errors="replace")
        scope["state"] = {**(scope.get("state") or {}), "request_id": request_id}
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, await _bounded(scope, receive), send_on)
        except Exception as error:
            if started:
                raise
            # Nothing may get past here: the platform would log the error's text, and it may name people.
            response = await self._answer(Request(scope), error)
            await response(scope, receive, send_on)


def _request_id(scope: Scope) -> str:
    sent = Headers(scope=scope).get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


async def _bounded(scope: Scope, receive: Receive) -> Receive:
    """The body, read to its end, as a `receive` that gives it once more. Raises HTTPException 413."""
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isdecimal() and int(announced) > LARGEST_BODY:
        raise HTTPException(413)
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise HTTPException(413)
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return read.pop() if read else await receive()

    return replay
