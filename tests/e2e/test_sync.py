"""Syncs of a customer whose directory changes, told by Microsoft Graph in every way it is allowed to."""

from __future__ import annotations

import pytest

from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e


async def test_after_the_first_read_only_changes_are_read(scene: Scene) -> None:
    """A full read, then deltas; a quiet directory writes nothing."""
    customer = await scene.connected("contoso")
    first = await scene.sync(customer)
    assert (first["state"], first["read_mode"], first["full_reason"]) == ("succeeded", "full", "first")
    quiet = await scene.sync(customer)
    assert (quiet["state"], quiet["read_mode"], quiet["applied"]) == ("succeeded", "delta", 0)
    assert (quiet["graph_requests"], quiet["counts"]["unchanged"]) == (1, first["counts"]["created"])

    before = await scene.contacts(customer)
    hired = await scene.hire(customer, "Delta Newcomer", jobTitle="Apprentice")
    run = await scene.sync(customer)
    assert (run["read_mode"], run["applied"], run["counts"]["created"]) == ("delta", 1, 1)
    after = await scene.contacts(customer)
    assert after.keys() - before.keys() == {hired["id"]}
    assert (after[hired["id"]]["name"], after[hired["id"]]["job_title"]) == ("Delta Newcomer", "Apprentice")
    assert {key: after[key] for key in before} == before


async def test_a_full_read_on_request_writes_nothing_new(scene: Scene) -> None:
    """Asking for everything once more changes nothing."""
    customer = await scene.imported("contoso")
    before = await scene.contacts(customer)
    run = await scene.sync(customer, "full")
    assert (run["read_mode"], run["full_reason"], run["applied"]) == ("full", "requested", 0)
    assert await scene.contacts(customer) == before


async def test_two_people_swap_their_addresses(scene: Scene) -> None:
    """Each keeps their own contact, with the other's former address."""
    customer = await scene.connected("harbour")
    one, other = await scene.hire(customer, "One Swapper"), await scene.hire(customer, "Other Swapper")
    await scene.sync(customer)
    before = await scene.contacts(customer)
    await scene.change(customer, one, mail=other["mail"])
    await scene.change(customer, other, mail=one["mail"])
    run = await scene.sync(customer)
    assert run["state"] == "succeeded"
    assert (run["applied"], run["counts"]["updated"], run["counts"]["conflicts"]) == (2, 2, 0)
    after = await scene.contacts(customer)
    assert {key: contact["id"] for key, contact in after.items()} == {
        key: contact["id"] for key, contact in before.items()
    }
    assert (after[one["id"]]["email"], after[other["id"]]["email"]) == (other["mail"], one["mail"])


async def test_the_filter_by_kind_of_user_follows_the_configuration(scene: Scene) -> None:
    """Guests come with the policy that lets them in; nobody goes with the one that leaves them out."""
    customer = await scene.connected("quince")
    guest = await scene.hire(customer, "Visiting Guest", userType="Guest")
    first = await scene.sync(customer)
    members = await scene.contacts(customer)
    assert guest["id"] not in members
    skipped = await scene.lines(first, "skip")
    assert skipped[guest["id"]]["reason"] == "not_in_scope.guest"

    answer = await scene.configure(customer, scope={"user_types": ["member", "guest"]})
    assert answer.status_code == 200, answer.text
    both = await scene.sync(customer)
    created = (await scene.lines(both, "create")).keys()
    # Others have guests in this tenant too; some are left out for another reason as well.
    assert created == skipped.keys() - (await scene.lines(both, "skip")).keys()
    assert (both["state"], both["applied"], both["counts"]["created"]) == (
        "succeeded",
        len(created),
        len(created),
    )
    everybody = await scene.contacts(customer)
    assert everybody[guest["id"]]["name"] == "Visiting Guest"
    assert members.items() <= everybody.items()

    everybody_may_go = {"scope_drop": {"count": 1_000}}
    answer = await scene.configure(customer, scope={"user_types": ["guest"]}, guard=everybody_may_go)
    assert answer.status_code == 200, answer.text
    only = await scene.sync(customer)
    assert (only["state"], only["applied"]) == ("succeeded", 0)
    assert only["skipped_by_reason"]["not_in_scope.member"] >= len(members)
    assert await scene.contacts(customer) == everybody


async def test_a_configuration_that_somebody_else_changed_is_not_overwritten(scene: Scene) -> None:
    """If-Match names the version that was read; an older one is refused."""
    customer = await scene.connected("quince")
    path = f"/customers/{customer.id}/connection"
    etag = (await scene.request("GET", path)).headers["ETag"]
    assert (await scene.configure(customer, scope={"user_types": ["guest"]})).status_code == 200
    late = await scene.request(
        "PATCH",
        path,
        json={"configuration": {"scope": {"user_types": ["member"]}}},
        headers={"If-Match": etag},
    )
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    kept = (await scene.api.connection(customer.id))["configuration"]["scope"]
    assert (kept["user_types"], kept["enabled_only"]) == (["guest"], True)


