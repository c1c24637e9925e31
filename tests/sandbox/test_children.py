"""The sandbox's child processes: they see nothing of the machine's Azure, and never outlive their parent."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.children import ROOT, Child, clean_environment, run_module

posix = pytest.mark.skipif(os.name == "nt", reason="signals and process groups")


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A module named `sleeper` that notes its process id and sleeps; the environment to find it in."""
    program = f"""
        import os, pathlib, time
        pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
        print("asleep", flush=True)
        time.sleep(600)
    """
    (tmp_path / "sleeper.py").write_text(textwrap.dedent(program), encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def _until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def _pid(tmp_path: Path) -> int:
    note = tmp_path / "pid"
    _until(lambda: note.exists() and note.read_text(encoding="ascii"))
    return int(note.read_text(encoding="ascii"))


def _is_gone(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{process_id}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_the_machines_azure_and_proxies_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child sees neither a proxy nor a setting of the developer's own Azure, unless it is given one."""
    for name in (
        "HTTPS_PROXY",
        "http_proxy",
        "AZURE_CLIENT_SECRET",
        "IDENTITY_ENDPOINT",
        "WEBSITE_SITE_NAME",
    ):
        monkeypatch.setenv(name, "from outside")
    environment = clean_environment({"AZURE_TENANT_ID": "ours"})
    assert "from outside" not in environment.values()
    assert environment["AZURE_TENANT_ID"] == "ours"
    assert environment["NO_PROXY"] == "*"


@posix
def test_a_child_stops_when_asked(tmp_path: Path, sleeper: dict[str, str]) -> None:
    """`stop` ends the process and its output is in the log."""
    child = Child(["sleeper"], sleeper, tmp_path / "log")
    assert _pid(tmp_path) == child.process_id
    _until(lambda: child.tail() == "asleep")
    assert child.exit_code is None
    child.stop()
    assert child.exit_code is not None
    child.stop()


@posix
def test_a_child_can_be_killed(tmp_path: Path, sleeper: dict[str, str]) -> None:
    """`kill` leaves the process no time to tidy up."""
    child = Child(["sleeper"], sleeper, tmp_path / "log")
    _pid(tmp_path)
    child.kill()
    assert child.exit_code == -9


@posix
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, sleeper: dict[str, str]) -> None:
    """Even a parent that had no time to tidy up leaves no process behind."""
    program = f"""
        import pathlib, time
        from sandbox.children import Child
        child = Child(["sleeper"], {sleeper!r}, pathlib.Path({str(tmp_path / "log")!r}))
        time.sleep(600)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT)
    child = _pid(tmp_path)
    assert child != parent.pid
    parent.kill()
    parent.wait(30)
    _until(lambda: _is_gone(child))


def test_a_module_that_fails_shows_its_errors(tmp_path: Path) -> None:
    """The exception of `run_module` carries what the module wrote on standard error."""
    (tmp_path / "failing.py").write_text("import sys; sys.exit('the reason')", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_module(["failing"], {"PYTHONPATH": str(tmp_path)})
    assert "the reason" in failure.value.stderr
