"""Where pip comes from, and what is said when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import pip, processes
from devtools.console import Failure
from devtools.interpreter import Interpreter
from devtools.layout import VENV_PYTHON

PYTHON = Interpreter("/py/python3", (3, 11, 2))


def _failure(output: str) -> processes.CommandFailed:
    return processes.CommandFailed(["pip", "install"], 1, output, Path("pip.log"))


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "HTTPS_PROXY"),
        ("ProxyError('Cannot connect to proxy.')", "PIP_INDEX_URL"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "SSL_CERT_FILE"),
        ("ERROR: No matching distribution found for aiohttp==3.14.5", "registry"),
        ("npm error code ECONNREFUSED", "registry"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "dev.py lock"),
    ],
)
def test_the_remedy_fits_the_failure(output: str, remedy: str) -> None:
    """What the installer printed decides who is asked to do what; the log is named in every case."""
    message = str(pip.explained(_failure(output), "pip", "PIP_INDEX_URL"))
    assert remedy in message
    assert "pip.log" in message
    assert output in message


def test_an_unknown_failure_is_shown_as_it_is() -> None:
    """Nothing is guessed about output that nobody foresaw."""
    failure = _failure("Segmentation fault")
    assert pip.explained(failure, "pip", "PIP_INDEX_URL") is failure


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine where commands answer as told, by their first words; everything else fails."""
    answers: dict[str, str] = {}

    def answer(command: list[str]) -> str:
        line = " ".join(command)
        return next((text for start, text in answers.items() if start in line), "")

    monkeypatch.setattr(pip, "_answers", answer)
    monkeypatch.setattr(pip, "VENV", tmp_path / "venv")
    monkeypatch.setattr(pip, "DEBIAN_WHEELS", tmp_path / "wheels")
    monkeypatch.setattr(pip, "FETCHED", tmp_path / "fetched")
    monkeypatch.setattr(processes, "run", lambda command, log_name, **options: "")
    return answers


def test_ensurepip_comes_first(machine: dict[str, str]) -> None:
    """An interpreter with ensurepip gives the environment a pip of its own."""
    machine["ensurepip"] = "pip 24.2"
    assert pip.create_environment(PYTHON) == [str(VENV_PYTHON), "-m", "pip"]


def test_the_interpreters_own_pip_comes_second(machine: dict[str, str]) -> None:
    """Without ensurepip, a pip that can install into another environment does so."""
    machine["/py/python3 -m pip"] = "pip 23.0.1 from somewhere"
    assert pip.create_environment(PYTHON) == ["/py/python3", "-m", "pip", "--python", str(VENV_PYTHON)]


def test_a_pip_that_is_too_old_is_passed_over(machine: dict[str, str], tmp_path: Path) -> None:
    """A pip from before the option --python is no help; the distribution's wheel is."""
    machine["/py/python3 -m pip"] = "pip 20.3.4 from somewhere"
    machine[".whl/pip --version"] = "pip 23.0.1"
    (tmp_path / "wheels").mkdir()
    wheel = tmp_path / "wheels" / "pip-23.0.1-py3-none-any.whl"
    wheel.touch()
    assert pip.create_environment(PYTHON) == [str(VENV_PYTHON), str(wheel / "pip")]


def test_the_distributions_package_is_fetched_last(
    machine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing on the machine, the wheel is downloaded with the distribution's own tool."""
    machine[".whl/pip --version"] = "pip 23.0.1"
    folder = tmp_path / "fetched/usr/share/python-wheels"

    def download() -> None:
        folder.mkdir(parents=True)
        (folder / "pip-23.0.1-py3-none-any.whl").touch()

    monkeypatch.setattr("devtools.pip.shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(pip, "_download_debian_package", download)
    assert str(folder) in pip.create_environment(PYTHON)[1]


def test_no_pip_anywhere_says_what_to_install(
    machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every way is closed, the message names the package to install."""
    monkeypatch.setattr("devtools.pip.shutil.which", lambda name: None)
    with pytest.raises(Failure, match="neither ensurepip nor pip") as failure:
        pip.create_environment(PYTHON)
    assert "apt-get install python3-venv" in str(failure.value)
