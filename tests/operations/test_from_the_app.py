"""What the app really says is what queries understand: from a run in memory to its picture and its alert."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.customer import Customer
from shared.core.errors import OperatorError
from shared.core.run import Run, RunKind, Trigger
from shared.core.schedule import slot_at
from tests.fakes import ACCOUNT, FakeDirectory, World
from tests.fakes.directory import consent_withdrawn
from tests.fakes.logged import LoggedEvent, logged_events
from tests.operations.alert_rules import rules
from tests.operations.engine import Event, asked, event, fired

PEOPLE = tuple(f"person-{number}" for number in range(10))
RULES = {rule.name: rule for rule in rules()}
MINUTE = timedelta(minutes=1)


class Place:
    """A customer with ten people, and what the app has said of it, each with its time."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant
        self._said: list[tuple[datetime, LoggedEvent]] = []

    @contextmanager
    def heard(self) -> Iterator[None]:
        """What is said meanwhile is kept."""
        with logged_events() as logged:
            yield
        self._said += [(self.world.clock.now(), one) for one in logged.events]

    def rows(self) -> list[Event]:
        """As Azure Monitor has them, two minutes later."""
        now = self.world.clock.now() + 2 * MINUTE
        return [event(one.name, (now - at) / MINUTE, **one.fields) for at, one in self._said]

    async def sync(self) -> Run:
        with self.heard():
            run, _ = await self.world.app.runs.start(self.customer, RunKind.SYNC, Trigger.API)
            await self.world.drain(until=self.world.clock.now() + timedelta(hours=1))
        return await self.world.app.runs.get(ACCOUNT, run.id)

    async def look(self) -> None:
        with self.heard():
            await self.world.app.observing.look()


@pytest.fixture
async def place() -> Place:
    world = World()
    customer, tenant = await world.connected(*PEOPLE)
    await world.configure(customer, Configuration(leavers=LeaverPolicy.DEACTIVATE))
    return Place(world, customer, tenant)


async def test_a_sync_is_seen_with_what_it_did(place: Place) -> None:
    """In the list of the customer's runs, in its changes, and in the rate of success."""
    run = await place.sync()
    (row,) = asked("customer-runs", place.rows(), customer=place.customer.id)
    assert (row["run"], row["outcome"], row["users"], row["trigger"]) == (run.id, "succeeded", 10, "api")
    assert row["graph_requests"] == run.graph_requests
    (day,) = asked("customer-changes", place.rows(), customer=place.customer.connection_id)
    assert day["created"] == run.counts.created == 10
    (hour,) = asked("success-rate", place.rows())
    assert hour["of_all_runs"] == 100


async def test_a_held_run_is_told_of_and_listed_until_somebody_decides(place: Place) -> None:
    """The alert names the customer; an approved run that has ended is not listed any more."""
    await place.sync()
    for person in PEOPLE[:7]:
        place.tenant.change(person, enabled=False)
    run = await place.sync()
    assert fired(RULES["run-held"], place.rows()) == [(place.customer.connection_id, place.customer.id)]
    (row,) = asked("held-runs", place.rows())
    assert (row["run"], row["reasons"]) == (run.id, "guard.scope_drop,guard.deactivations")
    with place.heard():
        await place.world.app.runs.reject(run)
    assert asked("held-runs", place.rows()) == []


async def test_a_fault_of_ours_is_told_of_by_its_code(place: Place) -> None:
    """As often as the alert waits for; one customer's failures in a row are told of sooner."""
    refused = OperatorError("key_vault_refused", "Refused.", "Give the role.")
    for number in range(5):
        place.tenant.fail_next(refused)
        await place.sync()
        ours = [()] if number >= 4 else []
        assert [alert[1:] for alert in fired(RULES["runs-failing"], place.rows())] == ours
        alone = [(place.customer.connection_id, place.customer.id, "key_vault_refused")] if number else []
        assert fired(RULES["connection-failing"], place.rows()) == alone
    (row,) = asked("problem-codes", place.rows())
    assert (row["code"], row["actor"], row["runs"], row["customers"]) == (
        "key_vault_refused",
        "operator",
        5,
        1,
    )


async def test_a_customer_who_must_act_is_named_and_wakes_nobody_for_its_failure(place: Place) -> None:
    """A withdrawn consent is one alert of its own kind."""
    await place.sync()
    withdrawn = consent_withdrawn()
    place.tenant.fail_next(withdrawn)
    await place.sync()
    alert = (place.customer.connection_id, place.customer.id, withdrawn.code)
    assert fired(RULES["connection-action-required"], place.rows()) == [alert]
    for name in ("runs-failing", "connection-failing"):
        assert fired(RULES[name], place.rows()) == []
    (row,) = asked("action-required", place.rows())
    assert (row["connection"], row["code"]) == (place.customer.connection_id, withdrawn.code)


async def test_a_customer_whose_sync_is_overdue_is_late(place: Place) -> None:
    """As soon as a look has found it, and no longer once it is synced."""
    await place.sync()
    await place.look()
    assert fired(RULES["connection-late"], place.rows()) == []
    assert asked("late-connections", place.rows()) == []
    place.world.clock.advance(timedelta(hours=15))
    await place.look()
    late = [(place.customer.connection_id, place.customer.id)]
    assert fired(RULES["connection-late"], place.rows()) == late
    (row,) = asked("late-connections", place.rows())
    assert row["freshness_hours"] == 15
    (fleet,) = asked("fleet-now", place.rows())
    assert (fleet["active"], fleet["late"], fleet["oldest_hours"]) == (1, 1, 15)
    await place.sync()
    place.world.clock.advance(timedelta(minutes=31))
    await place.look()
    assert fired(RULES["connection-late"], place.rows()) == []


async def test_a_slot_that_is_handed_out_and_a_look_are_signs_of_life(place: Place) -> None:
    """Neither the timer nor the app is missed, and both are once they are over."""
    with place.heard():
        await place.world.app.fan_out.fire()
    await place.look()
    (slot,) = asked("slots", place.rows())
    fired_at = slot_at(place.world.settings.sync_schedule, place.world.clock.now())
    assert (slot["slot"], slot["messages"]) == (fired_at.replace(tzinfo=None), 1)
    for name in ("app-silent", "timer-absent"):
        assert fired(RULES[name], place.rows()) == []
    place.world.clock.advance(timedelta(hours=13, minutes=5))
    for name in ("app-silent", "timer-absent"):
        assert fired(RULES[name], place.rows()) == [()]


async def test_the_credential_is_seen_at_every_look(place: Place) -> None:
    """One that is not in the vault is told of at once."""
    await place.look()
    assert fired(RULES["credential-refused"], place.rows()) == [("credential_missing",)]
    await place.world.secrets.set(place.world.settings.entra_client_secret_name or "", "it")
    await place.look()
    (row,) = asked("credentials", place.rows())
    assert (row["credential"], row["days_left"]) == ("secret", -1)
