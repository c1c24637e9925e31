"""What a caller would rather have: of two media types (RFC 9110, 12.5.1), of languages (12.5.4)."""

from email.message import Message
from typing import Literal

Format = Literal["json", "csv"]
"""What a caller may ask for by name, which beats what it accepts."""


def wants_table(named: Format | None, accept: str) -> bool:
    """Whether a caller is to get a list as CSV rather than as JSON."""
    return named == "csv" or (named is None and prefers(accept, "text/csv", "application/json"))


def prefers(accept: str, one: str, other: str) -> bool:
    """Whether `one` is named, and wanted more than `other`, which everybody gets who names neither."""
    weights = dict(map(_range, accept.split(",")))
    wanted = weights.get(one, 0.0)
    family = f"{other.partition('/')[0]}/*"
    if other in weights or family in weights:
        return wanted > weights.get(other, weights.get(family, 0.0))
    return wanted > 0 and wanted >= weights.get("*/*", 0.0)


def by_preference(accept: str) -> list[str]:
    """The languages that are asked for, the dearest first; without those that are not wanted at all."""
    named = [(name.strip(), rest) for name, _, rest in (part.partition(";") for part in accept.split(","))]
    weights = {name: _weight(_header(f"x/x;{rest}")) for name, rest in named if name}
    return [name for name in sorted(weights, key=lambda name: -weights[name]) if weights[name] > 0]


def _range(text: str) -> tuple[str, float]:
    header = _header(text.strip() or "*/*")
    return header.get_content_type(), _weight(header)


def _header(value: str) -> Message:
    header = Message()
    header["Content-Type"] = value
    return header


def _weight(header: Message) -> float:
    try:
        return float(str(header.get_param("q", "1")))
    except ValueError:
        return 0.0
