"""The host's log: one line per event on stdout, at the levels `host.json` asks for.

Requests are logged by function and outcome only. Bodies, headers, query strings and message texts carry
secrets and personal data, so this host writes none of them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

HOST = logging.getLogger("Host.Local")
INVOCATIONS = logging.getLogger("Function")

# The function whose code runs in this context; unset in the host's own.
current_function: ContextVar[str | None] = ContextVar("current_function", default=None)

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}


def set_up_logging(levels: Mapping[str, str], function_in_thread: Callable[[], str | None]) -> None:
    """Send everything to stdout, filtered by `logging.logLevel` of host.json.

    The app logs under `Function.<name>.User`, invocations under `Function.<name>`, the host under `Host`.
    Raises `ValueError` for a level that does not exist. `function_in_thread` names the function that runs in
    the calling worker thread.
    """
    unknown = [level for level in levels.values() if level.lower() not in _LEVELS]
    if unknown:
        raise ValueError(f"logging.logLevel has no level {unknown[0]!r}")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter())
    handler.addFilter(_LevelFilter(levels, function_in_thread))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # The worker's own level for the app's records. Below it the SDK's ASGI bridge writes whole messages.
    root.setLevel(logging.INFO)
    # The engine's account of itself goes to Microsoft's system log in Azure, never to the app's.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)


class _LevelFilter(logging.Filter):
    def __init__(self, levels: Mapping[str, str], function_in_thread: Callable[[], str | None]) -> None:
        super().__init__()
        self._levels = {category.lower(): _LEVELS[level.lower()] for category, level in levels.items()}
        self._function_in_thread = function_in_thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level(self._category(record))

    def _category(self, record: logging.LogRecord) -> str:
        if record.name == HOST.name or record.name.startswith(INVOCATIONS.name + "."):
            return record.name
        function = current_function.get() or self._function_in_thread()
        return f"Function.{function}.User" if function else "Host.Worker"

    def _level(self, category: str) -> int:
        # The longest configured prefix of the category decides, as with .NET's logging.
        parts = category.lower().split(".")
        for length in range(len(parts), 0, -1):
            level = self._levels.get(".".join(parts[:length]))
            if level is not None:
                return level
        return self._levels.get("default", logging.INFO)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        level = f"{record.levelname.title()}: " if record.levelno >= logging.WARNING else ""
        line = f"[{moment}Z] {level}{record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
