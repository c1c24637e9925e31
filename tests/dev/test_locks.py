"""The locks match pyproject.toml, without asking a registry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devtools import locks
from devtools.layout import ROOT
from devtools.locks import Lock

PYTHONS = ("3.11", "3.12", "3.13")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _group(name: str) -> Iterator[Requirement]:
    for entry in PROJECT["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from _group(entry["include-group"])
        else:
            yield Requirement(entry)


def _wanted(lock: Lock) -> list[Requirement]:
    runtime = [Requirement(text) for text in PROJECT["project"]["dependencies"]] if lock.project else []
    return [*runtime, *(requirement for group in lock.groups for requirement in _group(group))]


def _on(python: str) -> dict[str, str | AbstractSet[str]]:
    return {"python_version": python, "python_full_version": f"{python}.0"}


def _pinned(lock: Lock, python: str) -> dict[str, str]:
    """Version by name of what a lock installs on one Python."""
    pins: dict[str, str] = {}
    for line in lock.path.read_text(encoding="utf-8").splitlines():
        if not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate(_on(python)):
                (pin,) = requirement.specifier
                assert pin.operator == "=="
                assert requirement.name not in pins, f"{requirement.name} is pinned twice for {python}"
                pins[canonicalize_name(requirement.name)] = pin.version
    return pins


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", locks.ALL, ids=lambda lock: lock.path.stem)
def test_a_lock_pins_all_that_is_wanted(lock: Lock, python: str) -> None:
    """Each entry of the lists is pinned, to a version that its limits allow, for every supported Python."""
    pins = _pinned(lock, python)
    for requirement in _wanted(lock):
        if requirement.marker is None or requirement.marker.evaluate(_on(python)):
            name = canonicalize_name(requirement.name)
            assert name in pins, f"{name} is not locked: run `python3 dev.py lock`"
            assert requirement.specifier.contains(pins[name], prereleases=True), name


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", [lock for lock in locks.ALL if lock.within], ids=lambda lock: lock.path.stem)
def test_a_lock_repeats_the_one_below_it(lock: Lock, python: str) -> None:
    """What is tested is what is deployed: the same versions, in every layer."""
    below = next(other for other in locks.ALL if other.path == lock.within)
    assert _pinned(below, python).items() <= _pinned(lock, python).items()


@pytest.mark.parametrize("lock", locks.ALL, ids=lambda lock: lock.path.stem)
def test_every_pin_has_a_hash(lock: Lock) -> None:
    """No line of a lock can be satisfied by a file that nobody has seen."""
    text = lock.path.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[^ #])", text)
    assert all("--hash=sha256:" in block for block in blocks if not block.startswith("#"))
    assert not re.search(r"https?:|--(?:extra-)?index-url|--find-links|file:", text)


def test_the_worker_is_pinned_to_one_version() -> None:
    """Azure and the local host run the same worker, because both lists name one version."""
    (wanted,) = (
        r for r in map(Requirement, PROJECT["project"]["dependencies"]) if r.name == "azure-functions-runtime"
    )
    (pin,) = wanted.specifier
    assert _pinned(locks.RUNTIME, "3.13")["azure-functions-runtime"] == pin.version
    assert "azure-functions-runtime" not in _pinned(locks.RUNTIME, "3.12")
