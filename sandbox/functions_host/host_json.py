"""`host.json`, with the overrides that app settings may hold."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from sandbox.functions_host.errors import StartupError
from sandbox.functions_host.timespan import parse_timespan

_OVERRIDE = "AzureFunctionsJobHost__"
# What Core Tools use on a developer's machine; in Azure it is one minute.
_MAX_POLLING_INTERVAL = "00:00:02"
_SHORTEST_POLLING_INTERVAL = timedelta(milliseconds=100)


class QueuesSection(msgspec.Struct, rename="camel"):
    """`extensions.queues`, with the platform's defaults."""

    batch_size: int = 16
    new_batch_threshold: int | None = None
    max_polling_interval: str = _MAX_POLLING_INTERVAL
    visibility_timeout: str = "00:00:00"
    max_dequeue_count: int = 5
    message_encoding: str = "base64"


class HttpSection(msgspec.Struct, rename="camel"):
    """`extensions.http`."""

    route_prefix: str = "api"


class Extensions(msgspec.Struct):
    """`extensions`."""

    http: HttpSection = msgspec.field(default_factory=HttpSection)
    queues: QueuesSection = msgspec.field(default_factory=QueuesSection)


class Logging(msgspec.Struct, rename="camel"):
    """`logging`."""

    log_level: dict[str, str] = msgspec.field(default_factory=dict)


class HostJson(msgspec.Struct, rename="camel"):
    """The parts of `host.json` that this host acts upon; others are accepted and ignored."""

    version: str
    function_timeout: str | None = None
    extensions: Extensions = msgspec.field(default_factory=Extensions)
    logging: Logging = msgspec.field(default_factory=Logging)

    @property
    def timeout(self) -> timedelta | None:
        """How long one invocation may take; None is without limit. Unset is 30 minutes."""
        if self.function_timeout == "-1":
            return None
        return parse_timespan(self.function_timeout or "00:30:00")

    @property
    def max_polling_interval(self) -> timedelta:
        """The longest wait between two looks at an idle queue."""
        return parse_timespan(self.extensions.queues.max_polling_interval)

    @property
    def visibility_timeout(self) -> timedelta:
        """How long a failed message stays hidden before it is tried again."""
        return parse_timespan(self.extensions.queues.visibility_timeout)

    @property
    def new_batch_threshold(self) -> int:
        """With how many messages in work the next batch is fetched; unset: half a batch per processor."""
        queues = self.extensions.queues
        if queues.new_batch_threshold is not None:
            return queues.new_batch_threshold
        return queues.batch_size // 2 * (os.cpu_count() or 1)


def load_host_json(root: Path, environment: Mapping[str, str]) -> HostJson:
    """Read and check `host.json` of the project in `root`.

    App settings named `AzureFunctionsJobHost__section__key` override it, as in Azure. Raises `StartupError`.
    """
    path = root / "host.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StartupError(f"{root} has no host.json, so it is not a Functions project.") from None
    except (OSError, ValueError) as error:
        raise StartupError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(document, dict):
        raise StartupError(f"{path} must be an object.")
    for name, value in environment.items():
        if name.startswith(_OVERRIDE):
            _override(document, name.removeprefix(_OVERRIDE).split("__"), value)
    try:
        host = msgspec.convert(document, HostJson, strict=False)
        _check(host)
    except (msgspec.ValidationError, ValueError) as error:
        raise StartupError(f"{path}: {error}.") from None
    return host


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    *sections, key = path
    for section in sections:
        inner = document.setdefault(section, {})
        if not isinstance(inner, dict):
            raise StartupError(f"{_OVERRIDE}{'__'.join(path)}: host.json has no section {section}.")
        document = inner
    document[key] = value


def _check(host: HostJson) -> None:
    queues = host.extensions.queues
    if host.version != "2.0":
        raise ValueError('version must be "2.0"')
    if not 1 <= queues.batch_size <= 32:
        raise ValueError("extensions.queues.batchSize must be from 1 to 32")
    if host.new_batch_threshold < 0 or queues.max_dequeue_count < 1:
        raise ValueError("newBatchThreshold must not be negative and maxDequeueCount must be at least 1")
    if queues.message_encoding.lower() not in {"base64", "none"}:
        raise ValueError("extensions.queues.messageEncoding must be base64 or none")
    if host.max_polling_interval < _SHORTEST_POLLING_INTERVAL:
        raise ValueError("extensions.queues.maxPollingInterval must be at least 00:00:00.1")
    if host.timeout is not None and host.timeout <= timedelta(0):
        raise ValueError("functionTimeout must be positive, or -1 for none")
    _ = host.visibility_timeout
