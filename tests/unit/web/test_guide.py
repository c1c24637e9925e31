"""The guide to the API: its snippets are run, each with what it says it is for, over a socket."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from shared.core.connection import ConnectionState
from shared.web.asgi import create
from shared.web.functions import as_sent
from tests.browser.loopback import Loopback
from tests.fakes import TENANT, World, settings
from tests.fakes.webhooks import Posted

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
SNIPPET = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_END = "__end_of_snippet__"


@dataclass
class Served:
    """A site on the loopback address where an administrator consents, and syncs happen, as soon as asked."""

    url: str
    key: str
    account_id: str
    world: World


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A site with a tenant of three people in two offices."""
    site = Loopback()
    world = World(settings(public_url=site.url))
    tenant = world.tenant(TENANT)
    for name, office in (("ann", "Oslo"), ("bob", "Bergen"), ("cem", "Oslo")):
        tenant.hire(name, office_location=office)
    middleware = func.AsgiMiddleware(create(world.app))  # type: ignore[no-untyped-call]
    account = await world.app.access.create_account("Fabrikam")
    _, key = await world.app.access.create_key(account.id, "guide")
    found = Served(site.url, key, account.id, world)

    async def answer(request: func.HttpRequest) -> func.HttpResponse:
        response: func.HttpResponse = await middleware.handle_async(as_sent(request))
        await _meanwhile(found)
        return response

    site.answer = answer
    yield found
    await site.close()


async def _meanwhile(served: Served) -> None:
    """What others do between two requests: the administrator consents, the workers sync."""
    world = served.world
    try:
        customer = await world.app.customers.get(served.account_id, "acme")
        connection = (await world.app.customers.connection(customer)).value
    except Exception:  # noqa: BLE001 - there is nothing yet
        return
    if connection.state is ConnectionState.PENDING:
        await world.connect(world.directories.tenants[TENANT], customer)
        world.queue.waiting.clear()
    await world.drain(until=world.clock.now())
    await world.publish()
    await world.send_out()


def snippets(language: str) -> list[str]:
    """Those of one language, in order."""
    return [text for kind, text in SNIPPET.findall(GUIDE.read_text(encoding="utf-8")) if kind == language]


async def test_the_snippets_for_curl_work(served: Served) -> None:
    """Pasted into one shell, one after the other, none of them fails, and contacts get their sites."""
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("curl is needed", pytrace=False)
        pytest.skip("there is no curl on the PATH")
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-e",
        "-o",
        "pipefail",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"URL": served.url, "KEY": served.key, "PATH": os.environ["PATH"], "no_proxy": "*"},
    )
    assert shell.stdin is not None
    assert shell.stdout is not None
    said: list[str] = []
    for snippet in snippets("bash"):
        shell.stdin.write(f"{snippet}\necho; echo {_END}\n".encode())
        await shell.stdin.drain()
        lines: list[str] = []
        while not lines or lines[-1] != _END:
            line = await shell.stdout.readline()
            assert line, f"{snippet}\n{lines}"
            lines.append(line.decode().strip())
        said.append("\n".join(lines))
    shell.stdin.close()
    assert await shell.wait() == 0
    whole = "\n".join(said)
    for shown in (
        '"consent_url":"http',
        '"value":"Oslo"',
        '"status":"planned"',
        "written,create,",
        '"site":"oslo"',
    ):
        assert shown in whole, shown
    assert '"type":"run.completed"' in whole
    assert "/portal/open?token=" in whole


async def test_the_snippets_in_python_work(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in one program, one after the other, none of them fails, and none has to wait."""
    monkeypatch.setenv("URL", served.url)
    monkeypatch.setenv("KEY", served.key)
    monkeypatch.setenv("no_proxy", "*")
    names: dict[str, object] = {}
    said: list[tuple[object, ...]] = []
    names["print"] = lambda *words: said.append(words)
    try:
        for snippet in snippets("python"):
            await asyncio.to_thread(exec, compile(snippet, str(GUIDE), "exec"), names)
    finally:
        await asyncio.to_thread(exec, "api.close()", names)
    assert {"oslo", "bergen"} <= {line[2] for line in said if len(line) == 4}
    assert [line for line in said if line[0] == "create"]
    assert [line for line in said if line[1:3] == ("run.completed", "acme")]
    assert any("/portal/setup?token=" in str(line) for line in said)
    _check_hook(served.world.receivers.posted[-1], names["hook"])


def _check_hook(posted: Posted, hook: Any) -> None:
    """The receiver of the guide takes what was sent to it, and nothing that somebody else signed."""
    now = datetime.now(UTC)
    for secret, good in ((posted.secrets[0], True), (f"whsec_{'A' * 32}", False)):
        headers = {
            "webhook-id": posted.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(posted.message_id, now, posted.body),
        }
        with nullcontext() if good else pytest.raises(WebhookVerificationError):
            assert hook(posted.body.encode(), headers)["type"] == "webhook.test"
