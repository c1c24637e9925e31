"""Runs through the API: asking for one, following it, and what it did."""

from datetime import timedelta

import pytest

from shared.core.customer import Customer
from shared.core.errors import RetryLater
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site

RUNS = f"{CUSTOMER}/runs"


async def test_a_run_is_accepted_and_can_be_followed(site: Site, caller: Caller, customer: Customer) -> None:
    """202 leads to the run, which says when to look again until it has ended."""
    answer = await caller.http.post(RUNS, json={"kind": "full"})
    assert answer.status_code == 202
    assert answer.json()["coalesced"] is False
    assert answer.json()["state"] == "queued"
    assert int(answer.headers["retry-after"]) > 0
    address = answer.headers["location"]
    assert address == f"/api/v1/runs/{answer.json()['id']}"
    assert "retry-after" in (await caller.http.get(address)).headers

    await site.world.drain()
    ended = await caller.http.get(address)
    assert "retry-after" not in ended.headers
    run = ended.json()
    assert run["state"] == "succeeded"
    assert run["kind"] == "full"
    assert run["trigger"] == "api"
    assert run["read_mode"] == "full"
    assert run["full_reason"] == "first"
    assert run["counts"]["users_read"] == run["counts"]["created"] == run["planned"] == run["applied"] == 3
    assert run["finished_at"] == "2026-03-02T00:00:00.000Z"
    assert run["error"] is None


async def test_asking_twice_is_asking_once(site: Site, caller: Caller, customer: Customer) -> None:
    """While a run is under way, asking again gives that one with 200."""
    first = await caller.http.post(RUNS)
    second = await caller.http.post(RUNS, json={"kind": "sync"})
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["coalesced"] is True
    assert second.json()["id"] == first.json()["id"]
    assert len(site.world.queue.waiting) == 1


@pytest.mark.parametrize("body", [{"kind": "preview"}, {"kind": 1}, {"king": "sync"}, []])
async def test_a_kind_of_run_that_does_not_exist_is_refused(
    caller: Caller, customer: Customer, body: object
) -> None:
    """A run is a sync or a full one."""
    assert (await caller.http.post(RUNS, json=body)).status_code == 400


async def test_what_is_not_connected_cannot_be_synced(caller: Caller, customer: Customer) -> None:
    """The refusal names the state and who can do something about it."""
    await caller.http.delete(CONNECTION)
    answer = await caller.http.post(RUNS)
    assert answer.status_code == 409
    assert answer.json()["code"] == "connection_not_active"
    assert answer.json()["actor"] == "technician"


async def test_a_run_under_trouble_says_so(site: Site, caller: Caller, customer: Customer) -> None:
    """A run that is tried again shows what held it up, in words."""
    tenant = site.world.directories.tenants[(await site.connection(customer)).tenant_id or ""]
    tenant.fail_next(RetryLater("graph_throttled", "Microsoft Graph is busy.", timedelta(minutes=3)))
    started = (await caller.http.post(RUNS)).json()
    message = site.world.queue.take()
    assert message is not None
    await site.world.deliver(message)
    run = (await caller.http.get(f"/api/v1/runs/{started['id']}")).json()
    assert run["state"] == "running"
    assert run["error"]["code"] == "graph_throttled"
    assert run["error"]["actor"] == "nobody"


async def test_runs_come_newest_first_in_pages(site: Site, caller: Caller, customer: Customer) -> None:
    """Following `after` gives every run once, the newest first."""
    expected: list[str] = []
    for _ in range(3):
        expected.insert(0, (await site.world.sync(customer)).id)
        site.world.clock.advance(timedelta(hours=1))
    first = (await caller.http.get(f"{RUNS}?limit=2")).json()
    second = (await caller.http.get(RUNS, params={"limit": 2, "after": first["after"]})).json()
    assert [run["id"] for run in first["data"] + second["data"]] == expected
    assert second["after"] is None


async def test_changes_say_what_happened_to_each_person(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Kind, reason, person, contact, and each field with its old and new value."""
    await site.world.sync(customer)
    tenant = site.world.directories.tenants[(await site.connection(customer)).tenant_id or ""]
    tenant.change("ann", job_title="Pilot")
    tenant.hire("dee", enabled=False)
    run = await site.world.sync(customer)
    page = (await caller.http.get(f"/api/v1/runs/{run.id}/changes")).json()
    by_person = {change["object_id"]: change for change in page["data"]}
    assert by_person["ann"]["kind"] == "update"
    assert by_person["ann"]["modified"] == [{"field": "job_title", "old": "", "new": "Pilot"}]
    assert by_person["ann"]["contact_id"]
    assert by_person["dee"] == {
        "kind": "skip",
        "reason": "not_in_scope.disabled",
        "name": "Person dee",
        "object_id": "dee",
        "contact_id": None,
        "modified": [],
    }
    assert page["after"] is None


async def test_changes_come_in_pages(site: Site, caller: Caller, customer: Customer) -> None:
    """Following `after` gives every change once."""
    run = await site.world.sync(customer)
    address = f"/api/v1/runs/{run.id}/changes"
    first = (await caller.http.get(f"{address}?limit=2")).json()
    second = (await caller.http.get(address, params={"after": first["after"]})).json()
    people = [change["object_id"] for change in first["data"] + second["data"]]
    assert people == ["ann", "bob", "cem"]
    assert second["after"] is None
