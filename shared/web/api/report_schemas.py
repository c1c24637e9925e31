"""What goes over the wire: licences and security across the customers of an account."""

from decimal import Decimal

from shared.web.api.schemas import Part, Shown, Timestamp
from shared.web.api.tenant_schemas import MfaShown, ProductShown, SecureScoreShown


class PricedProductShown(ProductShown):
    """A product of a customer, and what its unused seats cost a month, as far as prices are known."""

    price_per_seat: Decimal | None
    cost_of_unused: Decimal | None


class CustomerLicencesShown(Shown):
    """A customer's products. The sums are about those that are paid for; null for what is not known."""

    customer_id: str
    name: str
    made_at: Timestamp
    seats: int
    assigned: int
    unused: int | None
    cost_of_unused: Decimal | None
    products: list[PricedProductShown]


class LicencesShown(Part[CustomerLicencesShown]):
    """The licences of the customers that are connected and have a report, by the customer's id.

    `without_report`: how many have none.
    """

    currency: str
    cost_of_unused: Decimal | None
    without_report: int
    complete: bool


class CustomerSecurityShown(Shown):
    """A customer's second factors and secure score; null for what is not known."""

    customer_id: str
    name: str
    made_at: Timestamp
    mfa: MfaShown | None
    secure_score: SecureScoreShown | None


class SecurityShown(Part[CustomerSecurityShown]):
    """The security of the customers that are connected and have a report, by the customer's id.

    `without_report`: how many have none.
    """

    without_report: int
    complete: bool
