"""Events on their way: from what happens to a receiver that verifies them."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.api_client import Document
from sandbox.tls import CertificateAuthority
from tests.e2e.scene import Scene, eventually

pytestmark = pytest.mark.e2e

CANARY = "canary-in-a-query"


@dataclass
class Receiver:
    """A receiver on this machine that answers 500 to the very first request."""

    url: str = ""
    got: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        status = 200 if self.got else 500
        self.got.append((status, await request.read(), dict(request.headers)))
        return web.Response(status=status)

    def taken(self, kind: str) -> list[tuple[bytes, dict[str, str]]]:
        """What was answered with 200, of one type."""
        taken = [(body, headers) for status, body, headers in self.got if status == 200]
        return [(body, headers) for body, headers in taken if json.loads(body)["type"] == kind]


@asynccontextmanager
async def receiving(scene: Scene) -> AsyncIterator[Receiver]:
    """A receiver with a certificate that the app trusts."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    authority = await asyncio.to_thread(CertificateAuthority.load_or_create, scene.stack.run_directory / "ca")
    tls: ssl.SSLContext = authority.server_context()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    receiver.url = f"https://localhost:{runner.addresses[0][1]}/hook?token={CANARY}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def _asked(scene: Scene, method: str, path: str, body: Any = None) -> Document:
    answer = await scene.request(method, f"/webhook-endpoints{path}", json=body)
    assert answer.is_success, answer.text
    document: Document = answer.json()
    return document


async def test_a_run_is_told_to_a_receiver_that_was_down_at_first(scene: Scene) -> None:
    """Signed, tried again, delivered, with either secret after a change; and no log names secret or query."""
    async with receiving(scene) as receiver, scene.another_account("Webhooks") as mine:
        wanted = {"url": receiver.url, "types": ["run.completed"]}
        endpoint = await _asked(mine, "POST", "", wanted)
        customer = await mine.connected("quince")
        run = await mine.sync(customer)

        async def taken() -> list[tuple[bytes, dict[str, str]]]:
            return receiver.taken("run.completed")

        ((body, headers),) = await eventually(taken)
        assert [status for status, *_ in receiver.got] == [500, 200]
        assert len({headers["webhook-id"] for *_, headers in receiver.got}) == 1
        told = Webhook(endpoint["secret"]).verify(body, headers)
        assert (told["run_id"], told["data"]["counts"]["created"]) == (run["id"], run["counts"]["created"])
        feed = (await mine.request("GET", "/events", params={"type": "run.completed"})).json()["data"]
        assert [event["id"] for event in feed] == [headers["webhook-id"]] == [told["id"]]

        place = f"/{endpoint['id']}"
        changed = await _asked(mine, "POST", f"{place}/secret")
        asked = await _asked(mine, "POST", f"{place}/test")

        async def delivered() -> list[Document]:
            found = (await _asked(mine, "GET", f"{place}/deliveries"))["data"]
            return [it for it in found if it["state"] == "delivered" and it["id"] == asked["id"]]

        ((delivery),) = await eventually(delivered)
        assert (delivery["attempts"], delivery["status"]) == (1, 200)
        ((body, headers),) = receiver.taken("webhook.test")
        for secret in (changed["secret"], endpoint["secret"]):
            Webhook(secret).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(changed["secret"]).verify(body + b" ", headers)

        refused = await mine.request("POST", "/webhook-endpoints", json={"url": "https://10.0.0.1/x"})
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook_url_not_allowed")
    log = await asyncio.to_thread(scene.log)
    assert f"delivery={delivery['id']}" in log
    for secret in (changed["secret"], endpoint["secret"]):
        assert secret.removeprefix("whsec_") not in log
    for never in (CANARY, "whsec_", "/hook"):
        assert never not in log
