"""The reports on licences and security as tables that a spreadsheet opens."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from starlette.responses import Response, StreamingResponse

from shared.core.licence_report import CustomerSum
from shared.core.prices import Prices
from shared.core.security_report import CustomerSecurity
from shared.web import csv_table
from shared.web.words import utc

LICENCES = (
    "customer_id",
    "customer",
    "made_at",
    "product",
    "sku_id",
    "free",
    "seats",
    "assigned",
    "active_30",
    "active_90",
    "unused",
    "price_per_seat",
    "cost_of_unused",
    "currency",
)
SECURITY = (
    "customer_id",
    "customer",
    "made_at",
    "people",
    "mfa_capable",
    "mfa_percent",
    "secure_score",
    "secure_score_maximum",
    "secure_score_percent",
    "secure_score_day",
)


def licences_table(
    customers: Iterable[CustomerSum], prices: Prices, headers: Mapping[str, str] = {}
) -> Response:
    """A line for each product of each customer."""
    return _answer("licences", LICENCES, _licences(customers, prices), headers)


def security_table(customers: Iterable[CustomerSecurity], headers: Mapping[str, str] = {}) -> Response:
    """A line for each customer."""
    return _answer("security", SECURITY, map(_security, customers), headers)


def _licences(customers: Iterable[CustomerSum], prices: Prices) -> Iterable[list[str]]:
    for customer in customers:
        for use in customer.products:
            price = None if use.free else prices.per_seat.get(use.sku_id)
            cost = None if use.free else prices.cost(use.sku_id, use.unused)
            yield [
                customer.customer_id,
                customer.name,
                utc(customer.made_at),
                use.name,
                use.sku_id,
                "yes" if use.free else "no",
                *map(_text, (use.seats, use.assigned, use.active_30, use.active_90, use.unused, price, cost)),
                "" if price is None else prices.currency,
            ]


def _security(customer: CustomerSecurity) -> list[str]:
    mfa, score = customer.mfa, customer.secure_score
    known = (None, None, None) if mfa is None else (mfa.people, mfa.capable, mfa.percent)
    reached = (None, None, None) if score is None else (score.current, score.maximum, score.percent)
    return [
        customer.customer_id,
        customer.name,
        utc(customer.made_at),
        *map(_text, (*known, *reached)),
        "" if score is None else score.day.isoformat(),
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _answer(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], headers: Mapping[str, str]
) -> Response:
    body = csv_table.table(columns, _streamed(rows))
    named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(body, media_type=csv_table.MEDIA_TYPE, headers={**named, **headers})


async def _streamed(rows: Iterable[Sequence[str]]) -> AsyncIterator[Sequence[str]]:
    for row in rows:
        yield row
