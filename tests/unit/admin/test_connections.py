"""`connections`: every customer's, across accounts; and the emergency brake."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.customer import Account, Customer
from shared.core.run import RunState
from tests.fakes import ACCOUNT
from tests.unit.admin.conftest import CommandLine

OTHER = "0the0the0the0the"


@pytest.fixture
def customer(call: CommandLine) -> Customer:
    customer, _ = call.wait(call.world.connected("ada", "ben"))
    return customer


def another(call: CommandLine, customer_id: str = "c-9", account: str = OTHER) -> Connection:
    """A customer of another account, connected to a tenant of its own."""
    world = call.world
    call.wait(world.accounts.add(Account(account, "Another MSP", world.clock.now())))
    customer = call.wait(world.customer(customer_id, account))
    tenant = world.tenant(f"7e4a47e4-0000-4000-8000-00000000{len(customer_id):04d}", "zed")
    return call.wait(world.connect(tenant, customer))


def test_connections_of_all_accounts_are_listed(call: CommandLine, customer: Customer) -> None:
    """With whose each is and how it stands; of one account or in one state only, if asked."""
    other = another(call)
    listed = call.json("connections", "list")
    assert {row["id"] for row in listed} == {customer.connection_id, other.id}
    assert {row["customer name"] for row in listed} == {"Customer c-1", "Customer c-9"}
    (mine,) = call.json("connections", "list", "--account", ACCOUNT)
    assert (mine["state"], mine["account"], mine["customer"]) == ("active", ACCOUNT, "c-1")
    assert call.json("connections", "list", "--state", "paused") == []
    assert "There are no such connections." in call("connections", "list", "--state", "paused").stdout


def test_ids_are_whole_on_a_narrow_terminal(
    call: CommandLine, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 columns are enough for everything that is copied; no line is longer."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = call("connections", "list").stdout
    assert customer.connection_id in shown
    assert ACCOUNT in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_list_that_was_cut_says_so(call: CommandLine, customer: Customer) -> None:
    """On stderr, so that the document is whole."""
    another(call)
    result = call("connections", "list", "--limit", "1", "--json")
    assert len(json.loads(result.stdout)) == 1
    assert "There are more than 1" in result.stderr


def test_only_late_connections_are_listed_on_request(call: CommandLine, customer: Customer) -> None:
    """Late is what wakes an operator, an hour before the portal speaks of it."""
    next_sync = datetime.fromisoformat(call.json("connections", "show", customer.connection_id)["next"])
    call.world.clock.move_to(next_sync + timedelta(minutes=59))
    assert call.json("connections", "list", "--late") == []
    call.world.clock.move_to(next_sync + timedelta(hours=1))
    (late,) = call.json("connections", "list", "--late")
    assert late["id"] == customer.connection_id
    assert late["overdue since"] is not None


def test_a_connection_says_what_its_last_run_met(call: CommandLine, customer: Customer) -> None:
    """And nobody who connected it, who is a person."""
    call.wait(call.world.sync(customer))
    shown = call.json("connections", "show", customer.connection_id)
    assert (shown["state"], shown["trouble"]) == ("active", {})
    assert shown["last run"].startswith("run_")
    assert "admin@" not in str(shown)
    assert call.error("connections", "show", "0" * 16)["code"] == "not_found"


def test_one_connection_or_several_are_paused_and_resumed(call: CommandLine, customer: Customer) -> None:
    """One that cannot be paused keeps none of the others from it, and the exit code tells of it."""
    rows = call.json("connections", "pause", customer.connection_id, "0" * 16, status=3)
    assert [(row["state"], row["error"] and row["error"]["code"]) for row in rows] == [
        ("paused", None),
        (None, "not_found"),
    ]
    assert call.acts[-1].ids["not_changed"] == "0" * 16
    (row,) = call.json("connections", "resume", customer.connection_id)
    assert row["state"] == "active"


def test_the_brake_stops_everybody_and_wakes_nobody_it_did_not_stop(
    call: CommandLine, customer: Customer
) -> None:
    """Who was paused before stays paused; everybody else syncs again."""
    other = another(call)
    call.json("connections", "pause", other.id)
    assert call.json("connections", "pause", "--all")["stopped"] == "everybody"
    call.world.clock.advance(timedelta(minutes=1))
    assert call.wait(call.world.sync(customer)).state is RunState.CANCELED
    assert "Syncs are stopped for everybody" in call("connections", "list").stderr
    assert all(row["syncs stopped"] for row in call.json("connections", "list"))
    assert call.json("connections", "resume", "--all")["were stopped"] is True
    call.world.clock.advance(timedelta(minutes=1))
    assert call.wait(call.world.sync(customer)).state is RunState.SUCCEEDED
    states = {row["id"]: row["state"] for row in call.json("connections", "list")}
    assert states == {customer.connection_id: "active", other.id: "paused"}


def test_one_accounts_brake_is_its_own(call: CommandLine, customer: Customer) -> None:
    """Letting go of the one for everybody leaves it on, and says so."""
    call.json("connections", "pause", "--all", "--account", ACCOUNT)
    call.json("connections", "pause", "--all")
    assert call.json("connections", "resume", "--all")["still stopped"] == [ACCOUNT]
    assert call.json("accounts", "show", ACCOUNT)["syncs stopped"] is True
    assert call.error("connections", "pause", "--all", "--account", "nobody")["code"] == "not_found"


@pytest.mark.parametrize("arguments", [(), ("c", "--all"), ("c", "--account", ACCOUNT)])
def test_which_connections_are_meant_must_be_clear(call: CommandLine, arguments: tuple[str, ...]) -> None:
    """Everybody is never stopped by leaving something out."""
    assert call.error("connections", "pause", *arguments, status=2)["code"] == "which_connections"
    assert call.acts == []


def test_a_state_that_waits_for_the_customer_cannot_be_paused(call: CommandLine) -> None:
    """The reason is said, and nothing is changed."""
    customer = call.wait(call.world.customer())
    call.wait(call.world.app.onboarding.begin(customer, Grant.APPLICATION))
    (row,) = call.json("connections", "pause", customer.connection_id, status=3)
    assert row["error"]["code"] == "state_conflict"
    assert call.wait(call.world.connection(customer)).state is ConnectionState.PENDING
