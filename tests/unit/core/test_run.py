"""Run ids, and counts that add up."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.changes import ChangeKind
from shared.core.run import (
    Counts,
    RunKind,
    RunState,
    Stage,
    connection_of,
    counts,
    new_connection_id,
    new_run_id,
    slot_run_id,
)
from tests.contract.contracts.values import HOSTILE, connection
from tests.unit.core.builders import contact, plan, user

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ID = "c0c0c0c0c0c0c0c0"


def test_newer_runs_sort_first() -> None:
    """A millisecond is enough, and a century is not too much."""
    times = [NOON, NOON + timedelta(milliseconds=1), NOON + timedelta(days=1), NOON.replace(year=2126)]
    ids = [new_run_id(ID, at) for at in times]
    assert sorted(ids) == ids[::-1]
    assert len({len(run_id) for run_id in ids}) == 1


def test_the_run_of_a_slot_always_has_the_same_id() -> None:
    """Another slot or another connection has another."""
    same = slot_run_id(ID, NOON, NOON)
    assert slot_run_id(ID, NOON, NOON) == same
    assert slot_run_id(ID, NOON + timedelta(hours=12), NOON) != same
    assert slot_run_id(new_connection_id(), NOON, NOON) != same


def test_a_late_run_of_a_slot_comes_before_what_ran_meanwhile() -> None:
    """Newest first goes by when a run begins, not by when it should have begun."""
    meanwhile = new_run_id(ID, NOON + timedelta(hours=1))
    assert slot_run_id(ID, NOON, NOON + timedelta(hours=2)) < meanwhile < slot_run_id(ID, NOON, NOON)


def test_two_runs_of_one_moment_are_two() -> None:
    """Chance keeps them apart."""
    assert len({new_run_id(ID, NOON) for _ in range(100)}) == 100


def test_a_run_id_names_its_connection() -> None:
    """Of both sorts of runs."""
    connection_id = new_connection_id()
    assert connection_of(new_run_id(connection_id, NOON)) == connection_id
    assert connection_of(slot_run_id(connection_id, NOON, NOON)) == connection_id


@pytest.mark.parametrize(
    "text",
    ["", "run_", ID, "run_" + "x" * 36, "run_" + "x" * 38, "run_" + "é" * 37, "run_" + "/" * 37, *HOSTILE],
)
def test_anything_else_names_none(text: str) -> None:
    """What comes from outside may be any text."""
    assert connection_of(text) is None


PARTS = ("created", "linked", "updated", "moved", "reactivated", "unchanged", "skipped", "conflicts")


def test_counts_add_up_or_do_not() -> None:
    """Kept and deactivated contacts are of people who left, so they are not among those who were read."""
    whole = Counts(users_read=8, kept=9, deactivated=9, in_scope=9, **dict.fromkeys(PARTS, 1))
    assert whole.add_up
    for part in (*PARTS, "users_read"):
        assert not msgspec.structs.replace(whole, **{part: 5}).add_up


def test_the_counts_of_a_run_are_what_is_done_and_not_what_is_planned() -> None:
    """What earlier messages of the run wrote is counted as written, not as unchanged."""
    planned = plan([user("ada"), user("bob"), user("cyd")], [contact("c1", "ada@example.com", "ada")])
    assert planned.counts()[ChangeKind.CREATE] == 2
    halfway = counts(planned, planned.counts(), {ChangeKind.CREATE: 1}, earlier=0)
    assert (halfway.users_read, halfway.created, halfway.unchanged, halfway.add_up) == (3, 1, 1, False)
    finished = counts(planned, planned.counts(), {ChangeKind.CREATE: 3}, earlier=1)
    assert (finished.created, finished.unchanged, finished.add_up) == (3, 0, True)


@pytest.mark.parametrize("kind", list(RunKind))
def test_only_a_whole_sync_moves_the_connections_place_in_the_directory(kind: RunKind) -> None:
    """A preview and a run for one person leave it where it is."""
    assert kind.commits == (kind in {RunKind.SYNC, RunKind.FULL})


@pytest.mark.parametrize("state", list(RunState))
def test_four_states_are_the_end(state: RunState) -> None:
    """The others go on; two of the four committed what they had read."""
    assert state.ended == (state.value in {"succeeded", "partial", "failed", "canceled"})
    assert state.done == (state.value in {"succeeded", "partial"})


def test_a_staged_read_is_good_until_something_newer_is_in_force() -> None:
    """Another tenant or a later committed mirror makes it worthless; having committed it itself does not."""
    stage = Stage("mine", "link", "tenant", "former")
    for mirror, tenant, good in [
        ("former", "tenant", True),
        ("mine", "tenant", True),
        ("later", "tenant", False),
        (None, "tenant", False),
        ("former", "other", False),
    ]:
        assert stage.good_for(connection("account", mirror=mirror, tenant_id=tenant)) is good


@pytest.mark.parametrize(("made_under", "good"), [(None, True), (7, True), (6, False), (8, False)])
def test_a_read_for_another_configuration_is_not_gone_on_with(made_under: int | None, good: bool) -> None:
    """The configuration decides what is read; a stage of a release before does not say which it was."""
    stage = Stage("mine", "link", "tenant", "former", made_under)
    now = connection("account", mirror="former", tenant_id="tenant", configuration_version=7)
    assert stage.good_for(now) is good
