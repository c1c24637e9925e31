"""What a technician wants to know about a tenant as a whole: seats, activity, MFA, secure score."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.core import licences
from shared.core.models import DirectoryUser, UserType, user_type
from shared.core.supplement import Gap, SecureScore, Supplement

_MONTH, _QUARTER = 30, 90  # days


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


class MfaUse(msgspec.Struct, frozen=True):
    """How many people may sign in, and how many of them can with a second factor.

    People are enabled members whose authentication methods are known; guests bring their own from home.
    """

    people: int
    capable: int

    @property
    def percent(self) -> float | None:
        """The share of people with a second factor, 0 to 100; None where there is nobody."""
        return round(100 * self.capable / self.people, 1) if self.people else None


class TenantReport(msgspec.Struct, frozen=True):
    """A tenant at `made_at`: users with a licence, users active in 30 days, products, secure score, MFA.

    `mfa` is None where it was not read, and in reports of earlier versions.
    """

    made_at: datetime
    licensed_users: int
    active_users: int | None = None
    products: tuple[ProductUse, ...] = ()
    secure_score: SecureScore | None = None
    gaps: tuple[Gap, ...] = ()
    mfa: MfaUse | None = None


def make_report(users: Iterable[DirectoryUser], supplement: Supplement, now: datetime) -> TenantReport:
    """The report on the users of a tenant and what was read besides them."""
    activity, registrations = supplement.activity, supplement.registrations
    people = capable = 0
    licensed = active = 0
    month, quarter = Counter[str](), Counter[str]()
    for user in users:
        licensed += bool(user.licences)
        registration = (registrations or {}).get(user.id)
        if registration is not None and user.enabled and user_type(user) is UserType.MEMBER:
            people += 1
            capable += registration.capable
        last = (activity or {}).get((user.user_principal_name or "").lower())
        days = None if last is None else (now.date() - last).days
        recently = days is not None and days <= _MONTH
        active += recently
        for sku in user.licences:
            month[sku] += recently
            quarter[sku] += days is not None and days <= _QUARTER
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
        for product in supplement.products or ()
    ]
    return TenantReport(
        made_at=now,
        licensed_users=licensed,
        active_users=active if known else None,
        products=tuple(sorted(used, key=lambda item: (item.name, item.sku_id))),
        secure_score=supplement.secure_score,
        gaps=supplement.gaps,
        mfa=None if registrations is None else MfaUse(people, capable),
    )
