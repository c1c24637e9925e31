"""A run about one person: only their contact is written, and every step is explained."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e


async def _about(scene: Scene, customer: Customer, user: str) -> tuple[Document, dict[str, str]]:
    """The run, and what each of its steps says."""
    run = await scene.api.finished(await scene.api.sync_user(customer.id, user))
    assert (run["state"], run["kind"], run["user"]) == ("succeeded", "user", user)
    return run, {step["step"]: step["detail"] or step["result"] for step in run["steps"]}


@pytest.mark.parametrize("name", ["id", "userPrincipalName", "mail"])
async def test_one_person_is_brought_up_to_date_and_nobody_else(scene: Scene, name: str) -> None:
    """By any of their names; the next sync still finds what this run did not look at."""
    customer = await scene.connected("quince")
    asked, other = await scene.hire(customer, "Asked Person"), await scene.hire(customer, "Other Person")
    await scene.change(customer, asked, mail=f"mail.of.{asked['mail']}")
    asked["mail"] = f"mail.of.{asked['mail']}"
    await scene.sync(customer)
    before = await scene.contacts(customer)
    for person in (asked, other):
        await scene.change(customer, person, jobTitle="Promoted")

    run, steps = await _about(scene, customer, asked[name])
    assert steps == {
        "import": "present",
        "scope": "in_scope",
        "match": "found",
        "plan": "update",
        "apply": "done",
    }
    assert (await scene.lines(run)).keys() == {asked["id"]}
    after = await scene.contacts(customer)
    assert after[asked["id"]]["job_title"] == "Promoted"
    assert {key for key in after if after[key] != before[key]} == {asked["id"]}
    rest = await scene.sync(customer)
    assert rest["read_mode"] == "delta"
    assert (await scene.lines(rest, "update")).keys() == {other["id"]}


async def test_a_newcomer_gets_a_contact_at_once(scene: Scene) -> None:
    """Also before the first sync, and the first sync makes no second one."""
    customer = await scene.connected("quince")
    newcomer = await scene.hire(customer, "First Of All")
    _, steps = await _about(scene, customer, newcomer["mail"].upper())
    assert (steps["match"], steps["plan"], steps["apply"]) == ("no_contact", "create", "done")
    (contact,) = await scene.api.contacts(customer.id)
    assert contact["object_id"] == newcomer["id"]
    run = await scene.sync(customer)
    assert (run["full_reason"], run["counts"]["unchanged"]) == ("first", 1)
    assert (await scene.contacts(customer))[newcomer["id"]]["id"] == contact["id"]


async def test_who_is_left_out_is_told_why(scene: Scene) -> None:
    """Condition by condition, of which the first that is not met decides."""
    customer = await scene.imported("quince")
    guest = await scene.hire(customer, "Blocked Guest", userType="Guest", accountEnabled=False)
    before = await scene.contacts(customer)
    run, steps = await _about(scene, customer, guest["id"])
    assert (steps["scope"], steps["plan"]) == ("not_in_scope.guest", "skip")
    assert (steps["match"], steps["apply"]) == ("not_needed", "not_needed")
    scope = next(step for step in run["steps"] if step["step"] == "scope")
    met = {clause["reason"]: clause["met"] for clause in scope["clauses"]}
    assert met == {
        "not_in_scope.guest": False,
        "not_in_scope.disabled": False,
        "not_in_scope.shared_mailbox": True,
    }
    assert await scene.contacts(customer) == before


async def test_who_left_is_deactivated_and_who_never_was_is_not_found(scene: Scene) -> None:
    """Somebody who is gone is still known by their contact's address."""
    customer = await scene.connected("alder")
    await scene.api.configure(customer.id, {"leavers": "deactivate"})
    leaver, other = await scene.hire(customer, "One Leaver"), await scene.hire(customer, "Next Leaver")
    await scene.sync(customer)
    for person in (leaver, other):
        await scene.delete(customer, person)
    _, steps = await _about(scene, customer, leaver["mail"])
    assert (steps["import"], steps["plan"], steps["apply"]) == ("removed", "deactivate", "done")
    contacts = await scene.contacts(customer)
    assert (contacts[leaver["id"]]["active"], contacts[other["id"]]["active"]) == (False, True)

    run, steps = await _about(scene, customer, f"nobody@{customer.domain}")
    assert steps["import"] == "user_not_found"
    assert (run["applied"], await scene.lines(run)) == (0, {})
    assert await scene.contacts(customer) == contacts
