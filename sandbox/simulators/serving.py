"""Runs a simulator on a socket of the loopback interface."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serve(
    build: Callable[[str], web.Application], *, port: int = 0, ssl_context: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve the application that `build` makes of its own base URL, and yield that URL.

    Port 0 takes a free one. The address is known before the application is made, because every simulator
    hands out links to itself.
    """
    listener = socket.create_server(("127.0.0.1", port))
    scheme = "https" if ssl_context else "http"
    base_url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    runner = web.AppRunner(build(base_url), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, ssl_context=ssl_context).start()
        yield base_url
    finally:
        await runner.cleanup()
        listener.close()
