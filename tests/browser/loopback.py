"""A server on the loopback address that hands requests over the way the Functions platform does."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import azure.functions as func

Answer = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]

_LONGEST_ANSWER = 30  # seconds


class Loopback:
    """Serves from a port the system chose; `answer` runs on the loop that made the server."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self._loop = asyncio.get_running_loop()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    async def close(self) -> None:
        """Stop serving."""
        await asyncio.to_thread(self._server.shutdown)
        self._server.server_close()
        await asyncio.to_thread(self._thread.join)

    async def _answer(self, request: func.HttpRequest) -> func.HttpResponse:
        assert self.answer is not None
        return await self.answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def do_GET(self) -> None:
                self.pass_on()

            def do_HEAD(self) -> None:
                self.pass_on()

            def do_POST(self) -> None:
                self.pass_on()

            def do_PUT(self) -> None:
                self.pass_on()

            def do_PATCH(self) -> None:
                self.pass_on()

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = func.HttpRequest(
                    self.command, loopback.url + self.path, headers=dict(self.headers.items()), body=body
                )
                asked = asyncio.run_coroutine_threadsafe(loopback._answer(request), loopback._loop)
                response = asked.result(_LONGEST_ANSWER)
                content = response.get_body()
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        return Handler
