"""Log lines are events with fields: ids, codes and counts; never a name, an address or a token."""

import logging
import traceback
from collections.abc import Mapping

_logger = logging.getLogger("tenantry")

# These libraries log whole URLs, and URLs carry delta tokens, codes and keys.
_TALKATIVE = ("azure", "httpx", "httpcore", "msal", "urllib3", "kiota_http")


def quiet_libraries() -> None:
    """Keep what libraries log about requests out of the log."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def log(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one event, such as `run.succeeded run=… created=3`.

    The fields are also set as custom dimensions of the record, by their own names.
    """
    text = " ".join([event, *(f"{name}={_shown(value)}" for name, value in fields.items())])
    _logger.log(level, "%s", text, extra={"event": event, "fields": _dimensions(fields)})


def _dimensions(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, int | float) else _shown(value) for name, value in fields.items()
    }


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def where(error: Exception) -> str:
    """The innermost functions and lines an error came through: what may be said of one with unknown text."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
