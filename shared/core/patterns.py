"""Patterns that people write, matched in time proportional to the text, whatever they wrote.

RE2 knows no backtracking, so no pattern and no directory text can keep a worker busy.
"""

from functools import lru_cache
from typing import Protocol

import re2

_MEMORY = 1 << 20  # bytes that one compiled pattern may take


class Pattern(Protocol):
    """As much of a compiled pattern as is used."""

    def search(self, text: str, /) -> object | None:
        """A match anywhere in the text."""
        ...


class PatternRefused(ValueError):
    """The text is no RE2 pattern, or one that is too large; the message says where."""


@lru_cache(maxsize=512)
def pattern(text: str) -> Pattern:
    """The compiled pattern; upper and lower case are equal. Raises PatternRefused."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled: Pattern = re2.compile(text, options)
    except (re2.error, UnicodeEncodeError) as error:  # the latter: half a surrogate pair
        raise PatternRefused(_words(error)) from None
    return compiled


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode(errors="replace") if isinstance(first, bytes) else "it cannot be read"
