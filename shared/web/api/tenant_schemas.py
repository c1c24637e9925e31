"""What goes over the wire: what a tenant offers to choose from, and how it is used."""

from datetime import date

from shared.web.api.run_schemas import GapShown
from shared.web.api.schemas import Shown, Timestamp


class ValueShown(Shown):
    """A value of the directory; `label` is what people see, `users` how many have it."""

    value: str
    label: str
    users: int


class GroupShown(Shown):
    """A group by name."""

    id: str
    name: str


class ProductShown(Shown):
    """A product: bought, assigned, and used by people who were active in the last 30 and 90 days.

    The last three are null while nobody knows who was active.
    """

    sku_id: str
    name: str
    seats: int
    assigned: int
    active_30: int | None
    active_90: int | None
    unused: int | None
    free: bool


class SecureScoreShown(Shown):
    """Microsoft's score of the tenant on a day; `percent` is null where nothing can be scored."""

    current: float
    maximum: float
    percent: float | None
    day: date


class MfaShown(Shown):
    """People who may sign in, and those of them who can with a second factor; `percent` is null where there
    are none."""

    people: int
    capable: int
    percent: float | None


class ReportShown(Shown):
    """The tenant as the last sync with enrichments found it; null for what it could not find out."""

    made_at: Timestamp
    licensed_users: int
    active_users: int | None
    products: list[ProductShown]
    secure_score: SecureScoreShown | None
    mfa: MfaShown | None
    gaps: list[GapShown]
