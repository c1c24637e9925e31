"""Webhooks over real sockets: signed, bounded, and to nobody who is not on the public internet."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from shared.adapters import webhooks as adapter
from shared.adapters.webhooks import Lookup, WebhookReceivers, look_up
from shared.core.webhook_addresses import Network, WebhookUrlNotAllowed
from shared.core.webhook_secrets import new_secret
from shared.ports import Answer, DeliveryFailed

LOOPBACK = (ip_network("127.0.0.0/8"),)
BODY = '{"type":"webhook.test","data":{"name":"Zoë 名前"}}'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _well(request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


@dataclass
class Receiver:
    """A receiver on this machine; `handler` is how it behaves, `got` the bodies with their headers."""

    port: int = 0
    handler: Handler = _well
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook?token=not-to-be-told"


@pytest.fixture
async def receiver(server_tls: ssl.SSLContext) -> AsyncIterator[Receiver]:
    receiver = Receiver()

    async def handle(request: web.Request) -> web.StreamResponse:
        receiver.got.append((await request.read(), dict(request.headers)))
        return await receiver.handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls)
    await site.start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()


Opened = Callable[..., WebhookReceivers]


@pytest.fixture
async def opened(client_tls: ssl.SSLContext) -> AsyncIterator[Opened]:
    """Makes senders that may reach the given networks and look names up as told."""
    made: list[WebhookReceivers] = []

    def open_one(networks: tuple[Network, ...] = LOOPBACK, lookup: Lookup = look_up) -> WebhookReceivers:
        made.append(WebhookReceivers(client_tls, networks, lookup))
        return made[-1]

    yield open_one
    for one in made:
        await one.close()


async def post(receivers: WebhookReceivers, url: str, *secrets: str) -> Answer:
    return await receivers.post(url, "evt_1", datetime.now(UTC), BODY, secrets or (new_secret(),))


def lookup_of(*addresses: str) -> Lookup:
    """A name server that has one answer for each question, the last one from then on."""
    answers = list(addresses)

    def found(host: str, port: int) -> list[tuple[Any, ...]]:
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in address.split()
        ]

    return found


async def test_a_receiver_verifies_it_with_the_standard_library(receiver: Receiver, opened: Opened) -> None:
    """With either of two secrets, and with no other; the body arrives to the byte."""
    now, former = new_secret(), new_secret()
    assert await post(opened(), receiver.url, now, former) == Answer(204)
    ((body, headers),) = receiver.got
    assert body.decode() == BODY
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("Tenantry/")
    for secret in (now, former):
        Webhook(secret).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


async def test_the_answers_status_and_its_wish_to_wait_are_all_that_counts(
    receiver: Receiver, opened: Opened
) -> None:
    """However it answers."""

    async def busy(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "120"}, text="x" * 1000)

    receiver.handler = busy
    assert await post(opened(), receiver.url) == Answer(503, timedelta(seconds=120))


async def test_no_redirect_is_followed(receiver: Receiver, opened: Opened) -> None:
    """Wherever it leads."""

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"https://127.0.0.1:{receiver.port}/other"})

    receiver.handler = elsewhere
    assert (await post(opened(), receiver.url)).status == 307
    assert len(receiver.got) == 1


async def test_an_endless_answer_is_not_read(receiver: Receiver, opened: Opened) -> None:
    """Its head is enough."""

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65_536)

    receiver.handler = endless
    assert (await post(opened(), receiver.url)).status == 200


async def test_a_receiver_that_says_nothing_is_given_up(
    receiver: Receiver, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time is over, which covers everything from the look-up on."""
    monkeypatch.setattr(adapter, "_TIMEOUT", 0.2)

    over = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    receiver.handler = silent
    with pytest.raises(DeliveryFailed, match=r"^timeout$"):
        await post(opened(), receiver.url)
    over.set()


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ((), "127.0.0.1"),
        ((), "::ffff:127.0.0.1"),
        ((), "10.0.0.1"),
        ((), "169.254.169.254"),
        ((), "1.1.1.1 127.0.0.1"),  # one of them is enough
        ((ip_network("10.0.0.0/8"),), "127.0.0.1"),
    ],
)
async def test_a_name_that_leads_inside_is_not_connected_to(
    receiver: Receiver, opened: Opened, networks: tuple[Network, ...], address: str
) -> None:
    """Neither is an endpoint made for it, nor is anything sent."""
    receivers = opened(networks, lookup_of(address))
    url = f"https://hooks.example.com:{receiver.port}/x"
    with pytest.raises(WebhookUrlNotAllowed):
        await receivers.check(url)
    with pytest.raises(DeliveryFailed, match=r"^address_not_allowed$"):
        await post(receivers, url)
    assert receiver.got == []


async def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver, opened: Opened) -> None:
    """It led to the internet when it was checked, and leads inside when the connection is made."""
    receivers = opened((), lookup_of("1.1.1.1", "127.0.0.1"))
    url = f"https://rebind.example.com:{receiver.port}/x"
    await receivers.check(url)
    for _ in range(2):
        with pytest.raises(DeliveryFailed, match=r"^address_not_allowed$"):
            await post(receivers, url)
    assert receiver.got == []


async def test_the_socket_itself_is_the_last_to_look(
    receiver: Receiver, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should an address ever get past the look-up, no connection is made all the same."""
    receivers = opened(())

    async def careless(host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    monkeypatch.setattr(receivers._resolver, "resolve", careless)
    with pytest.raises(DeliveryFailed, match=r"^address_not_allowed$"):
        await post(receivers, receiver.url)
    assert receiver.got == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "127.1"])
async def test_a_number_that_leads_inside_is_not_connected_to(
    receiver: Receiver, opened: Opened, host: str
) -> None:
    """No name server is asked for it, so it is looked at by itself."""
    with pytest.raises(DeliveryFailed, match=r"^address_not_allowed$"):
        await post(opened(()), f"https://{host}:{receiver.port}/x")
    assert receiver.got == []


async def test_what_goes_wrong_has_a_code(
    receiver: Receiver, opened: Opened, server_tls: ssl.SSLContext
) -> None:
    """A name that nobody knows, a port that nobody listens at, a certificate for somebody else."""

    def nobody(host: str, port: int) -> list[tuple[Any, ...]]:
        raise socket.gaierror

    unknown = opened(LOOPBACK, nobody)
    with pytest.raises(DeliveryFailed, match=r"^name_not_resolved$"):
        await post(unknown, receiver.url)
    with pytest.raises(WebhookUrlNotAllowed):
        await unknown.check(receiver.url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with pytest.raises(DeliveryFailed, match=r"^connection_failed$"):
        await post(opened(), f"https://localhost:{closed}/x")
    with pytest.raises(DeliveryFailed, match=r"^tls_failed$"):
        await post(
            opened(LOOPBACK, lookup_of("127.0.0.1")), f"https://somebody.example.com:{receiver.port}/x"
        )
    assert receiver.got == []


async def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look names up by itself."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert (await post(opened(), receiver.url)).status == 204
