"""Sends webhooks, and looks at every address before a connection is made to it.

The look-up of a name and the connection belong together: what is checked is what is connected to, so that a
name which changes its mind in between (DNS rebinding) gains nothing.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from standardwebhooks import Webhook

from shared import __version__
from shared.adapters.retry_after import retry_after
from shared.core.webhook_addresses import (
    Network,
    WebhookUrlNotAllowed,
    address_allowed,
    host_and_port,
    not_public,
)
from shared.ports import Answer, DeliveryFailed
from shared.telemetry.spans import calling

_TIMEOUT = 15.0  # seconds, from the look-up to the answer's head
_AT_ONCE = 100
_LOOKUPS = 4  # threads of its own: a name server that does not answer holds up nothing but other look-ups

Lookup = Callable[[str, int], list[tuple[Any, ...]]]
"""Of a name and a port, as socket.getaddrinfo answers."""


class _NotAllowed(OSError):
    """An address that no connection is made to; an OSError, as the client expects of a resolver."""


def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    """The addresses of a name, as the system knows them; blocking."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class WebhookReceivers:
    """Implements Receivers. To be made in the event loop that uses it."""

    def __init__(self, tls: ssl.SSLContext, networks: Sequence[Network], lookup: Lookup = look_up) -> None:
        """`networks`: what may be reached besides the public internet."""
        self._networks = networks
        self._resolver = _CheckedResolver(networks, lookup)
        connector = aiohttp.TCPConnector(
            ssl=tls,
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=self._socket,
            limit=_AT_ONCE,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": f"Tenantry/{__version__}", "Content-Type": "application/json"},
        )

    async def check(self, url: str) -> None:
        """See Receivers."""
        host, port = host_and_port(url, self._networks)
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._resolver.resolve(host, port)
        except _NotAllowed:
            raise not_public() from None
        except (OSError, UnicodeError):  # TimeoutError is one
            raise WebhookUrlNotAllowed(
                "Its host's name cannot be resolved. Check it, or send it again once it is published."
            ) from None

    async def post(
        self, url: str, message_id: str, at: datetime, body: str, secrets: Sequence[str]
    ) -> Answer:
        """See Receivers."""
        try:
            host_and_port(url, self._networks)  # of an address without a name no resolver is asked
        except WebhookUrlNotAllowed:
            raise DeliveryFailed("address_not_allowed") from None
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(math.floor(at.timestamp())),
            "webhook-signature": " ".join(Webhook(one).sign(message_id, at, body) for one in secrets),
        }
        try:
            # The body of the answer is not read; leaving the block gives the connection up with it.
            with calling("webhook", "POST") as call:
                async with self._session.post(
                    url, data=body.encode(), headers=headers, allow_redirects=False
                ) as answer:
                    call.answered(answer.status)
                    seconds = retry_after(answer.headers)
                    wait = None if seconds is None else timedelta(seconds=seconds)
                    return Answer(answer.status, wait)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DeliveryFailed(_code(error)) from None

    async def close(self) -> None:
        """Give every connection back."""
        await self._session.close()
        await self._resolver.close()

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = address
        if not address_allowed(str(place[0]), self._networks):
            raise _NotAllowed
        return socket.socket(family, kind, protocol)


class _CheckedResolver(AbstractResolver):
    """Names lead to addresses that are allowed, all of them, or nowhere."""

    def __init__(self, networks: Sequence[Network], lookup: Lookup) -> None:
        self._networks, self._lookup = networks, lookup
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._lookup, host, port)
        if not found or not all(address_allowed(str(place[0]), self._networks) for *_, place in found):
            raise _NotAllowed
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, *_, place in found
            if family in (socket.AF_UNSPEC, kind)
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _code(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _NotAllowed):
        return "address_not_allowed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name_not_resolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls_failed"
    return "connection_failed"
