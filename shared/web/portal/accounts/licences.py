"""Licences across the customers of an account, and what the unused ones cost."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.app import App
from shared.core.licence_report import ProductSum
from shared.core.prices import LONGEST_CURRENCY, MOST_PRICES, Prices, parse_price
from shared.core.text import clean
from shared.web.bars import Piece, bar
from shared.web.pages import page
from shared.web.portal.accounts.frame import PageNumber, account, part
from shared.web.portal.guard import TheAccount, TheAccountForm
from shared.web.report_tables import licences_table
from shared.web.services import READ, Services
from shared.web.sessions import ACCOUNT_PAGE

router = APIRouter(prefix=f"{ACCOUNT_PAGE}/licences")

_CHARTED = 8  # products; the table has all of them
_PREFIX = "price:"


class Typed(msgspec.Struct, frozen=True):
    """What somebody typed that could not be kept: prices by SKU id, those that are none, and the currency."""

    prices: Mapping[str, str] = {}
    wrong: frozenset[str] = frozenset()
    currency: str | None = None


@router.api_route("", methods=READ)
async def licences(
    request: Request, app: Services, account_id: TheAccount, number: PageNumber = 1
) -> HTMLResponse:
    """Products and customers, most to save first."""
    return await _page(request, app, account_id, number=number)


@router.api_route(".csv", methods=READ)
async def table(app: Services, account_id: TheAccount) -> Response:
    """The same for a spreadsheet, product by product of every customer."""
    found, prices = await app.overview.licences(account_id)
    return licences_table(found.customers, prices)


@router.post("/prices")
async def keep_prices(request: Request, app: Services, account_id: TheAccountForm) -> Response:
    """Keep what was typed; one that is no price changes nothing, and the form is there again."""
    form = await request.form()
    typed, kept = _typed(form)
    if typed.wrong:
        return await _page(request, app, account_id, typed=typed, status=400)
    before = await app.prices.get(account_id)
    # Products that no customer has at the moment keep their price.
    others = {sku: price for sku, price in before.per_seat.items() if sku not in typed.prices}
    merged = dict(list((others | kept).items())[-MOST_PRICES:])
    await app.prices.save(account_id, Prices(typed.currency or "", merged))
    return RedirectResponse(f"{ACCOUNT_PAGE}/licences", 303)


def _typed(form: FormData) -> tuple[Typed, dict[str, Decimal]]:
    texts = {
        name.removeprefix(_PREFIX)[:64]: value[:20]
        for name, value in list(form.multi_items())[: MOST_PRICES + 2]
        if name.startswith(_PREFIX) and isinstance(value, str)
    }
    wrong, kept = set[str](), dict[str, Decimal]()
    for sku, text in texts.items():
        try:
            price = parse_price(text)
        except ValueError:
            wrong.add(sku)
            continue
        if price is not None:
            kept[sku] = price
    currency = form.get("currency")
    named = clean(currency if isinstance(currency, str) else "")[:LONGEST_CURRENCY]
    return Typed(texts, frozenset(wrong), named), kept


async def _page(
    request: Request,
    app: App,
    account_id: str,
    *,
    number: int = 1,
    typed: Typed | None = None,
    status: int = 200,
) -> HTMLResponse:
    found, prices = await app.overview.licences(account_id)
    paid = [product for product in found.products if not product.free]
    return page(
        request,
        "portal/account/licences.html",
        status=status,
        account=await account(app, account_id),
        report=found,
        prices=prices,
        paid=paid[:MOST_PRICES],
        chart=_chart(paid),
        customers=part(found.customers, number),
        typed=typed or Typed(),
    )


def _chart(paid: list[ProductSum]) -> list[tuple[ProductSum, Sequence[Piece]]]:
    """Products with most unused seats: those that people use, then those that serve nobody."""
    measured = [product for product in paid if product.sum.unused is not None]
    worst = sorted(measured, key=lambda product: -(product.sum.unused or 0))[:_CHARTED]
    whole = max((product.sum.measured for product in worst), default=0)
    return [
        (
            product,
            bar((product.sum.measured - (product.sum.unused or 0), product.sum.unused or 0), whole),
        )
        for product in worst
    ]
