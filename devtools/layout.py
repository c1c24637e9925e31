"""Where things are: the repository's root and what `dev.py` keeps under `.sandbox/`."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = ROOT / ".sandbox"
LOGS = SANDBOX / "logs"
VENV = SANDBOX / "venv"
NODE = SANDBOX / "node"
KUSTO = SANDBOX / "kusto"
LOCKS = ROOT / "locks"

WINDOWS = os.name == "nt"
VENV_BIN = VENV / ("Scripts" if WINDOWS else "bin")
VENV_PYTHON = VENV_BIN / ("python.exe" if WINDOWS else "python")

# Variables that would make a child look for packages outside the environment made for it.
_MISLEADING = (
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
)


def child_environment() -> dict[str, str]:
    """The environment every child gets: the caller's, with our own programs first on the PATH."""
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    environment["PATH"] = os.pathsep.join([str(VENV_BIN), environment.get("PATH", os.defpath)])
    environment |= {"PYTHONUTF8": "1", "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1"}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return environment
