"""The review queue through the API."""

from typing import Any

import httpx
import pytest

from shared.core.customer import Customer
from shared.core.models import ContactFields
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site, fields_of

REVIEWS = f"{CUSTOMER}/reviews"


@pytest.fixture
async def twins(site: Site, customer: Customer) -> list[str]:
    """Two contacts that have Ann's address, so that nobody knows which is hers."""
    fields = ContactFields(name="Ann", email="ann@contoso.example")
    ids = [site.world.contacts.add_by_hand(customer.connection_id, fields).id for _ in range(2)]
    await site.world.sync(customer)
    return ids


async def reviews(caller: Caller) -> list[dict[str, Any]]:
    page = (await caller.http.get(REVIEWS)).json()
    assert page["after"] is None
    found: list[dict[str, Any]] = page["data"]
    return found


async def decide(caller: Caller, person: str, body: object) -> httpx.Response:
    return await caller.http.post(f"{REVIEWS}/{person}", json=body)


async def test_who_could_not_be_matched_is_in_the_queue(
    site: Site, caller: Caller, customer: Customer, twins: list[str]
) -> None:
    """The person, the reason, and the run that asks."""
    assert await reviews(caller) == [
        {
            "object_id": "ann",
            "name": "Person ann",
            "reason": "match.multiple_contacts",
            "contact_id": None,
            "run_id": (await site.connection(customer)).last_run,
            "opened_at": "2026-03-02T00:00:00.000Z",
            "decision": None,
            "decided_at": None,
        }
    ]


async def test_an_empty_queue_is_an_empty_list(caller: Caller, customer: Customer) -> None:
    """As long as there was no conflict; a customer that is not connected has no queue."""
    assert await reviews(caller) == []
    await caller.http.put("/api/v1/customers/c-2", json={"name": "Contoso"})
    assert (await caller.http.get("/api/v1/customers/c-2/reviews")).status_code == 404


async def test_a_decision_to_link_is_what_the_next_sync_does(
    site: Site, caller: Caller, customer: Customer, twins: list[str]
) -> None:
    """The contact that was named is the person's from then on."""
    answer = await decide(caller, "ann", {"action": "link", "contact_id": twins[1]})
    assert answer.status_code == 200
    assert answer.json()["decision"] == {"action": "link", "contact_id": twins[1]}
    assert answer.json()["decided_at"] == "2026-03-02T00:00:00.000Z"
    assert await reviews(caller) == [answer.json()]
    await site.world.sync(customer)
    assert (await caller.http.get(f"{CUSTOMER}/contacts/{twins[1]}")).json()["object_id"] == "ann"


@pytest.mark.parametrize(("action", "contacts"), [("create", 5), ("dismiss", 4)])
async def test_the_other_decisions_name_no_contact(
    site: Site, caller: Caller, customer: Customer, twins: list[str], action: str, contacts: int
) -> None:
    """A contact of her own, or none at all."""
    answer = await decide(caller, "ann", {"action": action})
    assert answer.json()["decision"] == {"action": action, "contact_id": None}
    await site.world.sync(customer)
    assert len((await caller.http.get(f"{CUSTOMER}/contacts")).json()["data"]) == contacts


async def test_deciding_twice_is_refused(caller: Caller, twins: list[str]) -> None:
    """The first decision counts."""
    await decide(caller, "ann", {"action": "dismiss"})
    answer = await decide(caller, "ann", {"action": "create"})
    assert (answer.status_code, answer.json()["code"]) == (409, "review_already_resolved")
    assert (await reviews(caller))[0]["decision"]["action"] == "dismiss"


async def test_a_contact_goes_with_a_link_and_only_with_it(caller: Caller, twins: list[str]) -> None:
    """Anything else is no decision."""
    for body in (
        {"action": "link"},
        {"action": "create", "contact_id": twins[0]},
        {"action": "dismiss", "contact_id": twins[0]},
    ):
        answer = await decide(caller, "ann", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_decision")
    assert (await reviews(caller))[0]["decision"] is None


async def test_a_link_must_name_a_contact_of_the_customer(
    site: Site, caller: Caller, twins: list[str]
) -> None:
    """Another customer's contact is none."""
    other = await site.world.customer("c-2", caller.account_id)
    foreign = site.world.contacts.add_by_hand(other.connection_id, ContactFields(name="Zoe"), "theirs")
    for contact_id in (foreign.id, "none"):
        answer = await decide(caller, "ann", {"action": "link", "contact_id": contact_id})
        assert answer.status_code == 400
        assert fields_of(answer) == ["contact_id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "merge"},
        {"action": None},
        {"action": "link", "contact_id": ""},
        {"action": "link", "contact_id": 7},
        {"action": "link", "contact_id": "x" * 129},
        {"action": "dismiss", "why": "x"},
        [],
    ],
)
async def test_a_decision_that_does_not_exist_is_refused(
    caller: Caller, twins: list[str], body: object
) -> None:
    """There are three."""
    answer = await decide(caller, "ann", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("person", ["bob", "none", "%00", "a%2Fb", "%FF"])
async def test_there_is_nothing_to_decide_about_anybody_else(
    caller: Caller, twins: list[str], person: str
) -> None:
    """Whoever is not in the queue is not found."""
    answer = await decide(caller, person, {"action": "dismiss"})
    assert answer.status_code == 404
    assert answer.json()["title"] == "There is no such review."


async def test_a_stranger_decides_nothing(site: Site, caller: Caller, twins: list[str]) -> None:
    """A foreign customer's queue answers as a missing one."""
    _, stranger = await site.caller("Other")
    async with stranger:
        answers = [
            await stranger.get(REVIEWS),
            await stranger.post(f"{REVIEWS}/ann", json={"action": "dismiss"}),
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert site.world.directories.tenants[TENANT].users.keys() == {"ann", "bob", "cem"}
    assert (await reviews(caller))[0]["decision"] is None
