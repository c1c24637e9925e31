"""What a technician wants to know about a tenant as a whole."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.core.models import DirectoryUser
from shared.core.report import MfaUse, ProductUse, TenantReport, make_report
from shared.core.supplement import Gap, Registration, SecureScore, SubscribedProduct, Supplement
from tests.unit.core.builders import user

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
FABRIC_FREE = "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235"
UNNAMED = "11111111-2222-4333-8444-555555555555"


def days_ago(days: int) -> date:
    return NOW.date() - timedelta(days=days)


def person(name: str, *licences: str) -> DirectoryUser:
    """Somebody whose user principal name has another case than the report of activity."""
    return user(name, user_principal_name=f"{name.upper()}@Example.com", licences=licences)


def activity(**days: int | None) -> dict[str, date | None]:
    return {f"{name}@example.com": None if ago is None else days_ago(ago) for name, ago in days.items()}


def product(
    seats: int, assigned: int = 0, sku_id: str = PREMIUM, part_number: str = "SPB"
) -> SubscribedProduct:
    return SubscribedProduct(sku_id, part_number, seats, assigned)


def only_product(report: TenantReport) -> ProductUse:
    (use,) = report.products
    return use


def test_a_product_tells_bought_assigned_and_used_seats() -> None:
    """Those used in the last 30 and 90 days, and those that are paid for and serve nobody."""
    users = [person(name, PREMIUM) for name in ("a", "b", "c", "d", "e")]
    seen = activity(a=0, b=29, c=60, d=200, e=None)
    report = make_report(users, Supplement(products=(product(10, 5),), activity=seen), NOW)
    assert only_product(report) == ProductUse(
        sku_id=PREMIUM,
        name="Microsoft 365 Business Premium",
        seats=10,
        assigned=5,
        active_30=2,
        active_90=3,
        unused=7,
        free=False,
    )


@pytest.mark.parametrize(
    ("ago", "month", "quarter"),
    [(0, 1, 1), (30, 1, 1), (31, 0, 1), (90, 0, 1), (91, 0, 0), (-1, 1, 1), (None, 0, 0)],
)
def test_a_day_belongs_to_the_last_30_and_90_days_or_not(ago: int | None, month: int, quarter: int) -> None:
    """The last day of each counts, and so does one that the clock here has not reached yet."""
    supplement = Supplement(products=(product(1, 1),), activity=activity(a=ago))
    report = make_report([person("a", PREMIUM)], supplement, NOW)
    assert (only_product(report).active_30, only_product(report).active_90) == (month, quarter)
    assert report.active_users == month


def test_somebody_the_report_of_activity_does_not_name_was_not_active() -> None:
    """Nor was somebody whose name is missing here."""
    supplement = Supplement(products=(product(2, 2),), activity=activity(other=1))
    users = [person("a", PREMIUM), user("b", user_principal_name=None, licences=(PREMIUM,))]
    report = make_report(users, supplement, NOW)
    assert (report.active_users, only_product(report).active_90) == (0, 0)


def test_activity_that_is_not_known_is_not_zero() -> None:
    """Seats that nobody may be using are not called unused."""
    report = make_report([person("a", PREMIUM)], Supplement(products=(product(10, 1),)), NOW)
    use = only_product(report)
    assert (report.active_users, use.active_30, use.active_90, use.unused) == (None,) * 4
    assert (report.licensed_users, use.seats, use.assigned) == (1, 10, 1)


def test_more_people_than_seats_leave_none_unused() -> None:
    """A product whose seats ran out has no negative number of them."""
    users = [person(name, PREMIUM) for name in ("a", "b")]
    supplement = Supplement(products=(product(1, 2),), activity=activity(a=1, b=1))
    assert only_product(make_report(users, supplement, NOW)).unused == 0


def test_a_product_that_costs_nothing_says_so() -> None:
    """Ten thousand free seats are no waste."""
    products = (
        product(10_000, 1, FABRIC_FREE, "POWER_BI_STANDARD"),
        product(5),
        product(5, 0, UNNAMED, "NEW"),
    )
    report = make_report([], Supplement(products=products, activity={}), NOW)
    assert {use.name: use.free for use in report.products} == {
        "Microsoft Fabric (Free)": True,
        "Microsoft 365 Business Premium": False,
        "NEW": False,
    }


def test_products_are_listed_by_name_whatever_order_they_come_in() -> None:
    """Those of one name by their ids."""
    products = (product(1, 0, UNNAMED, "AAA"), product(2), product(3, 0, "0" * 8 + UNNAMED[8:], "AAA"))
    for ordered in (products, products[::-1]):
        report = make_report([], Supplement(products=ordered), NOW)
        assert [use.seats for use in report.products] == [3, 1, 2]


def test_licensed_and_active_users_are_counted_once() -> None:
    """However many products somebody has, and whether they have any."""
    users = [person("a", PREMIUM, UNNAMED), person("b"), person("c", PREMIUM)]
    supplement = Supplement(products=(product(5), product(5, 0, UNNAMED)), activity=activity(a=1, b=1, c=80))
    report = make_report(users, supplement, NOW)
    assert (report.licensed_users, report.active_users) == (2, 2)


@pytest.mark.parametrize(
    ("current", "maximum", "percent"),
    [(30.0, 60.0, 50.0), (1.0, 3.0, 33.3), (0.0, 60.0, 0.0), (0.0, 0.0, None)],
)
def test_the_secure_score_is_a_share_of_what_can_be_reached(
    current: float, maximum: float, percent: float | None
) -> None:
    """Where nothing can be, there is no share."""
    score = SecureScore(current, maximum, days_ago(1))
    report = make_report([], Supplement(secure_score=score), NOW)
    assert report.secure_score == score
    assert score.percent == percent


def test_a_report_says_when_it_was_made_and_what_is_missing() -> None:
    """A tenant of which nothing else is known has a report too."""
    gap = Gap("activity", "report_names_hidden", "What.", "How.", "customer_admin", permanent=False)
    assert make_report([], Supplement(gaps=(gap,)), NOW) == TenantReport(NOW, 0, gaps=(gap,))


def test_mfa_counts_people_who_may_sign_in_and_whose_methods_are_known() -> None:
    """Neither guests nor disabled accounts, nor somebody of whom Microsoft says nothing."""
    users = [
        user("with"),
        user("without"),
        user("old account", user_type=None),
        user("guest", user_type="Guest"),
        user("gone", enabled=False),
        user("unknown"),
    ]
    able, unable = Registration(capable=True), Registration(capable=False)
    known = {"with": able, "without": unable, "old account": able, "guest": able, "gone": able}
    report = make_report(users, Supplement(registrations=known), NOW)
    assert report.mfa == MfaUse(people=3, capable=2)
    assert report.mfa.percent == 66.7


def test_mfa_that_was_not_read_is_not_known() -> None:
    """Which is another thing than nobody having it; a share of nobody is not known either."""
    assert make_report([user("a")], Supplement(), NOW).mfa is None
    nobody = make_report([user("a")], Supplement(registrations={}), NOW).mfa
    assert nobody == MfaUse(0, 0)
    assert nobody.percent is None
