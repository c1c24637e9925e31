"""What a run reads of a tenant besides its users, as far as the configuration asks for it."""

from datetime import date

import msgspec

from shared.core.configuration import Enrichment


class Registration(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A user's authentication methods: whether they satisfy multifactor authentication, and which they are
    (Graph's `userRegistrationDetails`)."""

    capable: bool
    methods: tuple[str, ...] = ()


class SubscribedProduct(msgspec.Struct, frozen=True, array_like=True):
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


class Gap(msgspec.Struct, frozen=True):
    """An enrichment that could not be read: its fields stay as they are, or say "unknown".

    `code`, `title` and `detail` as in `shared.core.errors`; `actor` is who can change it. `permanent`: the
    tenant does not have it at all, so there is no value that could be out of date.
    """

    enrichment: str
    code: str
    title: str
    detail: str
    actor: str
    permanent: bool = False


class Supplement(msgspec.Struct, frozen=True):
    """None stands for what was not asked, or not answered.

    `group_members`: object ids of the users in scope by membership. `purposes`: object id → Graph's
    `userPurpose` of the mailboxes that were asked about. `registrations`: by object id. `activity`: day of
    the last activity in any workload by user principal name in lower case; None for somebody who never was.
    `products`: what the tenant bought.
    """

    group_members: frozenset[str] | None = None
    purposes: dict[str, str] | None = None
    registrations: dict[str, Registration] | None = None
    activity: dict[str, date | None] | None = None
    products: tuple[SubscribedProduct, ...] | None = None
    secure_score: SecureScore | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def part_numbers(self) -> dict[str, str]:
        """The tenant's own name of each SKU id."""
        return {product.sku_id: product.part_number for product in self.products or ()}

    def lacks(self, enrichment: Enrichment) -> Gap | None:
        """Why the enrichment was not read."""
        return next((gap for gap in self.gaps if gap.enrichment == enrichment.value), None)


NOTHING = Supplement()
