"""Who leaves is deactivated where that is the policy, who comes back is active again, as the same contact."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e


async def _staffed(scene: Scene, *names: str, **policies: object) -> tuple[Customer, list[Document]]:
    """A customer whose leavers are deactivated, and people of theirs with a contact each."""
    customer = await scene.connected("kosmopolis")
    await scene.api.configure(customer.id, {"leavers": "deactivate", **policies})
    people = [await scene.hire(customer, name) for name in names]
    await scene.sync(customer)
    return customer, people


async def _changed(scene: Scene, run: Document, kind: str) -> dict[str, str | None]:
    """The reasons of a run's lines of a kind, by object id."""
    assert run["state"] == "succeeded", run
    return {key: line["reason"] for key, line in (await scene.lines(run, kind)).items()}


async def test_deleted_disabled_and_purged_people_are_deactivated_and_come_back(scene: Scene) -> None:
    """Each for its own reason; restored or enabled they are reactivated with what changed meanwhile."""
    customer, (soft, hard, blocked) = await _staffed(scene, "Soft Deleted", "Hard Deleted", "Blocked Person")
    before = await scene.contacts(customer)
    await scene.delete(customer, soft)
    await scene.purge(customer, hard)
    await scene.change(customer, blocked, accountEnabled=False)
    run = await scene.sync(customer)
    assert await _changed(scene, run, "deactivate") == {
        soft["id"]: "lifecycle.soft_deleted",
        hard["id"]: "lifecycle.hard_deleted",
        blocked["id"]: "lifecycle.disabled",
    }
    gone = await scene.contacts(customer)
    assert gone.keys() == before.keys()
    assert {key for key in gone if gone[key] != before[key]} == {soft["id"], hard["id"], blocked["id"]}
    assert {
        (gone[person["id"]]["active"], gone[person["id"]]["deactivated_by_sync"])
        for person in (soft, hard, blocked)
    } == {(False, True)}
    assert (await scene.sync(customer))["applied"] == 0

    await scene.restore(customer, soft)
    await scene.change(customer, soft, jobTitle="Restored")
    await scene.change(customer, blocked, accountEnabled=True)
    run = await scene.sync(customer)
    assert (await _changed(scene, run, "reactivate")).keys() == {soft["id"], blocked["id"]}
    back = await scene.contacts(customer)
    assert {key for key in back if not back[key]["active"]} == {hard["id"]}
    assert (back[soft["id"]]["id"], back[soft["id"]]["job_title"]) == (before[soft["id"]]["id"], "Restored")
    assert back[blocked["id"]]["id"] == before[blocked["id"]]["id"]


async def test_what_a_person_decided_about_a_contact_stays(scene: Scene) -> None:
    """One that must stay active is kept, and one that a person deactivated is not brought back."""
    customer, (protected, dismissed) = await _staffed(scene, "Protected Person", "Dismissed Person")
    contacts = await scene.contacts(customer)
    await scene.api.patch_contact(customer.id, contacts[protected["id"]]["id"], keep_active=True)
    await scene.api.patch_contact(customer.id, contacts[dismissed["id"]]["id"], active=False)
    await scene.delete(customer, protected)
    await scene.change(customer, dismissed, jobTitle="Still there")
    run = await scene.sync(customer)
    assert await _changed(scene, run, "keep") == {protected["id"]: "lifecycle.keep_active"}
    assert await _changed(scene, run, "deactivate") == {}
    after = await scene.contacts(customer)
    assert after[protected["id"]]["active"]
    assert (after[dismissed["id"]]["active"], after[dismissed["id"]]["job_title"]) == (False, "Still there")


async def test_only_the_chosen_ways_to_leave_deactivate(scene: Scene) -> None:
    """Where only deleted people count as leavers, a blocked one keeps the contact as it is."""
    customer, (deleted, blocked) = await _staffed(
        scene, "Really Gone", "Only Blocked", leaver_causes=["deleted"]
    )
    await scene.delete(customer, deleted)
    await scene.change(customer, blocked, accountEnabled=False)
    run = await scene.sync(customer)
    assert (await _changed(scene, run, "deactivate")).keys() == {deleted["id"]}
    assert (await scene.contacts(customer))[blocked["id"]]["active"]


async def test_who_is_missing_from_one_full_read_is_looked_for_again(scene: Scene) -> None:
    """Absence alone is no proof: the second full read, which comes by itself, is what counts."""
    customer, (leaver,) = await _staffed(scene, "Vanished Person")
    await scene.purge(customer, leaver)
    await scene.graph("POST", "expire-delta", {"tenant": customer.tenant.tenant_id})
    first = await scene.sync(customer)
    assert first["full_reason"] == "resync_required"
    assert await _changed(scene, first, "keep") == {leaver["id"]: "lifecycle.absent_once"}
    assert (await scene.contacts(customer))[leaver["id"]]["active"]
    second = await scene.sync(customer)
    assert second["full_reason"] == "confirm_absence"
    assert await _changed(scene, second, "deactivate") == {leaver["id"]: "lifecycle.absent"}
    assert not (await scene.contacts(customer))[leaver["id"]]["active"]
