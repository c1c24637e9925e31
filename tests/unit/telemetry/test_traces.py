"""What leads from a timer to a contact, a failure and a webhook is one trace, whatever comes in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from opentelemetry.trace import StatusCode

import shared.bootstrap
from shared import entry_points
from shared.core.errors import RetryLater
from shared.core.run import Run, RunKind, RunState, Trigger
from tests.fakes import ACCOUNT, World
from tests.fakes.telemetry import Heard, listening
from tests.fakes.world import settings

PHASES = ["lease", "read_directory", "read_contacts", "plan", "guard", "apply", "commit"]
SHORT = settings(sync_time_budget=timedelta(0))
NAMES = "Ada Lovelace <ada@contoso.example> eyJ0eXAi https://graph.example/users?$deltatoken=secret"


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as spans:
        yield spans


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Where a message writes one contact, then goes on with another message."""
    world = World(SHORT, batch_size=1)
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: world.app)
    return world


async def fanned_out(world: World) -> Run:
    """The first scheduled run, after everything that the timer led to has happened."""
    world.clock.advance(timedelta(days=1))
    await entry_points.fan_out()
    world.clock.advance(timedelta(hours=12))
    await world.drain()
    await world.publish()
    await world.send_out()
    return next(run for run in world.runs.all() if run.trigger is Trigger.SCHEDULE)


async def test_a_timers_firing_is_one_trace_to_the_last_webhook(world: World, heard: Heard) -> None:
    """Through as many continuations as the run needs."""
    await world.connected("ann", "bob", "cem")
    await world.app.webhooks.create(ACCOUNT, "https://psa.example/hook", (), "")
    await world.publish()
    await world.send_out()
    heard.clear()
    run = await fanned_out(world)
    assert run.state is RunState.SUCCEEDED
    assert run.resumes == 2
    assert len(heard.traces) == 1
    (timer,) = [span for span in heard if span.parent is None]
    assert timer.name == "fan_out"
    assert len(heard.named("run")) == 3
    for name in ("process sync-requests", "process publish-requests", "process webhook-deliveries"):
        parents = {parent.name for span in heard.named(name) if (parent := heard.parent(span))}
        assert parents == {name.replace("process", "send")}
    last = heard.named("process webhook-deliveries")[-1]
    assert heard.way_back(last)[-1] == "fan_out"


async def test_a_run_names_its_phases_and_how_it_ended(world: World, heard: Heard) -> None:
    """Each part of it on its own, with the ids that lead to everything else."""
    customer, _ = await world.connected("ann", "bob")
    run = await world.sync(customer)
    first, last = heard.named("run")
    phases = [[span.name for span in heard if heard.parent(span) == part] for part in (first, last)]
    assert phases[0] == [f"run.{name}" for name in PHASES[:-1]] + ["send sync-requests"]
    assert phases[1] == [f"run.{name}" for name in PHASES if name != "read_directory"]
    ids = {
        "tenantry.account": ACCOUNT,
        "tenantry.customer": customer.id,
        "tenantry.connection": customer.connection_id,
        "tenantry.run": run.id,
        "tenantry.kind": "sync",
        "tenantry.trigger": "api",
    }
    assert first.attributes == ids
    assert last.attributes == ids | {"tenantry.outcome": "succeeded"}
    for span in heard:
        if (span.attributes or {}).get("tenantry.run") == run.id:
            assert span.attributes["tenantry.connection"] == customer.connection_id  # type: ignore[index]


async def test_a_run_that_is_put_off_stays_in_its_trace(world: World, heard: Heard) -> None:
    """The span of what went wrong has the code of the problem."""
    customer, tenant = await world.connected("ann")
    tenant.fail_next(RetryLater("graph_unavailable", NAMES, timedelta(hours=1)))
    heard.clear()
    assert (await world.sync(customer)).state is RunState.SUCCEEDED
    assert len(heard.traces) == 1
    failed, _ = heard.named("run.read_directory")
    assert failed.status.status_code is StatusCode.ERROR
    assert (failed.attributes or {})["tenantry.code"] == "graph_unavailable"
    assert "Ada" not in failed.to_json()


async def test_other_kinds_of_runs_have_phases_too(world: World, heard: Heard) -> None:
    """A preview stops before anything is written; one person's run is as short as it can be."""
    customer, _ = await world.connected("ann")
    await world.preview(customer)
    (preview,) = heard.named("run")
    assert [span.name for span in heard if heard.parent(span) == preview] == [
        "run.read_directory",
        "run.read_contacts",
        "run.plan",
        "send publish-requests",
    ]
    assert {"tenantry.kind": "preview", "tenantry.outcome": "succeeded"}.items() <= (
        preview.attributes or {}
    ).items()
    heard.clear()
    await world.sync_one(customer, "ann@contoso.example")
    (one,) = heard.named("run")
    assert (one.attributes or {})["tenantry.kind"] == "user"
    assert [span.name for span in heard if heard.parent(span) == one] == [
        f"run.{name}" for name in PHASES if name != "guard"
    ]


async def test_a_message_that_is_given_up_is_still_in_its_trace(world: World, heard: Heard) -> None:
    """On the poison queue it is what its sender sent."""
    customer, _ = await world.connected("ann")
    heard.clear()
    run, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    taken = world.queue.take_waiting()
    assert taken is not None
    await entry_points.give_up(taken.body, "m-1", "sync-requests")
    given_up = heard.one("process sync-requests-poison")
    assert heard.parent(given_up) == heard.named("send sync-requests")[0]
    assert {"tenantry.run": run.id, "tenantry.outcome": "failed"}.items() <= (
        given_up.attributes or {}
    ).items()


@pytest.mark.parametrize("body", [b"{", msgspec.json.encode({"kind": NAMES})])
async def test_what_cannot_be_read_is_told_of_without_a_word_of_it(
    world: World, heard: Heard, body: bytes
) -> None:
    """A message of nobody is a failed delivery."""
    with pytest.raises(entry_points.UndecodableMessage):
        await entry_points.work(body, "m-1", "sync-requests")
    told = heard.one("process sync-requests")
    assert told.attributes == {
        "messaging.destination.name": "sync-requests",
        "tenantry.code": "unexpected.UndecodableMessage",
    }
    assert told.events == ()


@pytest.mark.parametrize("timer", ["housekeeping", "observe"])
async def test_every_timer_has_a_span(world: World, heard: Heard, timer: str) -> None:
    """Named as its function is."""
    await getattr(entry_points, timer)()
    assert [span.name for span in heard if span.parent is None] == [timer]
