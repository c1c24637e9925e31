"""Horizontal bars, as numbers that go into a drawing's attributes."""

from collections.abc import Iterable, Sequence

import msgspec

WIDTH = 100.0
"""Of the whole bar, in the drawing's own units."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a bar, from `x` on; texts, so that no locale's comma gets into a drawing."""

    x: str
    width: str


def bar(parts: Iterable[float], whole: float) -> Sequence[Piece]:
    """Parts one after the other; what is beyond the whole is cut off."""
    pieces, place = list[Piece](), 0.0
    for part in parts:
        length = 0.0 if whole <= 0 else max(part, 0.0) / whole * WIDTH
        end = min(place + length, WIDTH)
        pieces.append(Piece(f"{place:.2f}", f"{end - place:.2f}"))
        place = end
    return pieces
