"""Node.js and Azurite, Microsoft's emulator of Azure Storage, under `.sandbox/node`."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess

from devtools import environment, pip, processes
from devtools.console import Console, Failure
from devtools.layout import NODE, ROOT, child_environment

OLDEST_MAJOR = 20
SOURCES = tuple(ROOT / "sandbox" / "node" / name for name in ("package.json", "package-lock.json"))
STAMP = NODE / "installed"


def ensure_node(console: Console) -> None:
    """Have Node.js on the children's PATH: the machine's own, else one from a wheel in the environment."""
    if is_usable():
        return
    environment.ensure(console, "sandbox", "node")
    if not is_usable():
        raise Failure(
            f"no Node.js {OLDEST_MAJOR} with npm is on the PATH, and the one from the registry does not run.",
            f"Install Node.js {OLDEST_MAJOR} or newer, so that `node --version` and `npm --version` answer.",
        )


def ensure_azurite(console: Console) -> None:
    """Install Azurite from its lock; does nothing when that very lock is installed."""
    if is_current():
        return
    npm = shutil.which("npm", path=child_environment()["PATH"]) or "npm"
    with console.step("Azurite, the Azure Storage emulator"):
        shutil.rmtree(NODE, ignore_errors=True)
        NODE.mkdir(parents=True)
        for source in SOURCES:
            shutil.copy(source, NODE)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        try:
            processes.run([npm, "ci", *options], "npm", cwd=NODE)
        except processes.CommandFailed as failure:
            raise pip.explained(failure, "npm", "the registry in .npmrc") from None
        STAMP.write_text(_digest(), encoding="utf-8")


def is_current() -> bool:
    """Whether Azurite was installed from the lock as it is now."""
    try:
        return STAMP.read_text(encoding="utf-8") == _digest()
    except OSError:
        return False


def _digest() -> str:
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in SOURCES)).hexdigest()


def is_usable() -> bool:
    """Whether a Node.js that is new enough, and its npm, answer."""
    path = child_environment()["PATH"]
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.match(r"v(\d+)\.", answer.stdout)
    return version is not None and int(version[1]) >= OLDEST_MAJOR
