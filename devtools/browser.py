"""Chromium for the browser tests: the machine's own, or Debian's package where we may install it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from devtools import processes
from devtools.console import Console, Failure

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OS_RELEASE = Path("/etc/os-release")


def ensure(console: Console) -> str | None:
    """Path of a Chromium, installed with apt when we are root; None when the browser tests must be left out.

    Raises Failure instead of returning None where leaving them out would hide something: in continuous
    integration, and where the installation was ours to do.
    """
    found = _find()
    if found is not None:
        return found
    if _may_install():
        with console.step("Chromium"):
            quiet = {"DEBIAN_FRONTEND": "noninteractive"}
            processes.run(["apt-get", "update"], "chromium", env=quiet)
            processes.run(
                ["apt-get", "install", "-y", "--no-install-recommends", "chromium"], "chromium", env=quiet
            )
        found = _find()
    if found is None and (_may_install() or os.environ.get("CI")):
        raise Failure(
            "the browser tests need Chromium, and there is none.", "Install it: apt-get install chromium"
        )
    return found


def _find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _may_install() -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    try:  # Debian itself: Ubuntu's package of that name is a pointer to a snap, which needs systemd
        return re.search(r"^ID=debian$", OS_RELEASE.read_text(encoding="utf-8"), re.MULTILINE) is not None
    except OSError:
        return False
