"""Licences and security across the customers of an account."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.licence_report import Reported, licence_report
from shared.core.prices import NO_PRICES, Prices, parse_price
from shared.core.report import MfaUse, ProductUse, TenantReport
from shared.core.security_report import security_report
from shared.core.supplement import SecureScore

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)


def use(sku_id: str, seats: int, active: int | None, *, free: bool = False) -> ProductUse:
    unused = None if active is None else seats - active
    return ProductUse(sku_id, f"Product {sku_id}", seats, seats, active, active, unused, free)


def reported(name: str, *uses: ProductUse, **values: object) -> Reported:
    report = TenantReport(NOW, 1, products=uses)
    return Reported(name, name.title(), msgspec.structs.replace(report, **values))


def test_most_to_save_comes_first_and_free_products_cost_nothing() -> None:
    """Products and customers by what their unused seats cost; what is free is last and in no sum."""
    prices = Prices("EUR", {"a": Decimal("10.00"), "b": Decimal("1.50"), "free": Decimal("9.00")})
    found = licence_report(
        [
            reported("one", use("a", 10, 9), use("free", 10_000, 1, free=True)),
            reported("two", use("b", 10, 4), use("a", 5, 2)),
        ],
        prices,
    )
    assert [product.sku_id for product in found.products] == ["a", "b", "free"]
    first = found.products[0]
    assert (first.customers, first.price, first.sum.unused, first.sum.cost) == (
        2,
        Decimal(10),
        4,
        Decimal(40),
    )
    assert (found.products[2].price, found.products[2].sum.cost) == (None, None)
    assert [customer.name for customer in found.customers] == ["Two", "One"]
    assert [customer.sum.cost for customer in found.customers] == [Decimal("39.00"), Decimal("10.00")]
    assert (found.sum.seats, found.sum.unused, found.sum.cost) == (25, 10, Decimal("49.00"))


def test_without_prices_there_are_counts_alone() -> None:
    """Nothing is guessed: no price, no cost."""
    found = licence_report([reported("one", use("a", 10, 9))], NO_PRICES)
    assert (found.sum.unused, found.sum.cost) == (1, None)
    assert found.products[0].price is None


def test_seats_whose_use_is_not_known_are_not_unused() -> None:
    """They count as bought, and what is said of use is said of the others alone."""
    found = licence_report([reported("one", use("a", 10, None)), reported("two", use("a", 5, 3))], NO_PRICES)
    assert (found.sum.seats, found.sum.measured, found.sum.unused) == (15, 5, 2)
    unknown = licence_report([reported("one", use("a", 10, None))], Prices("", {"a": Decimal(1)}))
    assert (unknown.sum.measured, unknown.sum.unused, unknown.sum.cost) == (0, None, None)


def test_customers_without_a_report_are_counted() -> None:
    """So that somebody can switch the enrichment on."""
    missing = [Reported("none", "None"), reported("no products")]
    assert licence_report([*missing, reported("one", use("a", 1, 1))], NO_PRICES).missing == 2
    assert security_report([*missing, reported("one", mfa=MfaUse(1, 1))]).missing == 2


USES = st.builds(
    use,
    st.sampled_from("abc"),
    st.integers(0, 1000),
    st.none() | st.integers(0, 1000),
    free=st.just(value=False),
)
PRICES = st.dictionaries(st.sampled_from("abc"), st.decimals(0, 1000, places=2))


@given(st.lists(st.lists(USES, max_size=3)), PRICES)
def test_products_and_customers_add_up_to_the_same(
    uses: list[list[ProductUse]], prices: dict[str, Decimal]
) -> None:
    """Whichever way it is looked at, seats, unused ones and costs are the sum's."""
    found = licence_report(
        [reported(f"c{number}", *each) for number, each in enumerate(uses)], Prices("", prices)
    )
    for parts in (found.products, found.customers):
        sums = [part.sum for part in parts]
        assert sum(each.seats for each in sums) == found.sum.seats
        assert sum(each.unused or 0 for each in sums) == (found.sum.unused or 0)
        assert sum((each.cost or Decimal(0) for each in sums), Decimal(0)) == (found.sum.cost or 0)


def test_the_worst_protected_come_first() -> None:
    """Fewest second factors, then the lowest score; of whom it is not known, last."""
    found = security_report(
        [
            reported("unknown", secure_score=SecureScore(1, 100, date(2026, 6, 29))),
            reported("good", mfa=MfaUse(10, 10)),
            reported("poor", mfa=MfaUse(10, 5), secure_score=SecureScore(90, 100, date(2026, 6, 29))),
            reported("worst", mfa=MfaUse(10, 5), secure_score=SecureScore(20, 100, date(2026, 6, 29))),
            reported("nobody", mfa=MfaUse(0, 0)),
        ]
    )
    assert [each.name for each in found.customers] == ["Worst", "Poor", "Good", "Unknown", "Nobody"]
    assert found.mfa == MfaUse(30, 20)


@pytest.mark.parametrize(
    ("typed", "price"),
    [("", None), ("  ", None), ("20", "20.00"), ("20.6", "20.60"), ("20,60", "20.60"), ("0", "0.00")],
)
def test_a_price_is_read_as_people_type_it(typed: str, price: str | None) -> None:
    """With a point, a comma, or neither."""
    found = parse_price(typed)
    assert found is None if price is None else str(found) == price


@pytest.mark.parametrize(
    "typed", ["-1", "1.234", "1e5", "1,000.00", "€ 5", "٣", "1234567", "NaN", "1." + "0" * 99]
)
def test_what_is_no_price_is_refused(typed: str) -> None:
    """Rather than read as another one."""
    with pytest.raises(ValueError, match="not a price"):
        parse_price(typed)
