"""Chance that repeats itself."""

from __future__ import annotations

import random


def seeded(*parts: object) -> random.Random:
    """Return a source of numbers that is the same for the same parts, in every process."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311
