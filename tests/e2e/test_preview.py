"""Previews: what a sync would do, with policies that nobody has saved, and nothing written."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e

OTHER_POLICIES: Document = {
    "scope": {"user_types": ["member", "guest"], "domains": None},
    "leavers": "deactivate",
    "fields": ["name", "department"],
    "guard": {"creations": {"count": 0, "percent": 0}},
}


async def _plan(scene: Scene, run: Document) -> dict[str, tuple[str, str | None, list[Document]]]:
    lines = await scene.lines(run)
    return {key: (line["kind"], line["reason"], line["modified"]) for key, line in lines.items()}


async def _writes(scene: Scene, run: Document) -> dict[str, tuple[str, str | None, list[Document]]]:
    plan = await _plan(scene, run)
    return {key: line for key, line in plan.items() if line[0] not in {"skip", "keep", "conflict"}}


async def _standing(scene: Scene, customer: Customer) -> Document:
    connection = await scene.api.connection(customer.id)
    return {name: connection[name] for name in ("configuration", "configuration_version", "last_sync_at")}


async def test_a_preview_writes_nothing_and_says_what_the_next_sync_does(scene: Scene) -> None:
    """Policies that are not saved, on a directory that has changed: saved, the sync does just that."""
    customer = await scene.connected("contoso")
    stays = await scene.hire(customer, "Staying Person", department="Retail", jobTitle="Planner")
    goes = await scene.hire(customer, "Going Person")
    await scene.sync(customer)
    await scene.change(customer, stays, department="Logistics", jobTitle="Director")
    await scene.delete(customer, goes)
    newcomer = await scene.hire(customer, "New Person")
    guest = await scene.hire(customer, "New Guest", userType="Guest")
    contacts, standing = await scene.contacts(customer), await _standing(scene, customer)

    preview = await scene.preview(customer, **OTHER_POLICIES)
    foreseen = await _writes(scene, preview)
    assert (foreseen[newcomer["id"]][0], foreseen[guest["id"]][0]) == ("create", "create")
    assert foreseen[goes["id"]][0] == "deactivate"
    assert foreseen[stays["id"]] == (
        "update",
        None,
        [{"field": "department", "old": "Retail", "new": "Logistics"}],
    )
    assert (preview["planned"], preview["applied"]) == (len(foreseen), 0)
    assert {line["status"] for line in (await scene.lines(preview)).values()} == {"planned"}
    # It would be held, and the preview says so.
    assert [rule["rule"] for rule in preview["guard"]] == ["guard.creations"]
    assert await scene.contacts(customer) == contacts
    assert await _standing(scene, customer) == standing

    await scene.api.configure(customer.id, OTHER_POLICIES)
    held = await scene.sync(customer)
    assert (held["state"], held["read_mode"], held["digest"]) == ("held", "delta", preview["digest"])
    await scene.api.approve(held["id"], preview["digest"])
    run = await scene.api.finished(held["id"])
    assert (run["state"], run["counts"]) == ("succeeded", preview["counts"])
    assert await _writes(scene, run) == foreseen
    assert (await scene.preview(customer))["planned"] == 0


async def test_a_preview_of_the_first_sync_is_the_first_sync(scene: Scene) -> None:
    """Before anything was ever imported, under the policies in force."""
    customer = await scene.connected("quince")
    preview = await scene.preview(customer)
    assert (preview["read_mode"], preview["guard"], preview["applied"]) == ("full", [], 0)
    assert await scene.api.contacts(customer.id) == []
    run = await scene.sync(customer)
    assert (run["full_reason"], run["counts"]) == ("first", preview["counts"])
    assert await _plan(scene, run) == await _plan(scene, preview)


async def test_a_paused_customer_is_previewed_and_not_synced(scene: Scene) -> None:
    """Whoever wants to resume sees first what that would do; resumed, nothing was missed."""
    customer = await scene.imported("quince")
    scheduled = (await scene.api.connection(customer.id))["next_sync_at"]
    paused = await scene.api.pause(customer.id)
    assert (paused["state"], paused["next_sync_at"]) == ("paused", None)
    newcomer = await scene.hire(customer, "Newcomer In Pause")
    runs = f"/customers/{customer.id}/runs"
    assert await scene.refusal("POST", runs) == (409, "connection_not_active")
    preview = await scene.preview(customer)
    assert (await _writes(scene, preview)).keys() == {newcomer["id"]}
    assert newcomer["id"] not in await scene.contacts(customer)

    resumed = await scene.api.resume(customer.id)
    assert (resumed["state"], resumed["next_sync_at"]) == ("active", scheduled)
    run = await scene.sync(customer)
    assert (run["read_mode"], run["applied"]) == ("delta", 1)
    assert newcomer["id"] in await scene.contacts(customer)
