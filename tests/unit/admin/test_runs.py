"""`runs`: why one failed, and trying again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.core.customer import Customer
from shared.core.errors import OperatorError
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunKind, RunState, Trigger
from tests.fakes import ACCOUNT
from tests.unit.admin.conftest import CommandLine


@pytest.fixture
def customer(call: CommandLine) -> Customer:
    customer, _ = call.wait(call.world.connected("ada", "ben"))
    return customer


def failed(call: CommandLine, customer: Customer) -> Run:
    """A run that failed because of us."""
    tenant = call.world.directories.tenants[next(iter(call.world.directories.tenants))]
    tenant.fail_next(
        OperatorError("credential_refused", "Microsoft refused it.", "The operator must renew it.")
    )
    run = call.wait(call.world.sync(customer))
    assert run.state is RunState.FAILED
    return run


def test_a_run_says_why_it_failed_and_who_must_act(call: CommandLine, customer: Customer) -> None:
    """Everything that an operator is asked about it."""
    run = failed(call, customer)
    shown = call.json("runs", "show", run.id)
    assert shown["error"] == {
        "code": "credential_refused",
        "title": "Microsoft refused it.",
        "detail": "The operator must renew it.",
        "actor": "operator",
    }
    assert (shown["state"], shown["connection"], shown["account"]) == (
        "failed",
        customer.connection_id,
        ACCOUNT,
    )
    assert "Microsoft refused it." in call("runs", "show", run.id).stdout


def test_runs_are_listed_newest_first(call: CommandLine, customer: Customer) -> None:
    """Whole ids, at 80 columns."""
    first = failed(call, customer)
    call.world.clock.advance(timedelta(hours=1))
    runs = [call.wait(call.world.sync(customer)), first]
    listed = call.json("runs", "list", customer.connection_id)
    assert [(row["id"], row["error"]) for row in listed] == [
        (runs[0].id, None),
        (first.id, "credential_refused"),
    ]
    table = call("runs", "list", customer.connection_id).stdout
    assert all(run.id in table for run in runs)
    assert max(map(len, table.splitlines())) <= 80
    assert "There are more: --after" in call("runs", "list", customer.connection_id, "--limit", "1").stderr


def test_lines_of_a_run_name_people_so_looking_is_audited(call: CommandLine, customer: Customer) -> None:
    """Without asking for them nobody is named, and nothing is written down."""
    run = call.wait(call.world.sync(customer))
    assert "ada" not in str(call.json("runs", "show", run.id))
    assert call.acts == []
    lines = call.json("runs", "show", run.id, "--changes")["changes"]
    assert {line["kind"] for line in lines} == {"create"}
    assert any("ada" in str(line) for line in lines)
    (act,) = call.acts
    assert (act.verb, act.ids, act.outcome) == ("runs show --changes", {"run": run.id}, "done")
    assert "create" in call("runs", "show", run.id, "--changes").stdout


def test_a_run_is_tried_again_as_it_was(call: CommandLine, customer: Customer) -> None:
    """By its id, or by its connection's for the last one; the new run is named."""
    run = failed(call, customer)
    again = call.json("runs", "retry", run.id)
    assert (again["new"], again["kind"], again["state"]) == (True, "sync", "queued")
    call.wait(call.world.drain())
    assert call.json("runs", "show", again["id"])["state"] == "succeeded"
    last = call.json("runs", "retry", customer.connection_id)
    assert last["new"] is True


def test_a_run_that_is_not_over_is_not_doubled(call: CommandLine, customer: Customer) -> None:
    """Whoever asks twice is told of the first."""
    run, _ = call.wait(call.world.app.runs.start(customer, RunKind.SYNC, Trigger.API))
    assert call.error("runs", "retry", run.id)["code"] == "run_not_over"
    started = call.json("runs", "start", customer.connection_id)
    assert (started["id"], started["new"]) == (run.id, False)


def test_a_full_read_is_forced(call: CommandLine, customer: Customer) -> None:
    """Whatever the delta link says."""
    call.wait(call.world.sync(customer))
    started = call.json("runs", "start", customer.connection_id, "--full")
    call.wait(call.world.drain())
    shown = call.json("runs", "show", started["id"])
    assert (shown["read"], shown["read in full because"]) == ("full", "requested")


def test_a_run_is_canceled(call: CommandLine, customer: Customer) -> None:
    """And ends as one that somebody canceled in the portal."""
    run, _ = call.wait(call.world.app.runs.start(customer, RunKind.SYNC, Trigger.API))
    assert call.json("runs", "cancel", run.id)["state"] == "canceled"
    assert call.json("runs", "cancel", run.id)["state"] == "canceled"


def test_runs_that_were_given_up_are_tried_again_together(call: CommandLine, customer: Customer) -> None:
    """What the poison queue's function ended; not those that wait for the customer."""
    run, _ = call.wait(call.world.app.runs.start(customer, RunKind.SYNC, Trigger.API))
    call.world.queue.waiting.clear()
    call.wait(call.world.app.worker.give_up(SyncMessage(ACCOUNT, customer.connection_id, run.id)))
    assert call.json("runs", "show", run.id)["error"]["code"] == "worker_stopped"
    (again,) = call.json("runs", "retry", "--given-up")
    assert (again["connection"], again["error"]) == (customer.connection_id, None)
    call.wait(call.world.drain())
    assert call.json("runs", "show", again["run"])["state"] == "succeeded"
    assert call.json("runs", "retry", "--given-up") == []
    assert "There is nothing to try again." in call("runs", "retry", "--given-up").stdout


@pytest.mark.parametrize("arguments", [(), ("run_x", "--given-up")])
def test_what_is_tried_again_must_be_clear(call: CommandLine, arguments: tuple[str, ...]) -> None:
    """Nothing is tried again by leaving something out."""
    assert call.error("runs", "retry", *arguments, status=2)["code"] == "which_runs"


@pytest.mark.parametrize("verb", ["show", "retry", "cancel", "list", "start"])
@pytest.mark.parametrize("name", ["run_" + "0" * 37, "no id / at all"])
def test_an_id_of_nothing_is_not_found(call: CommandLine, verb: str, name: str) -> None:
    """Whatever is asked of it; the attempt is in the log where it would have changed something."""
    assert call.error("runs", verb, name)["code"] == "not_found"
    assert [act.outcome for act in call.acts] == ([] if verb in {"show", "list"} else ["not_found"])
