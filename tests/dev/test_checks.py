"""Which static checks there are, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import checks, node, processes
from devtools.console import Console


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What would have been run, by the name of the log."""
    ran: dict[str, list[str]] = {}

    def run(command: list[str], log_name: str, *, env: dict[str, str]) -> str:
        ran[log_name] = command
        return ""

    monkeypatch.setattr(processes, "run", run)
    return ran


def _place(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(checks, "BICEP", folder / "bicepcheck.py")
    monkeypatch.setattr(checks, "QUERIES", folder / "kqlcheck.js")


def test_without_the_checkers_the_rest_is_checked(
    commands: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody needs more than this repository."""
    _place(monkeypatch, tmp_path)
    assert checks.run_all(Console()) == 0
    assert set(commands) == {"check-types", "check-formatting", "check-lint", "check-architecture"}


def test_with_the_checkers_infrastructure_and_queries_are_checked(
    commands: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Bicep file but those that the checker cannot read, and the whole folder for queries."""
    _place(monkeypatch, tmp_path)
    for name in ("bicepcheck.py", "kqlcheck.js"):
        (tmp_path / name).touch()
    assert checks.run_all(Console()) == 0
    given = {Path(name).name for name in commands["check-infrastructure"][2:]}
    left_out = {path.name for path in checks.INFRA.glob("*.bicep")} - given
    assert left_out == {"app-registration.bicep"}
    assert commands["check-queries"][1:] == [str(tmp_path / "kqlcheck.js"), str(checks.INFRA)]


def test_what_fails_is_said_and_the_rest_still_runs(
    commands: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    """Everything that is wrong is shown at once."""
    done = processes.run

    def run(command: list[str], log_name: str, *, env: dict[str, str]) -> str:
        done(command, log_name, env=env)
        if log_name == "check-lint":
            raise processes.CommandFailed(command, 1, "E501 somewhere", tmp_path / "log")
        return ""

    monkeypatch.setattr(processes, "run", run)
    _place(monkeypatch, tmp_path)
    assert checks.run_all(Console()) == 1
    assert "E501 somewhere" in capsys.readouterr().err
    assert len(commands) == 4


@pytest.mark.parametrize(("there", "expected"), [(True, ["node", "parser"]), (False, [])])
def test_the_parser_is_installed_for_the_checker_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, expected: list[str]
) -> None:
    """Who has no checker of queries needs no Node.js."""
    done: list[str] = []
    monkeypatch.setattr(node, "ensure_node", lambda console: done.append("node"))
    monkeypatch.setattr(node, "ensure_parser", lambda console: done.append("parser"))
    _place(monkeypatch, tmp_path)
    if there:
        (tmp_path / "kqlcheck.js").touch()
    checks.prepare(Console())
    assert done == expected
