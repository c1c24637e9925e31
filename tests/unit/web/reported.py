"""Customers with reports about their tenants."""

from collections.abc import Sequence
from datetime import date

from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.report import MfaUse, ProductUse, TenantReport
from shared.core.supplement import SecureScore
from tests.unit.web.site import Site, put

PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
FREE = "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235"


def products(unused: int = 7, name: str = "Business Premium") -> Sequence[ProductUse]:
    """A product of ten seats, and a free one."""
    return (
        ProductUse(PREMIUM, name, 10, 9, 10 - unused, 10 - unused, unused, free=False),
        ProductUse(FREE, "Fabric (Free)", 10_000, 3, 1, 1, 9_999, free=True),
    )


async def report_on(
    site: Site,
    account_id: str,
    customer_id: str,
    name: str = "",
    uses: Sequence[ProductUse] = (),
    mfa: MfaUse | None = None,
    score: float | None = None,
) -> Customer:
    """A connected customer with this report."""
    app = site.world.app
    customer, _ = await app.customers.put(account_id, customer_id, name or customer_id.title(), ())
    await app.onboarding.begin(customer, Grant.APPLICATION)
    await put(site, customer, state=ConnectionState.ACTIVE)
    secure = None if score is None else SecureScore(score, 100.0, date(2026, 3, 1))
    report = TenantReport(site.world.clock.now(), 9, None, tuple(uses), secure, mfa=mfa)
    await app.reports.save(account_id, customer.connection_id, report)
    return customer
