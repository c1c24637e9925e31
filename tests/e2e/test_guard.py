"""The guard: a run that would change more than usual writes nothing until somebody has approved its plan."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e

NO_CREATIONS = {"creations": {"count": 0, "percent": 0}}


async def _held_creation(scene: Scene) -> tuple[Customer, Document, Document]:
    """A customer for whom nobody new may come unnoticed, the newcomer, and the run that is held for it."""
    customer = await scene.imported("quince")
    await scene.api.configure(customer.id, {"guard": NO_CREATIONS})
    newcomer = await scene.hire(customer, "Unexpected Newcomer")
    run = await scene.sync(customer)
    assert run["state"] == "held", run
    return customer, newcomer, run


async def test_too_many_leavers_wait_until_exactly_their_plan_is_approved(scene: Scene) -> None:
    """The plan can be read, nothing is written, another digest is refused; approved, it is carried out."""
    customer = await scene.connected("contoso")
    await scene.api.configure(customer.id, {"leavers": "deactivate"})
    people = [await scene.hire(customer, f"Brief Hire{number}") for number in range(10)]
    await scene.sync(customer)
    before = await scene.contacts(customer)
    for person in people:
        await scene.delete(customer, person)

    held = await scene.sync(customer)
    assert (held["state"], held["applied"], held["counts"]["deactivated"]) == ("held", 0, 0)
    broken = {rule["rule"]: rule for rule in held["guard"]}
    assert broken["guard.deactivations"]["actual"] == len(people) > broken["guard.deactivations"]["limit"]
    assert (held["waits_for"]["code"], held["waits_for"]["actor"]) == ("approval_needed", "technician")
    assert (await scene.api.connection(customer.id))["held_run"] == held["id"]
    plan = await scene.lines(held, "deactivate")
    assert plan.keys() == {person["id"] for person in people}
    assert {line["status"] for line in plan.values()} == {"planned"}
    assert await scene.contacts(customer) == before
    wrong = {"digest": "0" * len(held["digest"])}
    assert await scene.refusal("POST", f"/runs/{held['id']}/approve", wrong) == (409, "plan_changed")
    assert await scene.contacts(customer) == before

    await scene.api.approve(held["id"], held["digest"])
    run = await scene.api.finished(held["id"])
    assert (run["state"], run["approved"], run["applied"]) == ("succeeded", True, len(people))
    assert {line["status"] for line in (await scene.lines(run, "deactivate")).values()} == {"written"}
    after = await scene.contacts(customer)
    assert {key for key, contact in after.items() if not contact["active"]} == plan.keys()
    assert after.keys() == before.keys()
    assert (await scene.api.connection(customer.id))["held_run"] is None


async def test_a_rejected_run_ends_and_the_next_one_asks_again(scene: Scene) -> None:
    """Nothing was written, nothing is forgotten, and what was rejected cannot be approved any more."""
    customer, newcomer, held = await _held_creation(scene)
    rejected = await scene.api.reject(held["id"])
    assert (rejected["state"], rejected["error"]["code"]) == ("canceled", "rejected")
    assert newcomer["id"] not in await scene.contacts(customer)
    decision = {"digest": held["digest"]}
    assert await scene.refusal("POST", f"/runs/{held['id']}/approve", decision) == (409, "run_not_held")

    again = await scene.sync(customer)
    assert (again["state"], again["id"] != held["id"]) == ("held", True)
    assert (await scene.lines(again, "create")).keys() == {newcomer["id"]}
    await scene.api.approve(again["id"], again["digest"])
    assert (await scene.api.finished(again["id"]))["counts"]["created"] == 1
    assert newcomer["id"] in await scene.contacts(customer)


async def test_a_later_run_takes_the_place_of_the_held_one(scene: Scene) -> None:
    """There is one plan to decide about, the newest; once a run passes there is none."""
    customer, newcomer, first = await _held_creation(scene)
    second = await scene.sync(customer)
    assert (second["state"], second["digest"]) == ("held", first["digest"])
    superseded = await scene.api.run(first["id"])
    assert (superseded["state"], superseded["error"]["code"]) == ("canceled", "superseded")
    assert (await scene.api.connection(customer.id))["held_run"] == second["id"]

    await scene.api.configure(customer.id, {"guard": None})
    third = await scene.sync(customer)
    assert (third["state"], third["guard"], third["counts"]["created"]) == ("succeeded", [], 1)
    assert newcomer["id"] in await scene.contacts(customer)
    assert (await scene.api.run(second["id"]))["error"]["code"] == "superseded"
    assert (await scene.api.connection(customer.id))["held_run"] is None


async def test_an_approval_does_not_stretch_to_another_plan(scene: Scene) -> None:
    """Somebody edits a contact after the plan was made: it would do more now, so it is held once more."""
    customer, newcomer, held = await _held_creation(scene)
    contacts = await scene.contacts(customer)
    contact = next(contact for contact in contacts.values() if contact["department"])
    await scene.api.patch_contact(customer.id, contact["id"], fields={"department": "Edited by a person"})
    await scene.api.approve(held["id"], held["digest"])
    again = await scene.api.finished(held["id"])
    assert (again["state"], again["applied"], again["approved"]) == ("held", 0, False)
    assert again["digest"] != held["digest"]
    assert (await scene.lines(again, "create", "update")).keys() == {newcomer["id"], contact["object_id"]}
    assert newcomer["id"] not in await scene.contacts(customer)
    await scene.api.reject(held["id"])


async def test_an_empty_directory_takes_nobody_away(scene: Scene) -> None:
    """Microsoft Graph lists nobody at all, in good form: the run is held, and every contact stays."""
    customer = await scene.imported("quince")
    await scene.api.configure(customer.id, {"leavers": "deactivate"})
    before = await scene.contacts(customer)
    await scene.fault(customer, "status", path=r"/users\?", status=200, body={"value": []})
    held = await scene.sync(customer, "full")
    assert (held["state"], held["counts"]["users_read"]) == ("held", 0)
    assert {"guard.empty_directory", "guard.scope_drop"} <= {rule["rule"] for rule in held["guard"]}
    assert await scene.contacts(customer) == before
    healed = await scene.sync(customer)
    assert (healed["state"], healed["applied"]) == ("succeeded", 0)
    assert (await scene.api.run(held["id"]))["error"]["code"] == "superseded"
    assert await scene.contacts(customer) == before
