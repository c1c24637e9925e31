"""Licences across the customers of an account: who pays for seats that serve nobody, and what it costs."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

from shared.core.prices import Prices
from shared.core.report import ProductUse, TenantReport

ZERO = Decimal(0)


class Reported(msgspec.Struct, frozen=True):
    """A customer of an account, and the last report about its tenant if there is one."""

    customer_id: str
    name: str
    report: TenantReport | None = None


class SeatSum(msgspec.Struct, frozen=True):
    """Seats that were bought and assigned, and those used in 30 and 90 days by people who were active.

    `measured`: seats where activity is known; the last three speak of those alone and are None where there
    are none. `cost`: what the unused ones cost a month, as far as prices are known; None where none is.
    """

    seats: int = 0
    assigned: int = 0
    measured: int = 0
    active_30: int | None = None
    active_90: int | None = None
    unused: int | None = None
    cost: Decimal | None = None


class ProductSum(msgspec.Struct, frozen=True):
    """A product at all customers that have it."""

    sku_id: str
    name: str
    free: bool
    customers: int
    price: Decimal | None
    sum: SeatSum


class CustomerSum(msgspec.Struct, frozen=True):
    """The paid products of a customer, as reported at `made_at`; `products` are all of them."""

    customer_id: str
    name: str
    made_at: datetime
    sum: SeatSum
    products: tuple[ProductUse, ...]


class LicenceReport(msgspec.Struct, frozen=True):
    """Products and customers, each with most to save first; `sum` is about paid products.

    `missing`: customers without a report of their licences; `cut`: there are more than were looked at.
    """

    sum: SeatSum
    products: tuple[ProductSum, ...]
    customers: tuple[CustomerSum, ...]
    missing: int
    cut: bool = False


def licence_report(reported: Iterable[Reported], prices: Prices) -> LicenceReport:
    """The licences of all these customers."""
    uses: dict[str, list[ProductUse]] = {}
    customers: list[CustomerSum] = []
    missing = 0
    for item in reported:
        if item.report is None or not item.report.products:
            missing += 1
            continue
        for use in item.report.products:
            uses.setdefault(use.sku_id, []).append(use)
        summed = seat_sum((use for use in item.report.products if not use.free), prices)
        customers.append(
            CustomerSum(item.customer_id, item.name, item.report.made_at, summed, item.report.products)
        )
    products = [
        ProductSum(
            sku_id,
            found[0].name,
            found[0].free,
            len(found),
            None if found[0].free else prices.per_seat.get(sku_id),
            seat_sum(found, prices),
        )
        for sku_id, found in uses.items()
    ]
    return LicenceReport(
        sum=seat_sum((use for found in uses.values() for use in found if not use.free), prices),
        products=tuple(
            sorted(products, key=lambda each: (each.free, *_worst(each.sum), each.name, each.sku_id))
        ),
        customers=tuple(
            sorted(customers, key=lambda each: (*_worst(each.sum), each.name.casefold(), each.customer_id))
        ),
        missing=missing,
    )


def seat_sum(uses: Iterable[ProductUse], prices: Prices) -> SeatSum:
    """The uses of products taken together; free ones cost nothing."""
    found = list(uses)
    known = [use for use in found if use.unused is not None]
    costs = [
        cost for use in found if not use.free and (cost := prices.cost(use.sku_id, use.unused)) is not None
    ]
    return SeatSum(
        seats=sum(use.seats for use in found),
        assigned=sum(use.assigned for use in found),
        measured=sum(use.seats for use in known),
        active_30=sum(use.active_30 or 0 for use in known) if known else None,
        active_90=sum(use.active_90 or 0 for use in known) if known else None,
        unused=sum(use.unused or 0 for use in known) if known else None,
        cost=sum(costs, ZERO) if costs else None,
    )


def _worst(found: SeatSum) -> tuple[Decimal, int]:
    return -(found.cost or ZERO), -(found.unused or 0)
