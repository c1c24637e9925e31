"""When the environment is made again, and when it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devtools import environment, interpreter, pip
from devtools.console import Console, Failure
from devtools.environment import State


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with locks and an environment that counts as made."""
    locks = tmp_path / "locks"
    locks.mkdir()
    for layer in environment.LAYERS:
        (locks / f"{layer}.txt").write_text(f"{layer}==1\n", encoding="utf-8")
    python = tmp_path / "venv-python"
    python.touch()
    monkeypatch.setattr(environment, "LOCKS", locks)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "SANDBOX", tmp_path)
    monkeypatch.setattr(environment, "STATE", tmp_path / "environment.json")
    monkeypatch.setattr(environment, "VENV_PYTHON", python)
    monkeypatch.delenv(interpreter.OVERRIDE, raising=False)
    return tmp_path


@pytest.fixture
def installed(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the locks that get installed, and `venv` for each environment that is made."""
    done: list[str] = []

    def create(chosen: interpreter.Interpreter) -> list[str]:
        done.append("venv")
        return ["pip"]

    def install(command: list[str], lock: Path, log_name: str, *options: str) -> None:
        done.append(lock.stem)

    monkeypatch.setattr(pip, "create_environment", create)
    monkeypatch.setattr(pip, "install", install)
    monkeypatch.setattr(interpreter, "choose", lambda: interpreter.Interpreter(sys.executable, (3, 13, 0)))
    return done


def test_the_second_time_nothing_is_done(installed: list[str]) -> None:
    """Everything is installed once, in order."""
    environment.ensure(Console(), "sandbox", "dev")
    assert installed == ["venv", "sandbox", "dev"]
    environment.ensure(Console(), "sandbox", "dev")
    environment.ensure(Console(), "sandbox")
    assert installed == ["venv", "sandbox", "dev"]


def test_a_layer_is_added_to_what_is_there(installed: list[str]) -> None:
    """The tools for tests come on top of the environment of the demo."""
    environment.ensure(Console(), "sandbox")
    environment.ensure(Console(), "sandbox", "dev")
    assert installed == ["venv", "sandbox", "dev"]


def test_a_changed_lock_means_a_new_environment(project: Path, installed: list[str]) -> None:
    """No package that left a lock stays installed."""
    environment.ensure(Console(), "sandbox", "dev")
    (project / "locks" / "dev.txt").write_text("dev==2\n", encoding="utf-8")
    environment.ensure(Console(), "sandbox")
    assert installed == ["venv", "sandbox", "dev", "venv", "sandbox"]


def test_another_python_means_a_new_environment(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replaced interpreter, or another choice of it, is noticed."""
    environment.ensure(Console(), "sandbox")
    monkeypatch.setattr(interpreter, "fingerprint", lambda executable: "another build")
    environment.ensure(Console(), "sandbox")
    monkeypatch.setenv(interpreter.OVERRIDE, "python3.12")
    environment.ensure(Console(), "sandbox")
    assert installed == ["venv", "sandbox"] * 3


def test_an_interrupted_installation_is_taken_up_again(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer counts as installed only when its installation has ended well."""

    def fail(command: list[str], lock: Path, log_name: str, *options: str) -> None:
        raise Failure("no network")

    with monkeypatch.context() as broken:
        broken.setattr(pip, "install", fail)
        with pytest.raises(Failure):
            environment.ensure(Console(), "sandbox")
    environment.ensure(Console(), "sandbox")
    assert installed == ["venv", "venv", "sandbox"]


def test_a_damaged_memory_is_no_memory(project: Path) -> None:
    """A state file that cannot be read counts as none."""
    environment.STATE.write_text('{"python": ', encoding="utf-8")
    assert State.read() == State()
    environment.STATE.write_text('{"unknown": 1}', encoding="utf-8")
    assert not State.read().is_current()


def test_an_older_python_gets_the_worker_too(
    project: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 3.11 and 3.12 the pinned worker is installed against its marker, hashes included."""
    pinned = (
        "azure-functions==2.3.0 ; python_full_version >= '3.13' \\\n    --hash=sha256:aa\n"
        "azure-functions-runtime==1.3.0 ; python_full_version >= '3.13' \\\n"
        "    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
        "azure-identity==1.0 \\\n    --hash=sha256:dd\n"
    )
    (project / "requirements.txt").write_text(pinned, encoding="utf-8")
    monkeypatch.setattr(interpreter, "choose", lambda: interpreter.Interpreter(sys.executable, (3, 12, 1)))
    environment.ensure(Console(), "sandbox")
    assert installed == ["venv", "sandbox", "worker"]
    expected = "azure-functions-runtime==1.3.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    assert (project / "worker.txt").read_text(encoding="utf-8") == expected


def test_too_little_room_is_said_before_anything_is_installed(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nearly full disk is a clear message."""
    monkeypatch.setattr(environment, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(Failure, match="GB"):
        environment.ensure(Console(), "sandbox")
    assert installed == []
