"""What products cost, as somebody typed it in: no API names a price, and every reseller has another."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

LONGEST_CURRENCY = 12
"""Characters."""
MOST_PRICES = 500

_PRICE = re.compile(r"(\d{1,6})(?:[.,](\d{1,2}))?", re.ASCII)


class Prices(msgspec.Struct, frozen=True):
    """A price for a seat and month by SKU id, all of one currency, which is free text."""

    currency: str = ""
    per_seat: Mapping[str, Decimal] = {}

    def cost(self, sku_id: str, seats: int | None) -> Decimal | None:
        """What so many seats cost a month; None where the price or the number is not known."""
        price = self.per_seat.get(sku_id)
        return None if price is None or seats is None else price * seats


NO_PRICES = Prices()


def parse_price(text: str) -> Decimal | None:
    """The price that somebody typed, with a point or a comma; None for a blank. Raises ValueError.

    Two decimals and six digits before them at most.
    """
    typed = text.strip()
    if not typed:
        return None
    found = _PRICE.fullmatch(typed)
    if found is None:
        raise ValueError("not a price")
    return Decimal(f"{found[1]}.{found[2] or '0'}").quantize(Decimal("0.01"))
