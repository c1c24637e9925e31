"""What the app logs, as events."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_PREFIX = "tenantry."


@dataclass(frozen=True)
class LoggedEvent:
    """One event; `fields` without their prefix, `level` among them."""

    name: str
    fields: dict[str, Any]


@dataclass
class Logged:
    """Every event in order."""

    events: list[LoggedEvent] = field(default_factory=list)

    def named(self, name: str) -> list[LoggedEvent]:
        return [event for event in self.events if event.name == name]

    def one(self, name: str) -> dict[str, Any]:
        """The fields of the only event of that name."""
        (event,) = self.named(name)
        return event.fields


class _Handler(logging.Handler):
    def __init__(self, logged: Logged) -> None:
        super().__init__()
        self._logged = logged

    def emit(self, record: logging.LogRecord) -> None:
        name = getattr(record, "microsoft.custom_event.name", None)
        if name is not None:
            own = {key: value for key, value in vars(record).items() if key.startswith(_PREFIX)}
            fields = {key.removeprefix(_PREFIX): value for key, value in own.items()}
            self._logged.events.append(LoggedEvent(name, fields))


@contextmanager
def logged_events() -> Iterator[Logged]:
    """What is logged meanwhile, at any level from INFO."""
    logger, logged = logging.getLogger("tenantry"), Logged()
    handler, level = _Handler(logged), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield logged
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
