"""What every ReviewStore, ReportStore and PriceStore must do."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from shared.core.changes import ConflictReason
from shared.core.prices import NO_PRICES, Prices
from shared.core.report import MfaUse, ProductUse, TenantReport
from shared.core.reviews import Decision, Review, ReviewAction
from shared.core.supplement import Gap, SecureScore
from shared.ports import PriceStore, ReportStore, ReviewStore
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique


class ReviewStoreContract:
    """The review queue of each connection."""

    @pytest.fixture
    def reviews(self) -> ReviewStore:
        raise NotImplementedError("the store under test")

    async def test_reviews_are_found_as_they_were_saved(self, reviews: ReviewStore) -> None:
        """Open and decided ones, with any text in them, by object id."""
        connection_id = unique()
        queue = [
            review("open"),
            review("in question", contact_id="contact"),
            *(
                review(action.value, decision=Decision(action, "contact"), decided_at=LATER)
                for action in ReviewAction
            ),
            *(review(text, name=text, contact_id=text) for text in HOSTILE),
        ]
        await reviews.save(connection_id, queue)
        assert await reviews.all(connection_id) == {each.object_id: each for each in queue}

    async def test_a_queue_nobody_put_anything_in_is_empty(self, reviews: ReviewStore) -> None:
        """Also where nothing is saved, and where nothing is removed."""
        connection_id = unique()
        await reviews.save(connection_id, [])
        await reviews.remove(connection_id, [])
        await reviews.remove(connection_id, ["object"])
        assert await reviews.all(connection_id) == {}

    async def test_saving_replaces(self, reviews: ReviewStore) -> None:
        """What is None again is None again; the others stay as they are, and the last of two counts."""
        connection_id = unique()
        decided = review("object", decision=Decision(ReviewAction.DISMISS), decided_at=LATER)
        await reviews.save(connection_id, [decided, review("other")])
        await reviews.save(connection_id, [review("object", name="x" * 60_000), review("object")])
        assert await reviews.all(connection_id) == {"object": review("object"), "other": review("other")}

    async def test_removed_reviews_are_gone(self, reviews: ReviewStore) -> None:
        """Those that were there, whoever else is named, and however often."""
        connection_id = unique()
        await reviews.save(connection_id, [review("object"), review("other")])
        await reviews.remove(connection_id, ["object", "nobody", "object"])
        await reviews.remove(connection_id, ["object"])
        assert await reviews.all(connection_id) == {"other": review("other")}

    async def test_connections_have_queues_of_their_own(self, reviews: ReviewStore) -> None:
        """The same object in two of them is two reviews."""
        one, other = unique(), unique()
        await reviews.save(one, [review("object", name="one")])
        await reviews.save(other, [review("object", name="other")])
        await reviews.remove(one, ["object"])
        assert await reviews.all(one) == {}
        assert await reviews.all(other) == {"object": review("object", name="other")}

    async def test_a_long_queue_is_kept_whole(self, reviews: ReviewStore) -> None:
        """1,250 people whom one address in common brought here; then most of them leave."""
        connection_id = unique()
        queue = [review(f"object-{number:04d}") for number in range(1_250)]
        await reviews.save(connection_id, queue)
        assert await reviews.all(connection_id) == {each.object_id: each for each in queue}
        await reviews.remove(connection_id, [each.object_id for each in queue[7:]])
        assert set(await reviews.all(connection_id)) == {each.object_id for each in queue[:7]}


class ReportStoreContract:
    """The latest report about each customer's tenant."""

    @pytest.fixture
    def reports(self) -> ReportStore:
        raise NotImplementedError("the store under test")

    async def test_a_report_is_found_as_it_was_saved(self, reports: ReportStore) -> None:
        """Every part of it, and with 400 products it is long."""
        account_id, connection_id = unique(), unique()
        report = TenantReport(
            made_at=NOW,
            licensed_users=50,
            active_users=40,
            products=tuple(
                ProductUse(f"sku-{number}", f"Zoë / 名前 {'😀' * 100}", 25, 20, 10, 15, 5, free=False)
                for number in range(400)
            ),
            secure_score=SecureScore(12.5, 50.0, date(2026, 3, 1)),
            gaps=(Gap("activity", "code", "title", "detail", "customer_admin", permanent=True),),
            mfa=MfaUse(40, 31),
        )
        await reports.save(account_id, connection_id, report)
        assert await reports.get(account_id, connection_id) == report
        assert [found async for found in reports.of_account(account_id)] == [(connection_id, report)]

    async def test_an_unknown_report_is_none(self, reports: ReportStore) -> None:
        """Before the first run, for another connection, and for another account."""
        account_id, connection_id = unique(), unique()
        await reports.save(account_id, connection_id, TenantReport(NOW, 1))
        assert await reports.get(account_id, unique()) is None
        assert await reports.get(unique(), connection_id) is None
        assert [found async for found in reports.of_account(unique())] == []

    async def test_the_last_report_counts(self, reports: ReportStore) -> None:
        """What is not known any more is not known; a shorter one leaves no rest of the longer one."""
        account_id, connection_id = unique(), unique()
        gap = Gap("mfa", "code", "title", "x" * 60_000, "operator")
        await reports.save(account_id, connection_id, TenantReport(NOW, 3, active_users=2, gaps=(gap,)))
        latest = TenantReport(NOW + timedelta(hours=12), 4)
        await reports.save(account_id, connection_id, latest)
        assert await reports.get(account_id, connection_id) == latest

    async def test_the_reports_of_an_account_are_its_own(self, reports: ReportStore) -> None:
        """All of them and nobody else's, whatever the ids are."""
        mine, other = unique(), unique()
        kept = {connection_id: TenantReport(NOW, number) for number, connection_id in enumerate(HOSTILE)}
        for connection_id, report in kept.items():
            await reports.save(mine, connection_id, report)
            await reports.save(other, connection_id, TenantReport(NOW, 99))
        assert {name: report async for name, report in reports.of_account(mine)} == kept


class PriceStoreContract:
    """What products cost each account."""

    @pytest.fixture
    def prices(self) -> PriceStore:
        raise NotImplementedError("the store under test")

    async def test_prices_are_found_as_they_were_saved(self, prices: PriceStore) -> None:
        """To the cent, for the account alone; the last ones count."""
        account_id = unique()
        assert await prices.get(account_id) == NO_PRICES
        await prices.save(account_id, Prices("EUR", {"sku-1": Decimal("1.00"), "sku-2": Decimal("2.00")}))
        latest = Prices("€ / 😀", {f"sku-{number}": Decimal("20.60") for number in range(500)})
        await prices.save(account_id, latest)
        assert await prices.get(account_id) == latest
        assert await prices.get(unique()) == NO_PRICES


def review(object_id: str, **values: object) -> Review:
    made = Review(object_id, "Name", ConflictReason.EMAIL_SHARED.value, "run_1", NOW)
    return msgspec.structs.replace(made, **values)
