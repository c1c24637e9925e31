"""What each command prepares and starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import browser, cli, environment, node, processes
from devtools.console import Console, Failure


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been prepared and started, in order of names."""
    log: list[str] = []

    def prepared(name: str) -> object:
        return lambda console, *layers: log.append(" ".join([name, *layers]))

    def started(command: list[str], *, env: dict[str, str] | None = None) -> int:
        log.append(" ".join(["start", *command[1:]]))
        return 7

    monkeypatch.setattr(environment, "ensure", prepared("packages"))
    monkeypatch.setattr(node, "ensure_node", prepared("node"))
    monkeypatch.setattr(node, "ensure_azurite", prepared("azurite"))
    monkeypatch.setattr(node, "is_usable", lambda: False)
    monkeypatch.setattr(browser, "ensure", lambda console: "/bin/chromium")
    monkeypatch.setattr(processes, "run_attached", started)
    monkeypatch.setattr(processes, "hand_over", started)
    monkeypatch.setattr(processes, "install_signal_handlers", lambda: None)
    return log


def test_demo_hands_its_options_over(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file for the report is meant relative to where the command was given."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--json", "report.json", "--keep"]) == 7
    assert done == [
        "packages sandbox",
        "node",
        "azurite",
        f"start -m sandbox demo --json {tmp_path / 'report.json'} --keep",
    ]


@pytest.mark.parametrize(
    ("given", "handed_over"),
    [
        ([], ""),
        (["--telemetry"], " --telemetry http://127.0.0.1:4318"),
        (["--port", "8080", "--telemetry", "http://there:1"], " --port 8080 --telemetry http://there:1"),
    ],
)
def test_up_hands_its_options_over(done: list[str], given: list[str], handed_over: str) -> None:
    """A collector that is not named is where collectors listen."""
    assert cli.main(["up", *given]) == 7
    assert done[-1] == f"start -m sandbox up{handed_over}"


def test_bench_hands_its_options_over(
    done: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A measurement gets the storage emulator, and its file is meant relative to where we are."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "engine", "--json", "figures.json", "--users", "10,20"]) == 7
    assert done[-2:] == [
        "azurite",
        f"start -m bench engine --json {tmp_path / 'figures.json'} --users 10,20",
    ]


def test_unit_tests_need_no_storage_emulator(done: list[str]) -> None:
    """A selection of tests that touch nothing outside prepares Python packages alone."""
    assert cli.main(["test", "tests/unit", "-k", "guard"]) == 7
    assert done == ["packages sandbox dev", "start -m pytest tests/unit -k guard"]


@pytest.mark.parametrize(
    "arguments", [[], ["tests/integration"], ["tests/unit", "tests/e2e"], ["-k", "lease"]]
)
def test_other_tests_need_the_storage_emulator(done: list[str], arguments: list[str]) -> None:
    """Without a selection, or with one that may need it, Azurite is there."""
    cli.main(["test", *arguments])
    assert "azurite" in done


@pytest.mark.parametrize(("cores", "expected"), [(None, 1), (2, 2), (64, 4)])
def test_all_tests_run_side_by_side(
    done: list[str], monkeypatch: pytest.MonkeyPatch, cores: int | None, expected: int
) -> None:
    """One process per core, within reason, and whole modules to each, whose tests share what they start."""
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    cli.main(["test"])
    assert done[-1] == f"start -m pytest -n {expected} --dist loadfile"


def test_missing_chromium_leaves_out_the_browser_tests_loudly(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody can take a run without browser tests for a whole one."""
    monkeypatch.setattr(browser, "ensure", lambda console: None)
    cli.main(["test", "-q"])
    assert done[-1] == "start -m pytest --ignore=tests/browser -q"
    assert "THE BROWSER TESTS WERE LEFT OUT" in capfd.readouterr().err


def test_a_failure_is_one_message(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What happened and what to do are shown, without a traceback."""

    def fail(*arguments: object) -> None:
        raise Failure("the registry is closed", "Open it.", exit_code=4)

    monkeypatch.setattr(environment, "ensure", fail)
    assert cli.main(["test", "tests/unit"]) == 4
    shown = capfd.readouterr().err
    assert "dev.py: the registry is closed\n        Open it." in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("ci", [True, False])
def test_continuous_integration_never_goes_without_chromium(
    monkeypatch: pytest.MonkeyPatch, ci: bool
) -> None:
    """Where CI is set, a missing browser is an error; elsewhere it is None."""
    monkeypatch.setattr(browser, "_find", lambda: None)
    monkeypatch.setattr(browser, "_may_install", lambda: False)
    monkeypatch.setenv("CI", "true") if ci else monkeypatch.delenv("CI", raising=False)
    if ci:
        with pytest.raises(Failure, match="Chromium"):
            browser.ensure(Console())
    else:
        assert browser.ensure(Console()) is None
