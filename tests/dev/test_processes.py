"""Children of dev.py: their output is kept, and they end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from devtools import processes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Logs of these tests go to a directory of their own."""
    monkeypatch.setattr(processes, "LOGS", tmp_path)
    return tmp_path


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has waited for yet has ended as well.
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def _until(condition: object, deadline: float = 20.0) -> None:
    end = time.monotonic() + deadline
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.02)


def test_output_is_returned_and_kept(logs: Path) -> None:
    """What a command prints, on either stream, is returned and is in its log."""
    program = "import sys; print('to out'); print('to err', file=sys.stderr)"
    output = processes.run([sys.executable, "-c", program], "both")
    assert "to out" in output
    assert "to err" in output
    assert (logs / "both.log").read_text(encoding="utf-8") == output


def test_a_failure_shows_the_end_of_the_output_and_the_log(logs: Path) -> None:
    """A command that fails is named, with the last lines it printed and where the rest is."""
    program = "import sys; print('x\\n' * 200 + 'the reason'); sys.exit(3)"
    with pytest.raises(processes.CommandFailed) as failure:
        processes.run([sys.executable, "-c", program], "failing")
    message = str(failure.value)
    assert "ended with code 3" in message
    assert "| the reason" in message
    assert str(logs / "failing.log") in message
    assert len(message.splitlines()) < 40


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_ending_ends_grandchildren_too(tmp_path: Path) -> None:
    """Whatever a child has started ends with it."""
    note = tmp_path / "grandchild"
    program = textwrap.dedent(f"""
        import pathlib, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path({str(note)!r}).write_text(str(child.pid))
        child.wait()
    """)
    thread = threading.Thread(target=_run_ignoring_failure, args=(program,))
    thread.start()
    _until(lambda: note.exists() and note.read_text(encoding="utf-8"))
    grandchild = int(note.read_text(encoding="utf-8"))
    processes.end_all()
    thread.join(20)
    assert not thread.is_alive()
    _until(lambda: not _is_alive(grandchild))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_terminated_dev_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGTERM to dev.py ends the command it is running and is reported as such."""
    note = tmp_path / "child"
    program = (
        f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(600)"
    )
    parent = textwrap.dedent(f"""
        import pathlib, sys
        from devtools import processes
        processes.LOGS = pathlib.Path({str(tmp_path)!r})
        processes.install_signal_handlers()
        try:
            processes.run([sys.executable, "-c", {program!r}], "long")
        finally:
            processes.end_all()
    """)
    started = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT)
    _until(lambda: note.exists() and note.read_text(encoding="utf-8"))
    child = int(note.read_text(encoding="utf-8"))
    started.terminate()
    assert started.wait(30) == 128 + 15
    assert not _is_alive(child)


def _run_ignoring_failure(program: str) -> None:
    try:
        processes.run([sys.executable, "-c", program], "family")
    except processes.CommandFailed:
        return
