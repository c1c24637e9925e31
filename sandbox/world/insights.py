"""What Microsoft 365 knows about the people of a tenant beyond the directory: made up until it is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sandbox.world.activity import WORKLOADS, Workload, seeded_activity
from sandbox.world.authentication import Registration, seeded_registration
from sandbox.world.directory import User
from sandbox.world.secure_score import SecureScore, seeded_secure_scores
from sandbox.world.skus import ENTRA_P1, PRODUCTS

if TYPE_CHECKING:
    from sandbox.world.tenant import Tenant


@dataclass(slots=True)
class _SetActivity:
    days: list[date] = field(default_factory=list)
    replaces_seeded: bool = False


class Insights:
    """Registered authentication methods, activity, secure score, and the settings that hide them.

    Whatever was not set follows from the seed: the same for the same tenant and user in every process.
    Methods that name an unknown user raise KeyError.
    """

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._premium: bool | None = None
        self._registrations: dict[str, Registration] = {}
        self._activity: dict[tuple[str, Workload], _SetActivity] = {}
        self._secure_score: tuple[float, float] | None = None
        self.has_secure_scores = True
        self.concealed_names = False

    @property
    def premium(self) -> bool:
        """Whether the tenant has Microsoft Entra ID P1; follows from its licences until it is set."""
        if self._premium is not None:
            return self._premium
        products = (PRODUCTS.get(sku.sku_id) for sku in self._tenant.subscribed_skus)
        return any(ENTRA_P1 in product.plans for product in products if product)

    def set_premium(self, premium: bool | None) -> None:
        """Say whether the tenant has Microsoft Entra ID P1; None lets its licences decide again."""
        self._premium = premium

    def registration(self, user: User) -> Registration:
        """Return which authentication methods a user has registered."""
        return self._registrations.get(user.id) or seeded_registration(self._tenant.id, user)

    def set_authentication_methods(
        self, user_id: str, methods: Iterable[str], *, allowed: bool = True, chosen: str | None = None
    ) -> Registration:
        """Register exactly these methods; `allowed` by policy, `chosen` as in Graph's preferences."""
        registration = Registration(tuple(methods), allowed, chosen)
        self._registrations[self._tenant.users[user_id].id] = registration
        return registration

    def activity(self, user: User, as_of: date) -> dict[Workload, date]:
        """Return the last days of activity as they were known on a day; without one there was none."""
        found = seeded_activity(self._tenant.id, user, as_of)
        for workload in WORKLOADS:
            if (chosen := self._activity.get((user.id, workload))) is None:
                continue
            known = [day for day in chosen.days if day <= as_of]
            if known:
                found[workload] = max(known)
            elif chosen.replaces_seeded:
                found.pop(workload, None)
        return found

    def set_activity(self, user_id: str, day: date | None, workloads: Iterable[Workload] = WORKLOADS) -> None:
        """Have a user work on a day, or never have worked when `day` is None.

        Until the day is known, what was known before stays.
        """
        user = self._tenant.users[user_id]
        for workload in workloads:
            if day is None:
                self._activity[user.id, workload] = _SetActivity(replaces_seeded=True)
            else:
                self._activity.setdefault((user.id, workload), _SetActivity()).days.append(day)

    def secure_scores(self, today: date) -> list[SecureScore]:
        """Return the daily scores that are kept, newest first."""
        if not self.has_secure_scores:
            return []
        scores = seeded_secure_scores(self._tenant.id, today)
        if self._secure_score is not None:
            scores[0] = SecureScore(today, *self._secure_score)
        return scores

    def set_secure_score(self, current: float, maximum: float) -> None:
        """Fix the newest score; a maximum of 0 is possible and says that nothing is measured."""
        self._secure_score = (current, maximum)
        self.has_secure_scores = True

    def clear_secure_scores(self) -> None:
        """Have no scores, as a new tenant."""
        self.has_secure_scores = False