async def test_changes_may_come_twice_in_any_order_and_with_empty_pages(scene: Scene) -> None:
    """Replays, duplicates and empty pages in between change nothing about the outcome."""
    customer = await scene.connected("alder")
    people = [await scene.hire(customer, f"Reordered Person{number}") for number in range(12)]
    await scene.sync(customer)
    before = await scene.contacts(customer)
    await scene.delta_behaviour(
        customer, page_size=3, duplicates=1.0, empty_pages=4, shuffle=True, replay_last_page=True
    )
    for round_number in range(2):
        for person in people:
            await scene.change(customer, person, jobTitle=f"Title {round_number}")
        newcomer = await scene.hire(customer, f"Late Comer{round_number}")
        requests = await scene.request_count(customer)
        run = await scene.sync(customer)
        assert (run["state"], run["read_mode"]) == ("succeeded", "delta")
        assert (run["counts"]["updated"], run["counts"]["created"]) == (len(people), 1)
        assert run["applied"] == len(people) + 1
        # Every object came twice, three to a page, with four empty pages in between.
        assert await scene.request_count(customer) - requests >= 2 * (len(people) + 1) // 3 + 4
        after = await scene.contacts(customer)
        assert {after[person["id"]]["job_title"] for person in people} == {f"Title {round_number}"}
        assert after[newcomer["id"]]["name"] == f"Late Comer{round_number}"
        touched = {person["id"] for person in people}
        untouched = before.keys() - touched
        assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}
    # Only the replay of what is known already is left.
    quiet = await scene.sync(customer)
    assert (quiet["state"], quiet["applied"]) == ("succeeded", 0)


async def test_who_leaves_keeps_the_contact_and_may_come_back(scene: Scene) -> None:
    """Both kinds of removal are told apart; a restored account finds its contact again."""
    customer = await scene.connected("alder")
    soft, hard = await scene.hire(customer, "Soft Leaver"), await scene.hire(customer, "Hard Leaver")
    await scene.sync(customer)
    before = await scene.contacts(customer)
    await scene.delete(customer, soft)
    await scene.purge(customer, hard)
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["applied"]) == ("succeeded", "delta", 0)
    assert run["counts"]["kept"] == 2
    kept = {change["object_id"]: change for change in await scene.api.changes(run["id"])}
    assert {key: (change["kind"], change["reason"]) for key, change in kept.items()} == {
        soft["id"]: ("keep", "lifecycle.soft_deleted"),
        hard["id"]: ("keep", "lifecycle.hard_deleted"),
    }
    assert await scene.contacts(customer) == before

    await scene.restore(customer, soft)
    await scene.change(customer, soft, jobTitle="Back again")
    again = await scene.sync(customer)
    assert (again["applied"], again["counts"]["updated"], again["counts"]["created"]) == (1, 1, 0)
    after = await scene.contacts(customer)
    assert after[soft["id"]]["id"] == before[soft["id"]]["id"]
    assert after[soft["id"]]["job_title"] == "Back again"


@pytest.mark.parametrize("style", ["resyncRequired", "syncStateNotFound"])
async def test_a_forgotten_place_means_a_full_read_that_writes_nothing(scene: Scene, style: str) -> None:
    """Microsoft Graph forgot where we were: everything is read, nothing has changed, nothing is written."""
    customer = await scene.imported("contoso")
    before = await scene.contacts(customer)
    await scene.graph("POST", "expire-delta", {"tenant": customer.tenant.tenant_id, "style": style})
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["full_reason"]) == ("succeeded", "full", "resync_required")
    assert run["applied"] == 0
    assert await scene.contacts(customer) == before
    assert (await scene.sync(customer))["read_mode"] == "delta"


async def test_who_left_while_the_place_was_forgotten_is_still_noticed(scene: Scene) -> None:
    """A full read tells who is gone by their absence."""
    customer = await scene.connected("alder")
    leaver = await scene.hire(customer, "Absent Leaver")
    await scene.sync(customer)
    before = await scene.contacts(customer)
    await scene.purge(customer, leaver)
    await scene.graph("POST", "expire-delta", {"tenant": customer.tenant.tenant_id})
    run = await scene.sync(customer)
    assert (run["full_reason"], run["applied"], run["counts"]["kept"]) == ("resync_required", 0, 1)
    assert await scene.contacts(customer) == before
