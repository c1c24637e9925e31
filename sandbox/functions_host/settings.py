"""App settings: `local.settings.json` into the environment, and what the host itself looks up there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from sandbox.functions_host.errors import FunctionError, StartupError

_PLACEHOLDER = re.compile(r"%([^%]*)%")
_IDENTITY_SUFFIXES = ("serviceUri", "queueServiceUri", "accountName", "credential", "clientId")


def load_local_settings(path: Path, *, required: bool) -> None:
    """Put the `Values` of `local.settings.json` into the environment; a variable already set there wins.

    A missing file is fine unless `required`. Raises `StartupError` when it cannot be read, is encrypted, or
    holds a value that is not a string.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if required:
            raise StartupError(f"The settings file {path} does not exist.") from None
        return
    except (OSError, ValueError) as error:
        raise StartupError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("Values", {}), dict):
        raise StartupError(f"{path} must be an object with an object named Values.")
    if document.get("IsEncrypted"):
        raise StartupError(f"{path} is encrypted, which this host cannot read.")
    for name, value in document.get("Values", {}).items():
        if not isinstance(value, str):
            raise StartupError(f"The value of {name} in {path} must be a string.")
        os.environ.setdefault(name, value)


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replace every `%NAME%` with the setting of that name. Raises `FunctionError` when there is none."""

    def value(found: re.Match[str]) -> str:
        try:
            return environment[found[1]]
        except KeyError:
            raise FunctionError(f"'%{found[1]}%' does not resolve to a value: set {found[1]}.") from None

    return _PLACEHOLDER.sub(value, text)


def connection_string(name: str, environment: Mapping[str, str]) -> str:
    """Look up the storage connection a binding names, with or without the prefix `AzureWebJobs`.

    Raises `FunctionError` when it is missing or identity-based; the message never holds the value.
    """
    name = name or "AzureWebJobsStorage"
    for candidate in (f"AzureWebJobs{name}", name):
        if value := environment.get(candidate):
            return value
        for suffix in _IDENTITY_SUFFIXES:
            if environment.get(f"{candidate}__{suffix}"):
                raise FunctionError(
                    f"{candidate}__{suffix} asks for an identity-based connection, which this host does not "
                    f"support: set {candidate} to a connection string."
                )
    raise FunctionError(f"The storage connection {name} is not set.")


def is_disabled(function: str, environment: Mapping[str, str]) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled`, or its spelling with `__`, says `true` or `1`."""
    spellings = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs__{function}__Disabled")
    return any(environment.get(name, "").strip().lower() in {"true", "1"} for name in spellings)
