"""Which of two media types a caller would rather have (RFC 9110, 12.5.1)."""

from email.message import Message


def prefers(accept: str, one: str, other: str) -> bool:
    """Whether `one` is named, and wanted more than `other`, which everybody gets who names neither."""
    weights = dict(map(_range, accept.split(",")))
    wanted = weights.get(one, 0.0)
    family = f"{other.partition('/')[0]}/*"
    if other in weights or family in weights:
        return wanted > weights.get(other, weights.get(family, 0.0))
    return wanted > 0 and wanted >= weights.get("*/*", 0.0)


def _range(text: str) -> tuple[str, float]:
    header = Message()
    header["Content-Type"] = text.strip() or "*/*"
    try:
        weight = float(str(header.get_param("q", "1")))
    except ValueError:
        weight = 0.0
    return header.get_content_type(), weight
