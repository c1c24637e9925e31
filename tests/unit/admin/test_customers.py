"""`customers purge`: everything of one customer goes, and it is proven that it went."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta

import pytest

from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.erasure import Subject
from shared.core.run import RunKind, RunState, Trigger
from tests.architecture.sources import ROOT
from tests.contract.contracts.values import change
from tests.fakes import ACCOUNT, World
from tests.fakes.operation import FakeTraces
from tests.fakes.process import Process, ProcessKilled
from tests.unit.admin.conftest import CommandLine


@pytest.fixture
def customer(call: CommandLine) -> Customer:
    """One whose administrator's token is kept, with contacts, a run and events."""
    world = call.world
    made = call.wait(world.customer())
    call.wait(
        world.connect(
            world.tenant("7e4a47e4-0000-4000-8000-000000000001", "ada", "ben"), made, Grant.DELEGATED
        )
    )
    call.wait(world.sync(made))
    call.wait(world.publish())
    world.queue.waiting.clear()
    return made


def rows(call: CommandLine) -> dict[str, int]:
    counted: dict[str, int] = call.json("customers", "purge", ACCOUNT, "c-1")["rows"]
    return counted


def test_customers_are_found_by_the_psas_ids(call: CommandLine, customer: Customer) -> None:
    """With the id that everything else goes by."""
    (row,) = call.json("customers", "list", ACCOUNT)
    assert (row["id"], row["connection"]) == ("c-1", customer.connection_id)
    assert call.error("customers", "list", "nobody")["code"] == "not_found"


def test_without_erase_it_only_counts(call: CommandLine, customer: Customer) -> None:
    """Table by table; nothing is changed, and the token is still there."""
    document = call.json("customers", "purge", ACCOUNT, "c-1")
    assert (document["erased"], document["token"]) == (False, True)
    assert document["rows"]["contacts"] == 2
    assert document["rows"]["events"] > 0
    assert rows(call) == document["rows"]
    assert call.world.secrets.values
    assert call.acts == []
    assert "Nothing was changed." in call("customers", "purge", ACCOUNT, "c-1").stderr


def test_everything_goes_and_it_is_proven(call: CommandLine, customer: Customer) -> None:
    """What was found was deleted, and another look finds nothing: rows and the token in Key Vault."""
    before = rows(call)
    document = call.json("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes")
    assert (document["erased"], document["token left"]) == (True, False)
    found = {row["table"]: row["found"] for row in document["tables"]}
    assert found == before
    assert all(row["left"] == 0 for row in document["tables"])
    assert {row["table"]: row["deleted"] for row in document["tables"]} == before
    assert call.world.contacts.contacts(customer.connection_id) == []
    assert not [name for name in call.world.secrets.values if customer.connection_id in name]
    assert call.error("customers", "purge", ACCOUNT, "c-1")["code"] == "not_found"
    assert call.error("connections", "show", customer.connection_id)["code"] == "not_found"


def test_another_customer_keeps_everything(call: CommandLine, customer: Customer) -> None:
    """Of the same account, and its events too."""
    world = call.world
    other = call.wait(world.customer("c-2"))
    call.wait(world.connect(world.tenant("7e4a47e4-0000-4000-8000-000000000002", "zed"), other))
    call.wait(world.sync(other))
    call.wait(world.publish())
    before = call.json("customers", "purge", ACCOUNT, "c-2")["rows"]
    call.json("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes")
    assert call.json("customers", "purge", ACCOUNT, "c-2")["rows"] == before
    assert call.wait(world.sync(other)).state is RunState.SUCCEEDED


def test_it_asks_for_the_customers_id(call: CommandLine, customer: Customer) -> None:
    """Anything else changes nothing, the question is on stderr, and the answer prints a table."""
    refused = call("customers", "purge", ACCOUNT, "c-1", "--erase", given="yes\n")
    assert refused.exit_code == 2
    assert "Type" in refused.stderr
    assert "Type" not in refused.stdout
    assert rows(call)["customers"] == 1
    done = call("customers", "purge", ACCOUNT, "c-1", "--erase", given="c-1\n")
    assert done.exit_code == 0
    assert "nothing is left" in done.stdout


def test_a_run_at_work_is_waited_for(call: CommandLine, customer: Customer) -> None:
    """It might write what was just erased: the customer is disconnected now, and erased two minutes later."""
    world = call.world
    run, _ = call.wait(world.app.runs.start(customer, RunKind.SYNC, Trigger.API))
    message = world.queue.take()
    assert message is not None
    process = Process(at=8)
    call.wait(world.deliver(message, world.start_app(process)))
    found = call.wait(world.app.runs.get(ACCOUNT, run.id))
    assert found.state is RunState.RUNNING
    for _ in range(2):
        assert call.error("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes")["code"] == "run_at_work"
        assert rows(call)["contacts"] == 2
        assert call.wait(world.connection(customer)).state is ConnectionState.DISCONNECTED
    world.clock.advance(timedelta(minutes=2))
    assert call.json("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes")["erased"] is True


def test_a_purge_that_is_killed_anywhere_is_finished_by_the_next(
    call: CommandLine, customer: Customer
) -> None:
    """Wherever it was cut short, the customer is found again until nothing else is left."""
    world = call.world
    for at in range(1, 100):
        call.process = Process(at=at)
        with contextlib.suppress(ProcessKilled):
            call("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes")
        if call.process.alive:
            break
    else:
        raise AssertionError("it never came to an end")
    assert at > 10  # it was killed at as many places before
    assert call.wait(world.customers.get(ACCOUNT, "c-1")) is None
    assert world.contacts.contacts(customer.connection_id) == []
    assert world.runs.all() == []
    assert world.connections.all() == []
    assert not [name for name in world.secrets.values if customer.connection_id in name]


def test_what_comes_back_meanwhile_fails_the_proof(
    call: CommandLine, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document says what is left, and the exit code that it is not done."""
    erase = FakeTraces.erase

    async def with_a_late_write(self: FakeTraces, subject: object) -> object:
        async for found in erase(self, subject):  # type: ignore[arg-type]
            yield found
        await call.world.changes.put(f"run_{customer.connection_id}{'0' * 21}", "late", [change(1)])

    monkeypatch.setattr(FakeTraces, "erase", with_a_late_write)
    document = call.json("customers", "purge", ACCOUNT, "c-1", "--erase", "--yes", status=3)
    assert document["erased"] is False
    assert {row["table"]: row["left"] for row in document["tables"]}["changes"] == 1
    assert call.acts[-1].ids["left"] == "1"


NOTHING_OF_ONE_CUSTOMER = {
    "accounts",  # accounts, their keys, destinations, endpoints and prices
    "audit",  # what operators did: ids
    "brakes",
    "budgets",  # of a PSA account or of Graph
    "deliverydays",  # ids of endpoints
    "eventdays",  # ids of accounts
    "handshakes",  # encrypted with tokens that are not kept, gone within a day
    "slots",
}


async def test_every_table_is_looked_into_or_known_to_hold_nothing() -> None:
    """Whoever adds a table decides whether something of a customer is in it."""
    made = re.compile(r"""\b(?:Table|Days)\(service, "(\w+)"\)""")
    sources = (ROOT / "shared/adapters").rglob("*.py")
    tables = {name for path in sources for name in made.findall(path.read_text(encoding="utf-8"))}
    assert {"contacts", "connections", "eventdays"} <= tables
    looked_into = await World().start_operations().erasing.count(Subject("a", "c", "connection"))
    assert tables == set(looked_into) | NOTHING_OF_ONE_CUSTOMER
