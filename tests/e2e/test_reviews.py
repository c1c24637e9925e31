"""People who cannot be matched without guessing wait for a technician, whose decision the next run obeys."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e


async def _re_used(scene: Scene, *names: str) -> tuple[Customer, list[Document], list[Document]]:
    """A customer in which one person after the other left, and a namesake of the address came."""
    customer = await scene.connected("alder")
    leavers = [await scene.hire(customer, f"Former {name}") for name in names]
    await scene.sync(customer)
    for leaver in leavers:
        await scene.purge(customer, leaver)
    heirs = [
        await scene.hire(
            customer, f"Heir {name}", userPrincipalName=leaver["userPrincipalName"], mail=leaver["mail"]
        )
        for name, leaver in zip(names, leavers, strict=True)
    ]
    return customer, leavers, heirs


async def test_a_re_used_address_is_decided_by_a_technician(scene: Scene) -> None:
    """Link, create, dismiss: until then nothing is written for them, and after that each is carried out."""
    customer, leavers, heirs = await _re_used(scene, "Linked", "Created", "Dismissed")
    before = await scene.contacts(customer)
    run = await scene.sync(customer)
    assert (run["state"], run["counts"]["conflicts"], run["applied"]) == ("succeeded", 3, 0)
    assert await scene.contacts(customer) == before
    queue = {review["object_id"]: review for review in await scene.api.reviews(customer.id)}
    assert queue.keys() == {heir["id"] for heir in heirs}
    for leaver, heir in zip(leavers, heirs, strict=True):
        review = queue[heir["id"]]
        assert (review["reason"], review["decision"]) == ("match.address_of_somebody_who_left", None)
        assert review["contact_id"] == before[leaver["id"]]["id"]
    # Nobody has decided, so the next run leaves them where they are.
    assert (await scene.sync(customer))["applied"] == 0

    linked, created, dismissed = heirs
    contact_id = before[leavers[0]["id"]]["id"]
    decided = await scene.api.decide(customer.id, linked["id"], "link", contact_id)
    assert decided["decision"] == {"action": "link", "contact_id": contact_id}
    await scene.api.decide(customer.id, created["id"], "create")
    await scene.api.decide(customer.id, dismissed["id"], "dismiss")
    assert await scene.contacts(customer) == before

    done = await scene.sync(customer)
    assert (done["state"], done["counts"]["conflicts"], done["applied"]) == ("succeeded", 0, 2)
    assert done["skipped_by_reason"]["review.dismissed"] == 1
    after = await scene.contacts(customer)
    assert (after[linked["id"]]["id"], after[linked["id"]]["name"]) == (contact_id, "Heir Linked")
    assert after[created["id"]]["email"] == before[leavers[1]["id"]]["email"]
    assert after[leavers[1]["id"]] == before[leavers[1]["id"]]
    assert after[leavers[2]["id"]] == before[leavers[2]["id"]]
    assert after.keys() == before.keys() - {leavers[0]["id"]} | {linked["id"], created["id"]}
    # The link is made; the other two decisions stay, or they would be asked for again.
    left = {review["object_id"]: review["decision"] for review in await scene.api.reviews(customer.id)}
    assert {key: decision["action"] for key, decision in left.items()} == {
        created["id"]: "create",
        dismissed["id"]: "dismiss",
    }
    assert (await scene.sync(customer))["applied"] == 0
    assert (await scene.sync(customer, "full"))["applied"] == 0


async def test_a_decision_is_made_once_about_somebody_in_the_queue(scene: Scene) -> None:
    """A second one, one about a stranger, and one that names no contact of the customer are refused."""
    customer, _, (heir,) = await _re_used(scene, "Contested")
    await scene.sync(customer)
    reviews = f"/customers/{customer.id}/reviews"
    link = {"action": "link", "contact_id": "no-such-contact"}
    assert await scene.refusal("POST", f"{reviews}/{heir['id']}", link) == (400, "invalid_request")
    create = {"action": "create"}
    assert await scene.refusal("POST", f"{reviews}/{heir['mail']}", create) == (404, "not_found")
    await scene.api.decide(customer.id, heir["id"], "create")
    again = await scene.refusal("POST", f"{reviews}/{heir['id']}", {"action": "dismiss"})
    assert again == (409, "review_already_resolved")


async def test_who_needs_no_decision_any_more_leaves_the_queue(scene: Scene) -> None:
    """Another address in the directory settles it without anybody."""
    customer, leavers, (heir,) = await _re_used(scene, "Settled")
    await scene.sync(customer)
    assert len(await scene.api.reviews(customer.id)) == 1
    await scene.change(customer, heir, mail=f"own.{heir['mail']}")
    run = await scene.sync(customer)
    assert (run["counts"]["conflicts"], run["counts"]["created"]) == (0, 1)
    assert await scene.api.reviews(customer.id) == []
    assert leavers[0]["id"] in await scene.contacts(customer)
