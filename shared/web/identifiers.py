"""Customers' ids in addresses: the PSA chooses them, so they may hold almost anything."""

import unicodedata
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends

from shared.web.problems import InvalidRequest

_LONGEST = 128
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_identifier(text: str) -> bool:
    """1 to 128 printable characters without white space at the ends.

    A slash is fine (sent as %2F). A percent sign is not: the platform decodes the path once before we see
    it, so what follows such a sign could not be told from an encoding; nor are `.` and `..`, which clients
    and proxies resolve.
    """
    return (
        0 < len(text) <= _LONGEST
        and text == text.strip()
        and text not in {".", ".."}
        and "%" not in text
        and not any(unicodedata.category(character) in _UNPRINTABLE for character in text)
    )


def identifier_in_path(customer: str) -> str:
    """The customer's id from its path segment. Raises InvalidRequest."""
    try:
        text = unquote(customer, errors="strict")
    except UnicodeDecodeError:
        text = ""
    if not is_identifier(text):
        raise InvalidRequest({"customer": "1 to 128 printable characters, without a percent sign."})
    return text


def unquoted(part: str) -> str:
    """The text of a path segment that holds an id of ours, which nothing is where the segment is no text."""
    return unquote(part, errors="replace")


def segment(customer_id: str) -> str:
    """The customer's id as a path segment."""
    return quote(customer_id, safe="")


CustomerId = Annotated[str, Depends(identifier_in_path)]
