"""Licences and security across the customers of an account, in parts or as one table."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Header
from starlette.responses import Response

from shared.core.api_key import Resource
from shared.core.licence_report import CustomerSum
from shared.core.prices import Prices
from shared.web.api.keys import Account, keyed
from shared.web.api.report_schemas import (
    CustomerLicencesShown,
    CustomerSecurityShown,
    LicencesShown,
    PricedProductShown,
    SecurityShown,
)
from shared.web.negotiation import Format, wants_table
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.report_tables import licences_table, security_table
from shared.web.services import READ, Services

router = APIRouter(prefix="/reports", route_class=keyed(Resource.REPORTS))

T = TypeVar("T")
Accept = Annotated[str, Header()]
_VARIES = {"Vary": "Accept"}


@router.api_route("/licences", methods=READ, response_model=LicencesShown)
async def licences(
    app: Services,
    account_id: Account,
    response: Response,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    format: Format | None = None,  # noqa: A002 - what callers write
    accept: Accept = "*/*",
) -> LicencesShown | Response:
    """Customer by customer, as the last sync of each found it.

    As CSV (`Accept: text/csv` or `format=csv`) every product of every customer at once.
    """
    found, prices = await app.overview.licences(account_id)
    if wants_table(format, accept):
        return licences_table(found.customers, prices, _VARIES)
    response.headers.update(_VARIES)
    items, place = _part(found.customers, lambda one: one.customer_id, limit, after, f"licences {account_id}")
    return LicencesShown(
        data=[_shown(customer, prices) for customer in items],
        after=place,
        currency=prices.currency,
        cost_of_unused=found.sum.cost,
        without_report=found.missing,
        complete=not found.cut,
    )


@router.api_route("/security", methods=READ, response_model=SecurityShown)
async def security(
    app: Services,
    account_id: Account,
    response: Response,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    format: Format | None = None,  # noqa: A002 - what callers write
    accept: Accept = "*/*",
) -> SecurityShown | Response:
    """Customer by customer, as the last sync of each found it.

    As CSV (`Accept: text/csv` or `format=csv`) every customer at once.
    """
    found = await app.overview.security(account_id)
    if wants_table(format, accept):
        return security_table(found.customers, _VARIES)
    response.headers.update(_VARIES)
    items, place = _part(found.customers, lambda one: one.customer_id, limit, after, f"security {account_id}")
    return SecurityShown(
        data=[CustomerSecurityShown.model_validate(customer) for customer in items],
        after=place,
        without_report=found.missing,
        complete=not found.cut,
    )


def _part(
    items: Sequence[T], key: Callable[[T], str], limit: int, after: str | None, of: str
) -> tuple[list[T], str | None]:
    """A page by id, whatever the items are otherwise ordered by."""
    place = opened(after, of)
    rest = [item for item in sorted(items, key=key) if place is None or key(item) > place]
    more = len(rest) > limit
    return rest[:limit], sealed(key(rest[limit - 1]), of) if more else None


def _shown(customer: CustomerSum, prices: Prices) -> CustomerLicencesShown:
    return CustomerLicencesShown(
        customer_id=customer.customer_id,
        name=customer.name,
        made_at=customer.made_at,
        seats=customer.sum.seats,
        assigned=customer.sum.assigned,
        unused=customer.sum.unused,
        cost_of_unused=customer.sum.cost,
        products=[
            PricedProductShown(
                **msgspec.structs.asdict(use),
                price_per_seat=None if use.free else prices.per_seat.get(use.sku_id),
                cost_of_unused=None if use.free else prices.cost(use.sku_id, use.unused),
            )
            for use in customer.products
        ],
    )
