"""Which Python is chosen."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from devtools import interpreter
from devtools.console import Failure

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


def _python(folder: Path, name: str, answer: object, *, exit_code: int = 0) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\nexit {exit_code}\n", encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no Python but the ones a test puts there, started by an unsupported one."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv(interpreter.OVERRIDE, raising=False)
    monkeypatch.setattr(interpreter, "sys", SimpleNamespace(version_info=(3, 99, 0), executable="/py/3.99"))
    monkeypatch.setattr(interpreter, "_well_known_folders", lambda version: iter([tmp_path / "known"]))
    return tmp_path


def test_the_running_python_answers() -> None:
    """A real interpreter says its version and where it is."""
    found = interpreter.probe([sys.executable])
    assert found is not None
    assert found.version == sys.version_info[:3]
    assert found.fingerprint()


def test_the_newest_supported_version_wins(machine: Path) -> None:
    """3.13 is preferred, wherever it is; 3.14 is not supported yet."""
    for version in ((3, 11, 9), (3, 14, 0)):
        name = f"python{version[0]}.{version[1]}"
        _python(machine / "path", name, [version, "cpython", f"/py/{name}", False])
    _python(machine / "known", "python3.13", [(3, 13, 1), "cpython", "/py/python3.13", False])
    assert interpreter.choose().executable == "/py/python3.13"


def test_a_shim_that_does_not_run_is_passed_over(machine: Path) -> None:
    """Being on the PATH is not enough: the next one that really runs is taken."""
    _python(machine / "path", "python3.13", "command not found", exit_code=127)
    _python(machine / "path", "python3.12", [(3, 12, 4), "cpython", "/py/python3.12", False])
    assert interpreter.choose().version == (3, 12, 4)


@pytest.mark.parametrize(
    "answer",
    [
        [(3, 13, 0), "pypy", "/py/python3.13", False],
        [(3, 13, 0), "cpython", "/py/python3.13t", True],
        [(3, 13, 0), "cpython", "", False],
        [(3, 12, 0), "cpython", "/py/python3.12", False],
        "nonsense",
    ],
)
def test_what_is_not_an_ordinary_python_of_that_version_is_passed_over(machine: Path, answer: object) -> None:
    """Other implementations, free-threaded builds and wrong versions are not used."""
    _python(machine / "path", "python3.13", answer)
    with pytest.raises(Failure) as failure:
        interpreter.choose()
    assert failure.value.exit_code == 2
    assert "apt-get install python3" in str(failure.value)


def test_the_override_beats_everything(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TENANTRY_PYTHON is used although a newer one is there."""
    _python(machine / "path", "python3.13", [(3, 13, 0), "cpython", "/py/python3.13", False])
    chosen = _python(machine / "mine", "python", [(3, 11, 2), "cpython", "/py/mine", False])
    monkeypatch.setenv(interpreter.OVERRIDE, chosen)
    assert interpreter.choose().executable == "/py/mine"


def test_a_python_that_is_gone_has_no_fingerprint(tmp_path: Path) -> None:
    """An interpreter that was uninstalled can be told from one that is there."""
    path = _python(tmp_path, "python3.13", [])
    before = interpreter.fingerprint(path)
    assert before
    os.remove(path)
    assert interpreter.fingerprint(path) == ""
