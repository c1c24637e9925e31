"""What a technician wants to know about a customer's tenant as a whole: seats, activity, secure score."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from shared.core import licences
from shared.core.models import DirectoryUser
from shared.core.supplement import Gap

_MONTH, _QUARTER = timedelta(days=30), timedelta(days=90)


class SubscribedProduct(msgspec.Struct, frozen=True):
    """A product the tenant bought (Graph's `subscribedSku`): `seats` in good standing, `assigned` of them."""

    sku_id: str
    part_number: str
    seats: int
    assigned: int


class SecureScore(msgspec.Struct, frozen=True):
    """Microsoft's score of the tenant on a day; `maximum` is 0 where nothing can be scored."""

    current: float
    maximum: float
    day: date

    @property
    def percent(self) -> float | None:
        """The share that was reached, 0 to 100."""
        return round(100 * self.current / self.maximum, 1) if self.maximum > 0 else None


class ProductUse(msgspec.Struct, frozen=True):
    """A product: bought, assigned, and used by people who were active in the last 30 and 90 days.

    `unused`: seats that are paid for and serve nobody who was active in 90 days; None while activity is
    not known. `free`: it costs nothing.
    """

    sku_id: str
    name: str
    seats: int
    assigned: int
    active_30: int | None
    active_90: int | None
    unused: int | None
    free: bool


class TenantReport(msgspec.Struct, frozen=True):
    """A tenant at `made_at`: users with a licence, users active in 30 days, products, secure score."""

    made_at: datetime
    licensed_users: int
    active_users: int | None = None
    products: tuple[ProductUse, ...] = ()
    secure_score: SecureScore | None = None
    gaps: tuple[Gap, ...] = ()


def make_report(
    users: Iterable[DirectoryUser],
    products: Iterable[SubscribedProduct],
    activity: Mapping[str, date | None] | None,
    secure_score: SecureScore | None,
    *,
    now: datetime,
    gaps: tuple[Gap, ...] = (),
) -> TenantReport:
    """The report. `activity`: user principal name, lower case → last active day; None while not known."""
    licensed = 0
    active = 0
    month, quarter = Counter[str](), Counter[str]()
    for user in users:
        licensed += bool(user.licences)
        last = (activity or {}).get((user.user_principal_name or "").lower())
        recent = last is not None and now.date() - last <= _MONTH
        active += recent
        for sku in user.licences:
            month[sku] += recent
            quarter[sku] += last is not None and now.date() - last <= _QUARTER
    known = activity is not None
    used = [
        ProductUse(
            sku_id=product.sku_id,
            name=licences.product_name(product.sku_id, product.part_number),
            seats=product.seats,
            assigned=product.assigned,
            active_30=month[product.sku_id] if known else None,
            active_90=quarter[product.sku_id] if known else None,
            unused=max(product.seats - quarter[product.sku_id], 0) if known else None,
            free=licences.free(product.sku_id),
        )
        for product in products
    ]
    return TenantReport(
        made_at=now,
        licensed_users=licensed,
        active_users=active if known else None,
        products=tuple(sorted(used, key=lambda item: (item.name, item.sku_id))),
        secure_score=secure_score,
        gaps=gaps,
    )
