"""Runs that wait for a person: what they say, and what that person can do."""

from datetime import timedelta

import msgspec
import pytest

from shared.core.customer import Customer
from shared.core.guard import GuardRule, Tripped
from shared.core.run import HELD_FOR, Run
from shared.web.held import sentence
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site

DECISIONS = ("approve", "reject", "cancel")


@pytest.fixture
async def held(site: Site, customer: Customer) -> Run:
    """A held run: two of the customer's three people would leave the scope."""
    return await site.held(customer)


def address(run: Run, action: str = "") -> str:
    return f"/api/v1/runs/{run.id}{action}"


async def test_a_held_run_says_why_and_who_must_act(caller: Caller, held: Run) -> None:
    """The rules with their numbers and a sentence, the plan's digest, until when, and how to decide."""
    answer = await caller.http.get(address(held))
    run = answer.json()
    assert answer.headers["retry-after"] == "60"
    assert run["state"] == "held"
    assert run["guard"] == [
        {
            "rule": "guard.scope_drop",
            "limit": 0,
            "actual": 2,
            "baseline": 3,
            "text": "2 people of 3 would leave the scope; 0 may.",
        }
    ]
    assert run["waits_for"]["code"] == "approval_needed"
    assert run["waits_for"]["actor"] == "technician"
    assert "approve" in run["waits_for"]["detail"]
    assert "reject" in run["waits_for"]["detail"]
    assert run["digest"] == held.digest
    assert run["approved"] is False
    assert run["held_until"] == "2026-03-05T12:00:00.000Z"
    assert run["configuration_version"] == 1
    assert run["error"] is None


async def test_the_connection_names_the_run_that_waits(caller: Caller, held: Run) -> None:
    """So that a front end can lead to it."""
    assert (await caller.http.get(f"{CUSTOMER}/connection")).json()["held_run"] == held.id


async def test_an_approved_run_does_what_it_planned(site: Site, caller: Caller, held: Run) -> None:
    """By its digest; afterwards it waits for nobody, and its lines are no longer plans."""
    planned = (await caller.http.get(address(held, "/changes"))).json()["data"]
    assert [line["status"] for line in planned] == ["planned", "planned"]
    approved = await caller.http.post(address(held, "/approve"), json={"digest": held.digest})
    assert approved.status_code == 200
    assert approved.json()["state"] == "running"
    assert approved.json()["approved"] is True
    assert approved.json()["waits_for"] is None
    assert approved.json()["held_until"] is None
    assert approved.headers["retry-after"]
    await site.world.drain(until=site.world.clock.now())
    run = (await caller.http.get(address(held))).json()
    assert run["state"] == "succeeded"
    done = (await caller.http.get(address(held, "/changes"))).json()["data"]
    assert [line["status"] for line in done] == ["noticed", "noticed"]
    assert [line | {"status": ""} for line in done] == [line | {"status": ""} for line in planned]


async def test_approving_twice_is_approving_once(caller: Caller, held: Run) -> None:
    """Whoever is not sure whether the answer came sends it again."""
    for _ in range(2):
        answer = await caller.http.post(address(held, "/approve"), json={"digest": held.digest})
        assert answer.status_code == 200


async def test_only_the_plan_that_was_looked_at_can_be_approved(
    site: Site, caller: Caller, held: Run
) -> None:
    """Any other digest is refused and the run goes on waiting."""
    answer = await caller.http.post(address(held, "/approve"), json={"digest": "0" * 64})
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_changed")
    assert (await caller.http.get(address(held))).json()["state"] == "held"


