"""Runs through the API: asking for one, of every kind, and following it."""

from datetime import timedelta

import pytest

from shared.core.customer import Customer
from shared.core.errors import RetryLater
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site, fields_of

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


@pytest.mark.parametrize("body", [{"kind": "other"}, {"kind": 1}, {"king": "sync"}, []])
async def test_a_kind_of_run_that_does_not_exist_is_refused(
    caller: Caller, customer: Customer, body: object
) -> None:
    """There are four kinds."""
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


# Previews.


async def test_a_preview_shows_what_would_be_done_and_does_nothing(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Counts, what the guard would find, and the plan's digest; no contact is made."""
    started = await caller.http.post(RUNS, json={"kind": "preview"})
    assert started.status_code == 202
    assert started.headers["location"] == f"/api/v1/runs/{started.json()['id']}"
    assert started.headers["retry-after"]
    await site.world.drain()
    run = (await caller.http.get(started.headers["location"])).json()
    assert (run["kind"], run["state"]) == ("preview", "succeeded")
    assert run["counts"]["created"] == run["counts"]["in_scope"] == run["planned"] == 3
    assert run["applied"] == 0
    assert run["guard"] == []
    assert run["waits_for"] is None
    assert len(run["digest"]) == 64
    assert site.world.contacts.stored(customer.connection_id) == []
    lines = (await caller.http.get(f"/api/v1/runs/{run['id']}/changes")).json()["data"]
    assert {(line["status"], line["kind"]) for line in lines} == {("planned", "create")}


async def test_a_preview_is_what_the_sync_then_does(site: Site, caller: Caller, customer: Customer) -> None:
    """Line for line, but for the status."""
    preview = (await caller.http.post(RUNS, json={"kind": "preview"})).json()
    await site.world.drain()
    sync = await site.world.sync(customer)
    lines = [
        [
            line | {"status": ""}
            for line in (await caller.http.get(f"/api/v1/runs/{run}/changes")).json()["data"]
        ]
        for run in (preview["id"], sync.id)
    ]
    assert lines[0] == lines[1]


async def test_a_preview_tries_out_a_configuration_that_is_not_kept(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """A merge patch over the one in force, as in configuring."""
    site.world.directories.tenants[TENANT].hire("gus", user_type="Guest")
    patch = {"scope": {"user_types": ["guest"]}}
    started = await caller.http.post(RUNS, json={"kind": "preview", "configuration": patch})
    await site.world.drain()
    lines = (await caller.http.get(f"{started.headers['location']}/changes?kind=create")).json()["data"]
    assert [line["object_id"] for line in lines] == ["gus"]
    connection = (await caller.http.get(CONNECTION)).json()
    assert connection["configuration_version"] == 1
    assert connection["configuration"]["scope"]["user_types"] == ["member"]


async def test_a_preview_of_a_configuration_that_is_wrong_is_refused(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """In the words and with the fields of configuring; nothing is started."""
    patch = {
        "scope": {"user_types": []},
        "sites": {"rules": [{"attribute": "office", "values": ["Oslo"], "site": "nowhere"}]},
    }
    answer = await caller.http.post(RUNS, json={"kind": "preview", "configuration": patch})
    assert (answer.status_code, answer.json()["code"]) == (422, "config_invalid")
    assert sorted(fields_of(answer)) == ["configuration.scope.user_types", "configuration.sites.rules.0.site"]
    assert site.world.runs.all() == []


async def test_every_preview_is_a_new_one_and_waits_for_nobody(caller: Caller, customer: Customer) -> None:
    """Neither another preview nor a sync that is under way is taken instead."""
    bodies = [{"kind": "sync"}, {"kind": "preview"}, {"kind": "preview"}]
    answers = [await caller.http.post(RUNS, json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_a_paused_connection_can_be_previewed(site: Site, caller: Caller, customer: Customer) -> None:
    """Whoever paused it wants to see what resuming would do."""
    await caller.http.post(f"{CONNECTION}/pause")
    started = await caller.http.post(RUNS, json={"kind": "preview"})
    assert started.status_code == 202
    await site.world.drain()
    assert (await caller.http.get(started.headers["location"])).json()["state"] == "succeeded"


async def test_a_selected_group_that_is_gone_is_the_runs_error(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The run fails, names the group, and says who must act."""
    group = "11111111-0000-4000-8000-000000000001"
    patch = {"scope": {"groups": {"mode": "selected", "ids": [group]}}}
    started = await caller.http.post(RUNS, json={"kind": "preview", "configuration": patch})
    await site.world.drain()
    run = (await caller.http.get(started.headers["location"])).json()
    assert run["state"] == "failed"
    assert run["error"]["code"] == "scope_object_missing"
    assert group in run["error"]["title"]
    assert run["error"]["actor"] == "technician"


# One person.


async def test_a_one_user_run_explains_itself(site: Site, caller: Caller, customer: Customer) -> None:
    """Each step with its result, and each condition of the scope."""
    started = await caller.http.post(RUNS, json={"kind": "user", "user": " BOB@contoso.example "})
    assert started.status_code == 202
    assert started.json()["user"] == "BOB@contoso.example"
    await site.world.drain()
    run = (await caller.http.get(started.headers["location"])).json()
    assert run["state"] == "succeeded"
    assert [(step["step"], step["result"], step["detail"]) for step in run["steps"]] == [
        ("import", "done", "present"),
        ("scope", "done", "in_scope"),
        ("match", "done", "no_contact"),
        ("plan", "done", "create"),
        ("apply", "done", ""),
    ]
    assert {"reason": "not_in_scope.disabled", "met": True} in run["steps"][1]["clauses"]
    assert run["counts"]["users_read"] == run["counts"]["created"] == 1
    contacts = (await caller.http.get(f"{CUSTOMER}/contacts")).json()["data"]
    assert [contact["object_id"] for contact in contacts] == ["bob"]
    lines = (await caller.http.get(f"/api/v1/runs/{run['id']}/changes")).json()["data"]
    assert [(line["object_id"], line["status"]) for line in lines] == [("bob", "written")]


async def test_one_person_out_of_scope_is_told_why(site: Site, caller: Caller, customer: Customer) -> None:
    """The condition that is not met is named, and nothing is written."""
    site.world.directories.tenants[TENANT].hire("dee", enabled=False)
    started = await caller.http.post(RUNS, json={"kind": "user", "user": "dee"})
    await site.world.drain()
    run = (await caller.http.get(started.headers["location"])).json()
    scope = run["steps"][1]
    assert (scope["result"], scope["detail"]) == ("stopped", "not_in_scope.disabled")
    assert {"reason": "not_in_scope.disabled", "met": False} in scope["clauses"]
    assert run["applied"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "user"}, "user"),
        ({"kind": "user", "user": None}, "user"),
        ({"kind": "user", "user": ""}, "user"),
        ({"kind": "user", "user": "  "}, "user"),
        ({"kind": "user", "user": "x" * 321}, "user"),
        ({"kind": "user", "user": "ann\n"}, "user"),
        ({"kind": "user", "user": "ann\x00"}, "user"),
        ({"kind": "user", "user": "ann\u202e"}, "user"),
        ({"kind": "user", "user": 7}, "user"),
        ({"kind": "user", "user": ["ann"]}, "user"),
        ({"kind": "sync", "user": "ann"}, "user"),
        ({"user": "ann"}, "user"),
        ({"kind": "preview", "user": "ann"}, "user"),
        ({"kind": "sync", "configuration": {}}, "configuration"),
        ({"kind": "full", "configuration": {"leavers": "keep"}}, "configuration"),
        ({"kind": "user", "user": "ann", "configuration": {}}, "configuration"),
        ({"kind": "preview", "configuration": []}, "configuration"),
        ({"kind": "preview", "configuration": "x"}, "configuration"),
    ],
)
async def test_what_does_not_go_with_a_kind_is_refused(
    site: Site, caller: Caller, customer: Customer, body: object, field: str
) -> None:
    """A user goes with a one-user run, and must; a configuration goes with a preview."""
    answer = await caller.http.post(RUNS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert fields_of(answer) == [field]
    assert site.world.runs.all() == []


async def test_an_enrichment_that_cannot_be_read_is_a_gap_of_the_run(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The run goes on without it, and says what is missing and who can change that."""
    site.world.directories.tenants[TENANT].lose_premium()
    patch = {"enrichments": ["mfa"]}
    await caller.http.patch(CONNECTION, json={"configuration": patch}, headers={"If-Match": "*"})
    run = await site.world.sync(customer)
    shown = (await caller.http.get(f"/api/v1/runs/{run.id}")).json()
    assert shown["state"] == "succeeded"
    assert shown["configuration_version"] == 2
    (gap,) = shown["gaps"]
    assert (gap["enrichment"], gap["code"]) == ("mfa", "enrichment_not_licensed")
    assert gap["permanent"] is True
    assert gap["actor"] == "customer_admin"
