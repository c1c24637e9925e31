"""Which Python the app runs on here: 3.13, as in Azure, if there is one, else the newest supported."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.console import Failure
from devtools.layout import VENV, WINDOWS

SUPPORTED = ((3, 13), (3, 12), (3, 11))
OVERRIDE = "TENANTRY_PYTHON"

# Started for real: a shim on the PATH may have nothing behind it, and a Python may lack half its library.
_PROBE = """
import ctypes, hashlib, json, ssl, sys, sysconfig, venv, zlib
print(json.dumps([sys.version_info[:3], sys.implementation.name, sys.executable,
                  bool(sysconfig.get_config_var("Py_GIL_DISABLED"))]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that was started and answered."""

    executable: str
    version: tuple[int, int, int]

    def fingerprint(self) -> str:
        """Changes when this Python is replaced by another build."""
        return fingerprint(self.executable)


def fingerprint(executable: str) -> str:
    """Identity of the file behind a path; empty when it is gone."""
    try:
        found = os.stat(executable)
    except OSError:
        return ""
    return f"{os.path.realpath(executable)}:{found.st_size}:{found.st_mtime_ns}"


def choose() -> Interpreter:
    """The Python to build the environment on; raises Failure when none will do."""
    wanted = os.environ.get(OVERRIDE)
    if wanted:
        chosen = probe([shutil.which(wanted) or wanted])
        if chosen is None or chosen.version[:2] not in SUPPORTED:
            raise Failure(
                f"{OVERRIDE}={wanted} is not a complete Python 3.11, 3.12 or 3.13.",
                f"Set {OVERRIDE} to the path of one that is, or unset it.",
                exit_code=2,
            )
        return chosen
    for version in SUPPORTED:
        for command in _candidates(version):
            found = probe(command)
            if found is not None and found.version[:2] == version:
                return found
    raise Failure(
        "no complete Python 3.11, 3.12 or 3.13 was found on this machine.",
        "Install one (Debian and Ubuntu: apt-get install python3), or name one:"
        f" {OVERRIDE}=/path/to/python3.13 python3 dev.py ...",
        exit_code=2,
    )


def probe(command: list[str]) -> Interpreter | None:
    """Start a Python and ask what it is; None when it does not run or is not a full CPython."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        answer = subprocess.run(
            [*command, "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=environment,
        )
        version, implementation, executable, free_threaded = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if implementation != "cpython" or free_threaded or not executable:
        return None
    return Interpreter(executable, tuple(version))


def _candidates(version: tuple[int, int]) -> Iterator[list[str]]:
    name = f"python{version[0]}.{version[1]}"
    if sys.version_info[:2] == version and not Path(sys.executable).is_relative_to(VENV):
        yield [sys.executable]
    if WINDOWS:
        yield ["py", f"-{version[0]}.{version[1]}"]
    path = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    for folder in [*path, *_well_known_folders(version)]:
        executable = str(folder / (f"{name}.exe" if WINDOWS else name))
        if os.path.isfile(executable) and not Path(executable).is_relative_to(VENV):
            yield [executable]


def _well_known_folders(version: tuple[int, int]) -> Iterator[Path]:
    number = f"{version[0]}.{version[1]}"
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    for parent, pattern in ((pyenv, f"{number}*"), (uv, f"cpython-{number}*")):
        with contextlib.suppress(OSError):  # another user's home may be closed to us
            yield from (folder / "bin" for folder in sorted(parent.glob(pattern), reverse=True))
    yield from (Path("/usr/local/bin"), Path("/usr/bin"), Path("/opt/homebrew/bin"))
    yield Path(f"/Library/Frameworks/Python.framework/Versions/{number}/bin")
