"""How well the customers of an account are protected: second factors and secure scores, worst first."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.core.licence_report import Reported
from shared.core.report import MfaUse
from shared.core.supplement import SecureScore


class CustomerSecurity(msgspec.Struct, frozen=True):
    """A customer as reported at `made_at`; None for what is not known."""

    customer_id: str
    name: str
    made_at: datetime
    mfa: MfaUse | None
    secure_score: SecureScore | None


class SecurityReport(msgspec.Struct, frozen=True):
    """Customers, worst first; `mfa`: all of their people taken together.

    `missing`: customers of whom nothing of the kind is known; `cut`: there are more than were looked at.
    """

    customers: tuple[CustomerSecurity, ...]
    mfa: MfaUse | None
    missing: int
    cut: bool = False


def security_report(reported: Iterable[Reported]) -> SecurityReport:
    """The security of all these customers: fewest second factors first, then the lowest score."""
    found: list[CustomerSecurity] = []
    missing = 0
    for item in reported:
        report = item.report
        if report is None or (report.mfa is None and report.secure_score is None):
            missing += 1
            continue
        found.append(
            CustomerSecurity(item.customer_id, item.name, report.made_at, report.mfa, report.secure_score)
        )
    uses = [one.mfa for one in found if one.mfa is not None]
    together = MfaUse(sum(use.people for use in uses), sum(use.capable for use in uses)) if uses else None
    return SecurityReport(tuple(sorted(found, key=_worst_first)), together, missing)


def _worst_first(one: CustomerSecurity) -> tuple[float, float, str, str]:
    unknown = 101.0  # after everybody of whom it is known
    mfa = None if one.mfa is None else one.mfa.percent
    score = None if one.secure_score is None else one.secure_score.percent
    return (
        unknown if mfa is None else mfa,
        unknown if score is None else score,
        one.name.casefold(),
        one.customer_id,
    )