@pytest.mark.parametrize(
    "body", [None, {}, {"digest": ""}, {"digest": None}, {"digest": 1}, {"digest": "x" * 129}, {"approve": 1}]
)
async def test_an_approval_without_a_digest_is_none(caller: Caller, held: Run, body: object) -> None:
    """The request is refused before anything happens."""
    answer = await caller.http.post(address(held, "/approve"), json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert (await caller.http.get(address(held))).json()["state"] == "held"


async def test_a_rejected_run_ends_and_writes_nothing(
    site: Site, caller: Caller, customer: Customer, held: Run
) -> None:
    """Its lines stay what they were, plans, so that people can see what was rejected."""
    answer = await caller.http.post(address(held, "/reject"))
    assert answer.status_code == 200
    assert "retry-after" not in answer.headers
    assert answer.json()["state"] == "canceled"
    assert answer.json()["error"]["code"] == "rejected"
    assert answer.json()["waits_for"] is None
    await site.world.drain()
    lines = (await caller.http.get(address(held, "/changes"))).json()["data"]
    assert {line["status"] for line in lines} == {"planned"}
    assert (await site.connection(customer)).held_run is None


async def test_canceling_ends_a_run_in_any_state_once(site: Site, caller: Caller, customer: Customer) -> None:
    """Queued or held; one that has ended stays as it is."""
    queued = (await caller.http.post(f"{CUSTOMER}/runs")).json()
    canceled = await caller.http.post(f"/api/v1/runs/{queued['id']}/cancel")
    assert canceled.json()["state"] == "canceled"
    assert canceled.json()["error"]["code"] == "canceled"
    assert (await caller.http.post(f"/api/v1/runs/{queued['id']}/cancel")).json() == canceled.json()
    await site.world.drain()
    done = await site.world.sync(customer)
    assert (await caller.http.post(address(done, "/cancel"))).json()["state"] == "succeeded"
    held = await site.held(customer)
    assert (await caller.http.post(address(held, "/cancel"))).json()["state"] == "canceled"
    assert (await site.connection(customer)).held_run is None


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_there_is_nothing_to_decide_about_a_run_that_is_not_held(
    site: Site, caller: Caller, customer: Customer, action: str
) -> None:
    """The refusal says where the run stands."""
    run = await site.world.sync(customer)
    answer = await caller.http.post(address(run, f"/{action}"), json={"digest": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_held")
    assert "succeeded" in answer.json()["title"]


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_after_three_days_nobody_can_decide_any_more(
    site: Site, caller: Caller, held: Run, action: str
) -> None:
    """The plan is out of date; it says to sync again."""
    site.world.clock.advance(HELD_FOR)
    answer = await caller.http.post(address(held, f"/{action}"), json={"digest": held.digest})
    assert (answer.status_code, answer.json()["code"]) == (410, "hold_expired")


async def test_a_later_held_run_takes_the_place_of_an_earlier_one(
    site: Site, caller: Caller, customer: Customer, held: Run
) -> None:
    """The earlier one is canceled as superseded; deciding about it is refused."""
    site.world.clock.advance(timedelta(hours=12))
    later = await site.sync(customer)
    earlier = (await caller.http.get(address(held))).json()
    assert (earlier["state"], earlier["error"]["code"]) == ("canceled", "superseded")
    assert later.id in earlier["error"]["detail"]
    refused = await caller.http.post(address(held, "/approve"), json={"digest": held.digest})
    assert refused.json()["code"] == "run_not_held"


async def test_a_hold_that_the_connection_no_longer_knows_is_superseded(
    site: Site, caller: Caller, customer: Customer, held: Run
) -> None:
    """Between two writes a run may still say held while another one took its place."""
    stored = await site.world.app.customers.connection(customer)
    await site.world.connections.replace(stored, msgspec.structs.replace(stored.value, held_run="run_other"))
    answer = await caller.http.post(address(held, "/approve"), json={"digest": held.digest})
    assert (answer.status_code, answer.json()["code"]) == (409, "superseded")


@pytest.mark.parametrize("action", DECISIONS)
async def test_a_strangers_decision_finds_no_run(site: Site, caller: Caller, held: Run, action: str) -> None:
    """A foreign id answers exactly as a missing one, and the run goes on waiting."""
    _, stranger = await site.caller("Other")
    fixed = {"X-Request-Id": "the-same-id"}
    body = {"digest": held.digest}
    async with stranger:
        foreign = await stranger.post(address(held, f"/{action}"), json=body, headers=fixed)
        missing = await stranger.post(f"/api/v1/runs/run_none/{action}", json=body, headers=fixed)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert (await caller.http.get(address(held))).json()["state"] == "held"


async def test_an_empty_directory_is_held_and_says_so(site: Site, caller: Caller, customer: Customer) -> None:
    """Also on the first run."""
    for person in ("ann", "bob", "cem"):
        site.world.directories.tenants[TENANT].remove(person)
    run = await site.sync(customer)
    shown = (await caller.http.get(address(run))).json()
    assert [rule["text"] for rule in shown["guard"]] == ["The directory lists nobody at all."]


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (Tripped(GuardRule.EMPTY_DIRECTORY, 0, 0, 9), "The directory lists nobody at all."),
        (
            Tripped(GuardRule.SCOPE_DROP, 199, 1200, 4000),
            "1,200 people of 4,000 would leave the scope; 199 may.",
        ),
        (Tripped(GuardRule.SCOPE_DROP, 0, 1, 1), "1 person of 1 would leave the scope; 0 may."),
        (
            Tripped(GuardRule.DEACTIVATIONS, 5, 6, 30),
            "6 contacts of 30 linked ones would be deactivated; 5 may.",
        ),
        (
            Tripped(GuardRule.DEACTIVATIONS, 0, 1, 30),
            "1 contact of 30 linked ones would be deactivated; 0 may.",
        ),
        (Tripped(GuardRule.BLANKED, 10, 11, 1), "11 values on 1 contact would be blanked; 10 may."),
        (
            Tripped(GuardRule.CREATIONS, 50, 1051, 3),
            "1,051 contacts would be created, with 3 people in scope before; 50 may.",
        ),
    ],
)
def test_every_rule_of_the_guard_has_its_sentence(broken: Tripped, text: str) -> None:
    """With the numbers, in the singular where it is one."""
    assert sentence(broken) == text
