"""Whatever happens to whomever: events and metrics hold ids, codes and numbers, and none of them is long."""

from __future__ import annotations

import pytest

import shared.bootstrap
from shared import entry_points
from shared.core.configuration import Configuration, Enrichment, LeaverPolicy
from shared.core.connection import Grant
from shared.core.customer import Customer
from shared.core.errors import ActionRequired, RetryLater
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import ACCOUNT, TENANT, FakeDirectory, World
from tests.fakes.logged import Logged, logged_events
from tests.fakes.measured import Measured, measuring

CANARY = "Zzyxcanary"
"""In every name, address, number and text of people and customers that there is."""
LONGEST = 500  # characters; Application Insights keeps 8 Ki of a property
MOST_FIELDS = 40


def hostile(number: int) -> dict[str, str]:
    return {
        "user_principal_name": f"{CANARY}{number}@{CANARY}.example",
        "mail": f"{CANARY}{number}@{CANARY}.example",
        "display_name": f"<b>{CANARY}</b> %s {{0}} 'or 1=1-- {number}\nrun.finished run=forged",
        "given_name": f"{CANARY}\x07",
        "surname": CANARY,
        "job_title": f"{CANARY} of everything",
        "mobile_phone": f"+46 {CANARY}",
        "department": CANARY,
        "office_location": f"{CANARY}ville",
        "city": f"{CANARY}ville",
    }


@pytest.fixture
def tenant() -> FakeDirectory:
    return FakeDirectory(TENANT, display_name=CANARY, domain=f"{CANARY}.example", consented=False)


async def through_everything(world: World, customer: Customer, tenant: FakeDirectory) -> None:
    """An import, changes, a preview, one person, a failure of each kind, a hold, a look, a farewell."""
    await world.connect(tenant, customer, Grant.DELEGATED)
    world.queue.waiting.clear()
    everything = Configuration(leavers=LeaverPolicy.DEACTIVATE, enrichments=tuple(Enrichment))
    await world.configure(customer, everything)
    await world.sync(customer)
    tenant.change("p-0", job_title=f"{CANARY} again", mail=f"other.{CANARY}@{CANARY}.example")
    await world.sync(customer)
    await world.preview(customer)
    await world.sync_one(customer, f"{CANARY}3@{CANARY}.example")
    await world.sync_one(customer, f"nobody.{CANARY}@{CANARY}.example")
    for failure in (
        ValueError(f"{CANARY} <{CANARY}@x.example>"),
        RetryLater.soon("graph_unavailable", "Busy."),
    ):
        tenant.fail_next(failure)
        await world.sync(customer)
    tenant.fail_next(*[ValueError(CANARY)] * 20)
    await world.sync(customer)
    tenant.fail_next()
    tenant._failures.clear()
    for number in range(8):
        tenant.change(f"p-{number}", enabled=False)
    run, _ = await world.app.runs.start(customer, RunKind.FULL, Trigger.PORTAL)
    await world.drain(until=world.clock.now())
    held = await world.app.runs.get(ACCOUNT, run.id)
    assert held.state is RunState.HELD
    await world.app.runs.reject(held)
    await world.app.observing.look()
    await entry_points.give_up(f'{{"kind": "{CANARY}"}}'.encode(), "m-1", "sync-requests")
    tenant.fail_next(ActionRequired("consent_revoked", "Withdrawn.", "Connect again."))
    await world.sync(customer)
    await world.publish()
    await world.app.onboarding.disconnect(ACCOUNT, customer.connection_id)


@pytest.fixture
async def told(tenant: FakeDirectory, monkeypatch: pytest.MonkeyPatch) -> tuple[Logged, Measured]:
    world = World()
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: world.app)
    world.directories.add(tenant)
    for number in range(10):
        tenant.hire(f"p-{number}", **hostile(number))
    with logged_events() as logged, measuring() as measured:
        customer, _ = await world.app.customers.put(ACCOUNT, "c-1", f"{CANARY} & Sons", ())
        await through_everything(world, customer, tenant)
    return logged, measured


async def test_nothing_of_anybody_is_told(told: tuple[Logged, Measured]) -> None:
    """Not by any event, not by any metric, in no spelling."""
    logged, measured = told
    names = {event.name for event in logged.events}
    assert names >= {
        "run.started",
        "run.held",
        "run.finished",
        "run.stumbled",
        "run.put_off",
        "connection.action_required",
        "fleet.observed",
        "message.given_up",
        "event.published",
    }
    outcomes = {event.fields["outcome"] for event in logged.named("run.finished")}
    assert outcomes == {"succeeded", "failed", "canceled"}
    assert CANARY.casefold() not in repr(logged.events).casefold()
    assert CANARY.casefold() not in repr((measured.values, measured.units)).casefold()
    assert "@" not in repr(logged.events)


async def test_fields_are_few_and_short(told: tuple[Logged, Measured]) -> None:
    """Of the kinds that exporters take; no list, no document, nothing that could grow with a directory."""
    logged, measured = told
    for event in logged.events:
        assert len(event.fields) <= MOST_FIELDS, event.name
        for name, value in event.fields.items():
            assert isinstance(value, str | int | float), (event.name, name)
            assert len(str(value)) <= LONGEST, (event.name, name)
            assert len(name) <= 40
    series = {name: len(values) for name, values in measured.values.items()}
    assert max(series.values()) <= 20, series
