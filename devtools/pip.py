"""A pip for the environment, wherever this machine hides one.

Debian and Ubuntu split `ensurepip` out of python3, so an ordinary `python3 -m venv` fails there. In order:
the interpreter's ensurepip, its own pip, the wheel of python3-pip-whl, and that package fetched without root.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from devtools import processes
from devtools.console import Failure
from devtools.interpreter import Interpreter
from devtools.layout import SANDBOX, VENV, VENV_PYTHON, child_environment

OLDEST_WITH_PYTHON_OPTION = (22, 3)
DEBIAN_WHEELS = Path("/usr/share/python-wheels")
FETCHED = SANDBOX / "python3-pip-whl"

_UNREACHABLE = re.compile(
    r"Temporary failure in name resolution|Name or service not known|getaddrinfo|Could not resolve|ENOTFOUND|"
    r"EAI_AGAIN|NewConnectionError|ProxyError|Connection(?:Error| refused| reset| aborted)|Unable to connect|"
    r"ECONNREFUSED|ECONNRESET|ETIMEDOUT|Max retries exceeded|Read timed out|"
    r"ConnectTimeout|No matching distribution found|"
    r"SSLError|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER"
)


def create_environment(interpreter: Interpreter) -> list[str]:
    """Make `.sandbox/venv` anew; returns the command that is its pip."""
    shutil.rmtree(VENV, ignore_errors=True)
    python = interpreter.executable
    if _answers([python, "-m", "ensurepip", "--version"]):
        try:
            processes.run([python, "-m", "venv", str(VENV)], "venv")
        except processes.CommandFailed:
            shutil.rmtree(VENV, ignore_errors=True)  # ensurepip is there but its wheels are not
        else:
            return [str(VENV_PYTHON), "-m", "pip"]
    processes.run([python, "-m", "venv", "--without-pip", str(VENV)], "venv")
    return _own_pip(interpreter) or _wheel_in(DEBIAN_WHEELS) or _fetch_debian_wheel()


def install(pip: list[str], lock: Path, log_name: str, *options: str) -> None:
    """Install a hash-checked lock; raises Failure naming who must act."""
    try:
        processes.run(
            [*pip, "install", "--no-compile", "--require-hashes", *options, "-r", str(lock)], log_name
        )
    except processes.CommandFailed as failure:
        raise explained(failure, "pip", "PIP_INDEX_URL or pip.conf") from None


def explained(failure: processes.CommandFailed, program: str, configuration: str) -> Failure:
    """The same failure of a package installer, with the remedy that fits what it printed."""
    output = failure.output
    if "No space left on device" in output or "ENOSPC" in output:
        remedy = f"The disk is full. Free about 1.5 GB where {SANDBOX} lives and repeat the command."
    elif "DO NOT MATCH THE HASHES" in output or "EINTEGRITY" in output:
        remedy = (
            "The registry offered a file that differs from the one that was locked. Ask whoever runs it;\n"
            "if the difference is intended, `python3 dev.py lock` makes new locks."
        )
    elif _UNREACHABLE.search(output):
        remedy = (
            f"{program} could not get a package from its registry. Behind a proxy or with a mirror, set\n"
            f"HTTPS_PROXY (and SSL_CERT_FILE for its certificate) or {configuration}, and repeat."
        )
    else:
        return failure
    return Failure(failure.what, f"{remedy}\n{failure.remedy}", details=failure.details)


def _answers(command: list[str]) -> str:
    """The output of a quick command, empty when it fails."""
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, env=child_environment()
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout or found.stderr


def _own_pip(interpreter: Interpreter) -> list[str] | None:
    version = re.match(r"pip (\d+)\.(\d+)", _answers([interpreter.executable, "-m", "pip", "--version"]))
    if version is None or (int(version[1]), int(version[2])) < OLDEST_WITH_PYTHON_OPTION:
        return None
    return [interpreter.executable, "-m", "pip", "--python", str(VENV_PYTHON)]


def _wheel_in(folder: Path) -> list[str] | None:
    wheels = sorted(folder.glob("pip-*.whl"))
    command = [str(VENV_PYTHON), str(wheels[-1] / "pip")] if wheels else []
    return command if command and _answers([*command, "--version"]) else None


def _fetch_debian_wheel() -> list[str]:
    found = _wheel_in(FETCHED / "usr/share/python-wheels")
    if found is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        try:
            _download_debian_package()
        except processes.CommandFailed as failure:
            raise _no_pip(failure.details) from None
        found = _wheel_in(FETCHED / "usr/share/python-wheels")
    if found is None:
        raise _no_pip("")
    return found


def _download_debian_package() -> None:
    """Fetch python3-pip-whl with apt's own sources but none of its system-wide state, which needs root."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (FETCHED / folder).mkdir(parents=True, exist_ok=True)
    private = [
        "-o", f"Dir::State::lists={FETCHED}/lists",
        "-o", f"Dir::Cache={FETCHED}/cache",
        "-o", "Debug::NoLocking=true",
        "-o", "APT::Sandbox::User=",
    ]  # fmt: skip
    processes.run(["apt-get", *private, "update"], "apt-update")
    processes.run(["apt-get", *private, "download", "python3-pip-whl"], "apt-download", cwd=FETCHED)
    for package in FETCHED.glob("*.deb"):
        processes.run(["dpkg-deb", "-x", str(package), str(FETCHED)], "dpkg-deb")


def _no_pip(details: str) -> Failure:
    return Failure(
        "this Python can make no environment with pip: it has neither ensurepip nor pip.",
        "Debian and Ubuntu: apt-get install python3-venv. Elsewhere: install a complete Python, or name\n"
        "another with TENANTRY_PYTHON=/path/to/python3.13.",
        details=details,
    )
