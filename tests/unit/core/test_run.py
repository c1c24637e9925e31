"""Run ids, and counts that add up."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.run import (
    Counts,
    RunState,
    Stage,
    connection_of,
    new_connection_id,
    new_run_id,
    slot_run_id,
)
from tests.contract.contracts.values import HOSTILE, connection

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


def test_counts_add_up_or_do_not() -> None:
    """Kept people have left, so they are not among those who were read."""
    whole = Counts(users_read=6, created=1, linked=1, updated=1, unchanged=1, skipped=1, conflicts=1, kept=9)
    assert whole.add_up
    for part in ("created", "linked", "updated", "unchanged", "skipped", "conflicts", "users_read"):
        assert not msgspec.structs.replace(whole, **{part: 5}).add_up


@pytest.mark.parametrize("state", list(RunState))
def test_three_states_are_the_end(state: RunState) -> None:
    """The others go on."""
    assert state.ended == (state.value in {"succeeded", "failed", "canceled"})


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
