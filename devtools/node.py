"""Node.js, and what runs on it: Azurite, the emulator of Azure Storage, and a parser for queries."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devtools import environment, pip, processes
from devtools.console import Console, Failure
from devtools.layout import KUSTO, NODE, ROOT, child_environment

OLDEST_MAJOR = 20


@dataclass(frozen=True)
class Package:
    """What a lock of npm's installs: the folder of the lock, where to, and what people read meanwhile."""

    source: Path
    target: Path
    title: str

    @property
    def stamp(self) -> Path:
        """Remembers which lock was installed."""
        return self.target / "installed"

    @property
    def files(self) -> tuple[Path, ...]:
        """What npm needs."""
        return tuple(self.source / name for name in ("package.json", "package-lock.json"))


AZURITE = Package(ROOT / "sandbox" / "node", NODE, "Azurite, the Azure Storage emulator")
PARSER = Package(ROOT / "devtools" / "kusto", KUSTO, "Microsoft's parser for queries")


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
    _install(console, AZURITE)


def ensure_parser(console: Console) -> None:
    """Install the parser for queries from its lock; does nothing when that very lock is installed."""
    _install(console, PARSER)


def _install(console: Console, package: Package) -> None:
    if is_current(package):
        return
    npm = shutil.which("npm", path=child_environment()["PATH"]) or "npm"
    with console.step(package.title):
        shutil.rmtree(package.target, ignore_errors=True)
        package.target.mkdir(parents=True)
        for source in package.files:
            shutil.copy(source, package.target)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        try:
            processes.run([npm, "ci", *options], "npm", cwd=package.target)
        except processes.CommandFailed as failure:
            raise pip.explained(failure, "npm", "the registry in .npmrc") from None
        package.stamp.write_text(_digest(package), encoding="utf-8")


def is_current(package: Package) -> bool:
    """Whether it was installed from the lock as it is now."""
    try:
        return package.stamp.read_text(encoding="utf-8") == _digest(package)
    except OSError:
        return False


def _digest(package: Package) -> str:
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in package.files)).hexdigest()


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
