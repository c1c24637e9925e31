"""Disconnecting: the contacts stay, every way into the tenant goes, and connecting again is like before."""

from __future__ import annotations

import pytest

from tests.e2e.scene import Scene, eventually

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("grant", ["application", "delegated"])
async def test_a_disconnected_customer_keeps_its_contacts_and_nothing_else(scene: Scene, grant: str) -> None:
    """The secret is gone, nothing can be synced, and Microsoft Graph is left alone."""
    before = await scene.secret_names()
    customer = await scene.imported("quince", grant)
    contacts = await scene.contacts(customer)
    assert len(await scene.secret_names() - before) == 1

    connection = await scene.api.disconnect(customer.id)
    requests = await scene.request_count(customer)
    assert (connection["state"], connection["next_sync_at"]) == ("disconnected", None)
    assert await scene.secret_names() == before
    refused = await scene.request("POST", f"/customers/{customer.id}/runs")
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_not_active")
    assert await scene.contacts(customer) == contacts
    assert await scene.api.disconnect(customer.id) == connection
    assert await scene.request_count(customer) == requests


async def test_a_reconnect_finds_the_same_contacts(scene: Scene) -> None:
    """Whoever comes back gets a full read that makes no second contact of anybody."""
    customer = await scene.imported("quince")
    contacts = await scene.contacts(customer)
    await scene.api.disconnect(customer.id)
    newcomer = await scene.hire(customer, "Interim Newcomer")
    connection = await scene.connect(customer)
    assert connection["state"] == "active"
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["full_reason"]) == ("succeeded", "full", "first")
    assert (run["applied"], run["counts"]["created"]) == (1, 1)
    after = await scene.contacts(customer)
    assert after.keys() - contacts.keys() == {newcomer["id"]}
    assert {key: after[key] for key in contacts} == contacts


async def test_a_disconnect_ends_a_sync_that_is_under_way(scene: Scene) -> None:
    """The run is canceled at its next step; nothing more is read, and nothing is left behind."""
    before = await scene.secret_names()
    customer = await scene.imported("harbour")
    await scene.hire(customer, "Late Newcomer")
    contacts = await scene.contacts(customer)
    await scene.fault(customer, "delay", seconds=2.1)
    run_id = await scene.api.start_run(customer.id)
    await eventually(lambda: scene.graph("GET", "faults"), lambda plan: plan["faults"][0]["hits"])
    requests = await scene.request_count(customer)
    await scene.api.disconnect(customer.id)
    run = await scene.api.finished(run_id)
    assert (run["state"], run["error"]["code"]) == ("canceled", "connection_not_active")
    # The request that was under way comes to its end; none follows.
    assert await scene.request_count(customer) == requests + 1
    assert await scene.contacts(customer) == contacts
    assert await scene.secret_names() == before
    assert (await scene.api.connection(customer.id))["state"] == "disconnected"
