"""The lists in pyproject.toml are what the code imports, no more and no less."""

from __future__ import annotations

import functools
import importlib.metadata
import tomllib
from collections.abc import Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT, Import, imports, modules, third_party

# Entries that no line of the app imports, and what needs them.
NEEDED_UNSEEN = {
    "azure-monitor-opentelemetry": "the worker sends to Application Insights with it",
    "tzdata": "zoneinfo, where the system has no time zones: Windows, slim images",
    "azure-functions-runtime": "the worker that runs the app, in Azure and here, pinned to one version",
    "python-multipart": "Starlette reads HTML forms with it",
}


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def _group(name: str) -> Iterator[str]:
    for entry in _pyproject()["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from _group(entry["include-group"])
        else:
            yield entry


@functools.cache
def _packages() -> dict[str, set[str]]:
    installed = importlib.metadata.packages_distributions()
    return {top: {canonicalize_name(name) for name in names} for top, names in installed.items()}


@functools.cache
def _files(distribution: str) -> frozenset[str]:
    return frozenset(str(file) for file in importlib.metadata.files(distribution) or [])


def _distributions(found: Import) -> set[str]:
    """The installed distributions that an import may come from; several share a namespace such as `azure`."""
    candidates = _packages().get(found.top, set())
    if len(candidates) <= 1:
        return candidates
    folder = found.module.replace(".", "/")
    exact = {
        name
        for name in candidates
        if any(file.startswith(f"{folder}/") or file == f"{folder}.py" for file in _files(name))
    }
    return exact or candidates


def _not_listed(places: tuple[str, ...], listed: set[str]) -> list[str]:
    return [
        str(found)
        for path in modules(*places)
        for found in imports(path)
        if third_party(found) and not _distributions(found) & listed
    ]


def test_what_the_app_imports_is_a_runtime_dependency() -> None:
    """Every third-party import of function_app.py and shared/ is in the runtime list."""
    assert not _not_listed(("function_app.py", "shared"), _names(_pyproject()["project"]["dependencies"]))


def test_every_runtime_dependency_is_needed() -> None:
    """Every entry of the runtime list is imported by the app, or its need is written down above."""
    used = {
        name
        for path in modules("function_app.py", "shared")
        for found in imports(path)
        if third_party(found)
        for name in _distributions(found)
    }
    assert _names(_pyproject()["project"]["dependencies"]) - used == set(NEEDED_UNSEEN)


def test_what_the_sandbox_imports_is_installed_for_the_demo() -> None:
    """The demo installs the runtime list and the sandbox group, so these hold all that sandbox/ imports."""
    listed = _names([*_pyproject()["project"]["dependencies"], *_group("sandbox")])
    assert not _not_listed(("sandbox",), listed)


def test_what_the_tests_import_is_installed_for_them() -> None:
    """Tests import the runtime list and the dev group only."""
    listed = _names([*_pyproject()["project"]["dependencies"], *_group("dev")])
    assert not _not_listed(("tests", "bench"), listed)
