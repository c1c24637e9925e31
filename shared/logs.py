"""Log lines are events with fields: ids, codes and counts; never a name, an address or a token.

Application Insights keeps each as a custom event (docs/telemetry.md), with its fields as properties.
"""

import logging
import traceback
from collections.abc import Mapping

from shared.telemetry.ids import PREFIX, ids

_logger = logging.getLogger("tenantry")

# These libraries log whole URLs, and URLs carry delta tokens, codes and keys.
_TALKATIVE = ("azure", "httpx", "httpcore", "msal", "urllib3", "kiota_http")

# Microsoft's exporter makes a custom event of a record that has this attribute.
_EVENT_NAME = "microsoft.custom_event.name"


def quiet_libraries() -> None:
    """Keep what libraries log about requests out of the log."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def log(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one event, such as `run.queued run=… kind=full`."""
    log_event(event, fields, level)


def log_event(event: str, fields: Mapping[str, object], level: int = logging.INFO) -> None:
    """The same with fields that were put together before.

    Each field also is an attribute of the record, as `tenantry.<field>`; `-` where it is None. So are the ids
    of the work at hand, where no field says otherwise.
    """
    text = " ".join([event, *(f"{name}={_shown(value)}" for name, value in fields.items())])
    _logger.log(level, "%s", text, extra=_attributes(event, level, fields))


def _attributes(event: str, level: int, fields: Mapping[str, object]) -> dict[str, object]:
    # The prefix also keeps fields such as `name` and `created` apart from the record's own.
    attributes: dict[str, object] = {
        f"{PREFIX}{name}": value if isinstance(value, int | float) else _shown(value)
        for name, value in {**ids(), **fields}.items()
    }
    return attributes | {_EVENT_NAME: event, f"{PREFIX}level": logging.getLevelName(level)}


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def where(error: Exception) -> str:
    """The innermost functions and lines an error came through: what may be said of one with unknown text."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
