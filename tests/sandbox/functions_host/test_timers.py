"""Timers: on schedule, at the start, past due, retried, run by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.functions_host.timers import ScheduleMonitor, ScheduleStatus, monitor_folder
from tests.sandbox.functions_host.conftest import Starter
from tests.sandbox.functions_host.running_host import FOLDER, RunningHost, eventually


def test_a_timer_fires_when_it_is_due(sample: RunningHost) -> None:
    """Once a second, with a setting for its schedule; so frequent a timer has no monitor, as in Azure."""
    seen = eventually(lambda: len(found := sample.recorded("often")) >= 2 and found)
    assert seen[0] == {"past_due": False, "status": {}}
    sample.wait_for_line(r"Executing 'Functions\.often' \(Reason='Timer fired at 20\d\d-")


def test_a_timer_may_run_at_the_start(sample: RunningHost) -> None:
    """Once, not past due, with a status that says it never ran before."""
    seen = eventually(lambda: sample.recorded("at-startup"))
    assert len(seen) == 1
    assert seen[0]["past_due"] is False
    assert seen[0]["status"]["Last"].startswith("0001-01-01")
    following = datetime.fromisoformat(seen[0]["status"]["Next"])
    assert (following.hour, following.minute, following.second) == (3, 0, 0)
    assert timedelta(0) < following - datetime.now(UTC) <= timedelta(days=1)


def test_a_timer_is_retried_as_its_policy_says(sample: RunningHost) -> None:
    """Two more attempts, each told its number."""
    assert sample.run_manually("with_retries").status_code == 202
    seen = eventually(lambda: len(found := sample.recorded("with-retries")) >= 3 and found)
    assert seen == [[0, 2], [1, 2], [2, 2]]


def test_a_missed_occurrence_is_made_up_for_once(start_tiny: Starter, tmp_path: Path) -> None:
    """A host that starts after the time its predecessor wrote down fires at once, and says so."""
    monitor = ScheduleMonitor(monitor_folder(tmp_path / "state", FOLDER / "tiny"))
    last = (datetime.now(UTC) - timedelta(days=3)).replace(hour=3, minute=0, second=0, microsecond=0)
    monitor.write("nightly", ScheduleStatus(last, last + timedelta(days=1), last))
    host = start_tiny()
    seen = eventually(lambda: host.recorded("timer"))
    assert len(seen) == 1
    assert seen[0]["past_due"] is True
    assert datetime.fromisoformat(seen[0]["status"]["Last"]) == last
    host.wait_for_line(r"Executed 'Functions\.nightly' \(Succeeded")
    written = eventually(lambda: (status := monitor.read("nightly")) and status.last > last and status)
    assert datetime.now(UTC) < written.next <= datetime.now(UTC) + timedelta(days=1)
    host.stop()
    again = start_tiny()
    assert again.client.get("/admin/host/status").status_code == 200
    assert again.recorded("timer") == []


def test_a_status_of_another_schedule_is_replaced(start_tiny: Starter, tmp_path: Path) -> None:
    """After a change of schedule nothing is past due, whatever the old one had planned."""
    monitor = ScheduleMonitor(monitor_folder(tmp_path / "state", FOLDER / "tiny"))
    last = datetime.now(UTC) - timedelta(days=3)
    monitor.write("nightly", ScheduleStatus(last, last + timedelta(minutes=7), last))
    host = start_tiny()
    written = eventually(lambda: (status := monitor.read("nightly")) and status.next.hour == 3 and status)
    assert written.next > datetime.now(UTC)
    assert host.recorded("timer") == []


def test_a_disabled_timer_runs_only_by_hand(start_tiny: Starter, tmp_path: Path) -> None:
    """`AzureWebJobs.<name>.Disabled` stops the schedule; the host's API still runs the function."""
    monitor = ScheduleMonitor(monitor_folder(tmp_path / "state", FOLDER / "tiny"))
    last = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=3)
    monitor.write("nightly", ScheduleStatus(last, last + timedelta(days=1), last))
    host = start_tiny({"AzureWebJobs.nightly.Disabled": "true"})
    assert host.recorded("timer") == []
    assert host.run_manually("nightly").status_code == 202
    assert eventually(lambda: host.recorded("timer")) == [{"past_due": False, "status": {}}]


def test_an_unreadable_status_counts_as_none(tmp_path: Path) -> None:
    """A damaged file is the same as a timer that never ran; a written one reads back equal."""
    monitor = ScheduleMonitor(tmp_path)
    assert monitor.read("timer") is None
    for damaged in ("", "{", "[]", json.dumps({"Last": "x", "Next": "y", "LastUpdated": "z"})):
        (tmp_path / "timer.json").write_text(damaged)
        assert monitor.read("timer") is None
    now = datetime.now(UTC)
    status = ScheduleStatus(now, now + timedelta(hours=1), now)
    monitor.write("timer", status)
    assert monitor.read("timer") == status


def test_a_run_that_ends_while_the_host_stops_is_remembered(start_tiny: Starter, tmp_path: Path) -> None:
    """It is not made up for at the next start; one that had to be cancelled is."""
    monitor = ScheduleMonitor(monitor_folder(tmp_path / "state", FOLDER / "tiny"))
    last = (datetime.now(UTC) - timedelta(days=3)).replace(hour=3, minute=0, second=0, microsecond=0)
    missed = ScheduleStatus(last, last + timedelta(days=1), last)
    monitor.write("nightly", missed)
    cancelled = start_tiny({"TIMER_SECONDS": "60"}, options=("--grace", "0"))
    eventually(lambda: cancelled.recorded("timer"))
    assert cancelled.stop() == 0
    assert monitor.read("nightly") == missed
    finished = start_tiny({"TIMER_SECONDS": "0.5"})
    eventually(lambda: finished.recorded("timer"))
    assert finished.stop() == 0
    written = monitor.read("nightly")
    assert written is not None
    assert written.last > missed.next
