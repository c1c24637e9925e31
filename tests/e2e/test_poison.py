"""Messages that cannot be worked on: set aside by the queue, answered for by the app, in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.e2e.scene import Customer, Page, Scene, eventually, query_of

pytestmark = pytest.mark.e2e

QUEUE = "sync-requests"


async def _on_queue(scene: Scene, name: str, work: Callable[[QueueClient], object]) -> object:
    def run() -> object:
        with QueueClient.from_connection_string(
            scene.stack.azurite.connection_string, name, message_encode_policy=TextBase64EncodePolicy()
        ) as queue:
            return work(queue)

    return await asyncio.to_thread(run)


async def _is_empty(scene: Scene, name: str) -> bool:
    properties = await _on_queue(scene, name, lambda queue: queue.get_queue_properties())
    return getattr(properties, "approximate_message_count", None) == 0


async def _log_lines(scene: Scene, text: str) -> list[str]:
    log = await asyncio.to_thread(scene.log)
    return [line for line in log.splitlines() if text in line]


async def test_a_message_nobody_can_read_is_dropped_and_harms_nobody(scene: Scene) -> None:
    """After its deliveries it ends on the poison queue, is dropped there with a line in the log, and syncs
    go on meanwhile."""
    customer = await scene.imported("harbour")
    secret = "this is not a message of ours: Johanna.Unreadable@harbourlane.example"
    sent = await _on_queue(scene, QUEUE, lambda queue: queue.send_message(secret))
    message_id = str(getattr(sent, "id", ""))
    assert (await scene.sync(customer))["state"] == "succeeded"

    lines = await eventually(
        lambda: _log_lines(scene, f"message {message_id} cannot be decoded"), lambda found: len(found) >= 5
    )
    assert len(lines) >= 5
    dropped = await eventually(lambda: _log_lines(scene, "message.given_up"))
    assert any("kind=undecodable" in line for line in dropped)
    await eventually(lambda: _is_empty(scene, f"{QUEUE}-poison"))
    assert len(await _log_lines(scene, f"message {message_id} cannot be decoded")) == len(lines)
    assert await _log_lines(scene, "Johanna.Unreadable") == []
    assert (await scene.sync(customer))["state"] == "succeeded"


async def _validating(scene: Scene) -> Customer:
    """A customer whose administrator only claims to have approved."""
    customer = await scene.customer("quince")
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin, decision="close")
        await scene.withdraw(customer)
        state = query_of(visit, "/adminconsent")["state"]
        claim = f"admin_consent=True&tenant={customer.tenant.tenant_id}&state={state}"
        ended = await person.open(f"{scene.callback}?{claim}")
    assert Page.of(ended).heading == "Almost there"
    return customer


async def test_a_consent_whose_proof_always_failed_does_not_wait_for_ever(scene: Scene) -> None:
    """Its message on the poison queue makes the connection say that the operator must act."""
    customer = await _validating(scene)
    connection = await scene.api.connection(customer.id)
    account = (await scene.request("GET", "/account")).json()["id"]
    body = f'{{"kind":"validate","account_id":"{account}","connection_id":"{connection["id"]}","attempt":3}}'
    await _on_queue(scene, f"{QUEUE}-poison", lambda queue: queue.send_message(body))
    connection = await eventually(
        lambda: scene.api.connection(customer.id), lambda found: found["state"] != "validating"
    )
    assert (connection["state"], connection["reason"]["code"]) == ("action_required", "consent_unproven")
    assert connection["reason"]["actor"] == "operator"
    await scene.connect(customer)
