"""What is counted and measured, and by which attributes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import stamina

import shared.bootstrap
from shared import entry_points
from shared.adapters.psa.allowance import Allowance
from shared.adapters.psa.http import PsaHttp
from shared.adapters.psa.problems import NotSent
from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.errors import OperatorError, RetryLater
from shared.core.messages import SyncMessage, delay_of, encode
from shared.telemetry import carrying
from tests.fakes import START, FakeClock, World
from tests.fakes.budgets import FakeBudgets
from tests.fakes.measured import measuring
from tests.unit.adapters.scripted_graph import URL, BatchingGraph, ScriptedGraph

MESSAGE = SyncMessage("account", "connection", "run")
QUEUE = "sync-requests"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


async def test_a_run_that_ended_is_counted_with_what_it_did() -> None:
    """Once, by how it ended; its users, its seconds of work, and each kind of change by itself."""
    world = World()
    customer, tenant = await world.connected("ada", "bob", "cyd")
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    with measuring() as measured:
        await world.sync(customer)
    kind = (("destination", "builtin"), ("kind", "sync"))
    outcome = (*kind, ("outcome", "succeeded"))
    assert measured.of("tenantry.runs") == {(*outcome, ("trigger", "api")): 1}
    assert measured.counts["tenantry.run.duration"] == {outcome: 1}
    assert measured.of("tenantry.run.users") == {kind: 3}
    assert measured.of("tenantry.run.changes") == {(("action", "created"), ("destination", "builtin")): 3}
    tenant.hire("dan")
    tenant.change("ada", job_title="Lead")
    tenant.change("bob", enabled=False)
    with measuring() as measured:
        await world.sync(customer)
    actions = {dict(key)["action"]: many for key, many in measured.of("tenantry.run.changes").items()}
    assert actions == {"created": 1, "updated": 1, "deactivated": 1}


async def test_a_run_that_failed_is_counted_as_such() -> None:
    """And nothing that it did not do."""
    world = World()
    customer, tenant = await world.connected("ada")
    tenant.fail_next(OperatorError("credential_refused", "Refused.", "Renew it."))
    with measuring() as measured:
        await world.sync(customer)
    ((key, many),) = measured.of("tenantry.runs").items()
    assert (dict(key)["outcome"], many) == ("failed", 1)
    assert measured.of("tenantry.run.changes") == {}


async def test_what_a_preview_would_change_is_not_counted_as_changes() -> None:
    """The preview itself is a run."""
    world = World()
    customer, _ = await world.connected("ada", "bob")
    with measuring() as measured:
        await world.preview(customer)
    ((key, many),) = measured.of("tenantry.runs").items()
    assert (dict(key)["kind"], many) == ("preview", 1)
    assert measured.of("tenantry.run.changes") == {}


async def test_requests_to_graph_are_counted_by_how_they_were_answered() -> None:
    """Each attempt, and those without an answer."""
    statuses = iter([503, 200, 404])

    def answer(request: httpx.Request) -> httpx.Response:
        status = next(statuses, None)
        if status is None:
            raise httpx.ConnectError("nobody", request=request)
        return httpx.Response(status, json={"value": []})

    graph = ScriptedGraph(answer).open()
    with measuring() as measured:
        await graph.get(f"{URL}/v1.0/users")
        await graph.ask(f"{URL}/v1.0/users/1", accept={404})
        with pytest.raises(RetryLater):
            await graph.get(f"{URL}/v1.0/users")
    assert measured.of("tenantry.graph.requests") == {
        (("status_class", "5xx"),): 1,
        (("status_class", "2xx"),): 1,
        (("status_class", "4xx"),): 1,
        (("status_class", "none"),): 2,
    }
    assert measured.of("tenantry.graph.throttles") == {}


async def test_throttles_are_counted_inside_a_batch_too() -> None:
    """The batch itself is answered with 200."""
    throttled = {"status": 429, "headers": {"Retry-After": "300"}, "body": {"error": {"code": "TooMany"}}}
    with measuring() as measured, pytest.raises(RetryLater):
        await BatchingGraph(lambda _path: throttled).open().batch(["users/1", "users/2"])
    assert measured.one("tenantry.graph.throttles") == 2
    assert measured.of("tenantry.graph.requests") == {(("status_class", "2xx"),): 1}
    busy = ScriptedGraph(lambda _request: httpx.Response(429, headers={"Retry-After": "300"}))
    with measuring() as measured, pytest.raises(RetryLater):
        await busy.open().get(f"{URL}/v1.0/users")
    assert measured.one("tenantry.graph.throttles") == 1


@pytest.mark.parametrize("psa", ["Atera", "Syncro"])
async def test_calls_to_a_psa_and_waits_for_one_are_counted(psa: str) -> None:
    """By the PSA: answers by their class; waits by how long, be it the PSA that asks or our own ration."""
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    answers = iter([200, 429, 200])
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(
            lambda _request: httpx.Response(next(answers), headers={"Retry-After": "40"})
        )
    )
    allowance = Allowance(budgets, clock, psa, "budget", per_minute=2, by="somebody")
    http = PsaHttp(client, psa, "https://psa.example", {}, allowance)
    destination = ("destination", psa.lower())
    with measuring() as measured:
        await http.ask("GET", "contacts")
        with pytest.raises(NotSent):
            await http.ask("GET", "contacts")
    assert measured.of("tenantry.psa.calls") == {
        (destination, ("status_class", "2xx")): 1,
        (destination, ("status_class", "4xx")): 1,
    }
    assert measured.of("tenantry.psa.waits") == {(destination,): 40}
    with measuring() as measured, pytest.raises(NotSent):
        await http.ask("GET", "contacts")
    assert measured.of("tenantry.psa.calls") == {}
    assert 0 < measured.of("tenantry.psa.waits")[destination,] <= 65


@pytest.mark.parametrize(
    ("delay", "after", "age"),
    [
        (timedelta(0), timedelta(seconds=12), 12),
        (timedelta(minutes=40), timedelta(minutes=41), 60),
        (timedelta(days=7), timedelta(days=7), 0),
        (timedelta(hours=1), timedelta(minutes=59), 0),
    ],
)
async def test_a_message_waits_from_when_it_was_due(
    monkeypatch: pytest.MonkeyPatch, delay: timedelta, after: timedelta, age: float
) -> None:
    """One that was hidden on purpose was not late; a clock that is behind makes nothing negative."""
    world = World()
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: world.app)
    await world.queue.send(MESSAGE, delay)
    body, inserted_at = world.queue.waiting[0].body, world.clock.now()
    world.clock.advance(after)
    for moment in (inserted_at, inserted_at.replace(tzinfo=None)):  # the platform leaves out that it is UTC
        with measuring() as measured:
            await entry_points.work(body, "m-1", QUEUE, 1, moment)
        assert measured.of("tenantry.queue.age") == {(("queue", QUEUE),): age}
        assert measured.counts["tenantry.queue.age"] == {(("queue", QUEUE),): 1}


@pytest.mark.parametrize(("deliveries", "known"), [(2, True), (None, True), (1, False)])
async def test_only_a_first_delivery_tells_how_long_the_queue_is(
    monkeypatch: pytest.MonkeyPatch, deliveries: int | None, known: bool
) -> None:
    """Later ones waited for the lock of the first, which says nothing of the queue."""
    world = World()
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: world.app)
    moment = world.clock.now() - HOUR if known else None
    with measuring() as measured:
        await entry_points.work(encode(MESSAGE), "m-1", QUEUE, deliveries, moment)
    assert measured.of("tenantry.queue.age") == {}


@pytest.mark.parametrize("delay", ['"1"', "-1", "1e9", "null", "[]", "{}", '"x"', "NaN"])
def test_a_delay_that_makes_no_sense_is_none(delay: str) -> None:
    """Whoever can write to the queue cannot break what reads it."""
    body = encode(MESSAGE)[:-1] + f', "delay": {delay}}}'.encode()
    assert delay_of(body) == timedelta(0)
    with measuring() as measured:
        carrying.delivered(QUEUE, body, START, START + HOUR)
    assert measured.one("tenantry.queue.age") == HOUR.total_seconds()


def test_the_age_of_contacts_is_measured_where_it_matters() -> None:
    """The usual bounds of a histogram end at ten seconds or so; a sync comes every twelve hours."""
    from shared.telemetry import metrics

    with measuring() as measured:
        metrics.connection_seen(13.5 * 3600)
    bounds = measured.bounds["tenantry.connection.freshness"]
    assert {12 * 3600, 13 * 3600, 24 * 3600} <= set(bounds)
    assert list(bounds) == sorted(bounds)
