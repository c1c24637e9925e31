"""Values as people read them."""

from datetime import UTC, datetime

from shared.core.account_destination import DestinationKind

PSA_NAMES = {DestinationKind.ATERA: "Atera", DestinationKind.SYNCRO: "Syncro"}
"""What people call the PSAs."""


def utc(at: datetime) -> str:
    """The machine's form, for `datetime` attributes."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def utc_text(at: datetime) -> str:
    """The reader's form; the page's script puts it into the reader's own time zone."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def number(value: int) -> str:
    """With separators between the thousands."""
    return f"{value:,}"


def field(name: str) -> str:
    """A contact's field by its label: `mobile_phone` is Mobile phone."""
    return name.replace("_", " ").capitalize()
