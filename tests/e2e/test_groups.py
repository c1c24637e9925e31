"""Membership as the condition for a contact: selected groups, groups within groups, and groups that go."""

from __future__ import annotations

import pytest

from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e


async def test_selected_groups_count_with_the_groups_in_them_also_in_a_circle(scene: Scene) -> None:
    """Two groups that contain each other; joining and leaving alone lets people in and out."""
    customer = await scene.connected("quince")
    outer, inner, nobody = [
        await scene.hire(customer, f"{place} Member") for place in ("Outer", "Inner", "Foreign")
    ]
    board = await scene.add_group(customer, "Board", outer)
    reviewers = await scene.add_group(customer, "Reviewers", inner, board)
    await scene.join(customer, board, reviewers)
    found = await scene.api.groups(customer.id, "board")
    assert {"id": board["id"], "name": board["displayName"]} in found
    selected = {"groups": {"mode": "selected", "ids": [board["id"]]}}
    await scene.api.configure(customer.id, {"scope": selected, "leavers": "deactivate"})

    first = await scene.sync(customer)
    assert (await scene.contacts(customer)).keys() == {outer["id"], inner["id"]}
    assert (first["counts"]["in_scope"], first["skipped_by_reason"]["not_in_scope.group"] > 0) == (2, True)

    # Nobody's account changes, so no list of changes speaks of it.
    await scene.join(customer, reviewers, nobody)
    await scene.leave(customer, reviewers, inner)
    foreseen = await scene.lines(await scene.preview(customer), "create", "deactivate")
    assert {key: line["kind"] for key, line in foreseen.items()} == {
        nobody["id"]: "create",
        inner["id"]: "deactivate",
    }
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["applied"]) == ("succeeded", "delta", 2)
    contacts = await scene.contacts(customer)
    assert {key for key, contact in contacts.items() if contact["active"]} == {outer["id"], nobody["id"]}
    left = (await scene.lines(run, "deactivate"))[inner["id"]]
    assert left["reason"] == "lifecycle.out_of_scope"


async def test_a_selected_group_that_is_deleted_fails_the_run_that_names_it(scene: Scene) -> None:
    """Nobody is taken for a leaver; taken out of the selection, the next sync goes on."""
    customer = await scene.connected("quince")
    one, other = await scene.hire(customer, "Kept Member"), await scene.hire(customer, "Stranded Member")
    kept, deleted = (
        await scene.add_group(customer, "Kept", one),
        await scene.add_group(customer, "Deleted", other),
    )
    ids = [kept["id"], deleted["id"]]
    scope = {"groups": {"mode": "selected", "ids": ids}}
    await scene.api.configure(customer.id, {"scope": scope, "leavers": "deactivate"})
    await scene.sync(customer)
    before = await scene.contacts(customer)
    assert before.keys() == {one["id"], other["id"]}

    await scene.delete_group(customer, deleted)
    for attempt in (await scene.sync(customer), await scene.sync(customer, "full")):
        assert (attempt["state"], attempt["error"]["code"]) == ("failed", "scope_object_missing")
        assert deleted["id"] in attempt["error"]["title"]
        assert kept["id"] not in attempt["error"]["title"]
        assert attempt["error"]["actor"] == "technician"
    assert await scene.contacts(customer) == before
    connection = await scene.api.connection(customer.id)
    assert (connection["state"], connection["current_run"]) == ("active", None)

    await scene.api.configure(customer.id, {"scope": {"groups": {"ids": [kept["id"]]}}})
    await scene.api.configure(customer.id, {"guard": {"scope_drop": {"count": 10}}})
    run = await scene.sync(customer)
    assert (run["state"], run["counts"]["deactivated"]) == ("succeeded", 1)


async def test_any_group_will_do_where_all_of_them_count(scene: Scene) -> None:
    """Whoever is in none is left out, also where the groups fill more than a page."""
    customer = await scene.connected("kosmopolis")
    member, loner = await scene.hire(customer, "Joined Member"), await scene.hire(customer, "Lone Member")
    await scene.add_group(customer, "Any", member)
    await scene.api.configure(customer.id, {"scope": {"groups": {"mode": "all"}}})
    run = await scene.sync(customer)
    assert run["state"] == "succeeded"
    contacts = await scene.contacts(customer)
    assert (member["id"] in contacts, loner["id"] in contacts) == (True, False)
    assert (await scene.lines(run, "skip"))[loner["id"]]["reason"] == "not_in_scope.group"
