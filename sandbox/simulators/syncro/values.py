"""How values of a request become values of a record, as Rails casts them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.simulators.syncro.behaviour import Behaviour

Properties = dict[str, str | None]

BUILT_IN_PROPERTIES = frozenset(
    {"title", "notification_billing", "notification_reports", "notification_marketing"}
)
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_FALSE = frozenset({"", "0", "f", "false", "off"})


def is_email(text: str) -> bool:
    """Tell whether a text is one e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_scalar(value: object) -> bool:
    """Tell whether a value may be given for a field: Rails ignores lists and objects there."""
    return not isinstance(value, list | dict)


def text(value: Any) -> str | None:
    """Return a value as a column of text holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def whole_number(value: Any) -> int | None:
    """Return a value as a column of numbers holds it; None for what is no whole number."""
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None


def flag(value: Any) -> bool:
    """Return a value as a column of booleans holds it."""
    return value is not None and str(value).lower() not in _FALSE


def digits(number: str | None) -> str | None:
    """Return the digits of a telephone number; None when it has none."""
    return re.sub(r"[^0-9]", "", number or "") or None


def timestamp(moment: datetime) -> str:
    """Return a moment as the document writes it: UTC, with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def merged_properties(
    held: Properties, sent: Any, behaviour: Behaviour, custom_fields: Collection[str]
) -> Properties:
    """Return what a record's properties are after a request sent some."""
    if not isinstance(sent, Mapping):
        return held
    known = BUILT_IN_PROPERTIES | set(custom_fields)
    kept = dict(held) if behaviour.properties_on_update == "merge" else {}
    for name, value in sent.items():
        if not is_scalar(value) or (behaviour.unknown_properties == "dropped" and name not in known):
            continue
        if value is None and behaviour.null == "unchanged":
            if name in held:
                kept[name] = held[name]
        else:
            kept[name] = property_text(value)
    return kept


def property_text(value: Any) -> str | None:
    """Return a property as the record holds it: a tick is "1" or "0"."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return text(value)
