"""What Microsoft 365 knows about people and tenants besides the directory, as Microsoft Graph sends it.

Names and shapes: Microsoft Graph v1.0 metadata, types `userRegistrationDetails`, `subscribedSku`,
`secureScore` and `mailboxSettings`.
"""

from datetime import datetime
from functools import lru_cache

import msgspec

from shared.core.supplement import Registration, SecureScore, SubscribedProduct


class _Registration(msgspec.Struct, rename="camel", gc=False):
    id: str
    is_mfa_capable: bool = False
    methods_registered: list[str] | None = None


class RegistrationsDocument(msgspec.Struct):
    """A page of what people registered."""

    value: list[_Registration]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")

    def registrations(self) -> dict[str, Registration]:
        """By object id; few combinations of methods are in use, so equal ones are one value."""
        return {
            found.id: _registration(found.is_mfa_capable, tuple(found.methods_registered or ()))
            for found in self.value
        }


class _Units(msgspec.Struct):
    enabled: int | None = None
    warning: int | None = None


class _Product(msgspec.Struct, rename="camel"):
    sku_id: str
    sku_part_number: str | None = None
    applies_to: str | None = None
    consumed_units: int | None = None
    prepaid_units: _Units | None = None


class _Products(msgspec.Struct):
    value: list[_Product]


class _Score(msgspec.Struct, rename="camel"):
    created_date_time: datetime
    current_score: float | None = None
    max_score: float | None = None


class _Scores(msgspec.Struct):
    value: list[_Score]


class _Purpose(msgspec.Struct):
    value: str


registrations = msgspec.json.Decoder(RegistrationsDocument).decode
_products = msgspec.json.Decoder(_Products)
_scores = msgspec.json.Decoder(_Scores)
_purpose = msgspec.json.Decoder(_Purpose)


def products(body: bytes) -> list[SubscribedProduct]:
    """What users can be assigned; units in `warning` are past their date and still good."""
    found = []
    for product in _products.decode(body).value:
        if (product.applies_to or "").lower() == "user":
            units = product.prepaid_units or _Units()
            found.append(
                SubscribedProduct(
                    product.sku_id.lower(),
                    product.sku_part_number or "",
                    (units.enabled or 0) + (units.warning or 0),
                    product.consumed_units or 0,
                )
            )
    return found


def secure_score(body: bytes) -> SecureScore | None:
    """The first score of the list, None where there is none."""
    for score in _scores.decode(body).value:
        if score.current_score is not None:
            return SecureScore(score.current_score, score.max_score or 0.0, score.created_date_time.date())
    return None


def purpose(body: bytes) -> str:
    """What a mailbox is for."""
    return _known(_purpose.decode(body).value)


@lru_cache(maxsize=1024)
def _registration(capable: bool, methods: tuple[str, ...]) -> Registration:
    return Registration(capable, methods)


@lru_cache(maxsize=64)
def _known(purpose: str) -> str:
    return purpose
