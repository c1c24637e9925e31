"""One name in two parts, and two parts as one, for a PSA that keeps it the other way."""

from functools import lru_cache

from shared.core.text import clean


@lru_cache(maxsize=1024)
def split_name(name: str) -> tuple[str, str]:
    """First and last name; what cannot be told apart is all first name. Titles and degrees are left out."""
    # Its lists of titles take a tenth of a second to load, and few customers need them.
    from nameparser import HumanName

    parts = HumanName(name)
    first = clean(f"{parts.first} {parts.middle}")
    return (first, clean(parts.last)) if first or parts.last else (clean(name), "")


def joined_name(first: str, last: str) -> str:
    """The two parts in the order in which people are called."""
    return f"{first} {last}".strip()
