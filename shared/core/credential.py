"""What the app proves to Microsoft with that it is itself, and how long that is good for."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

DOES_NOT_EXPIRE = -1


class CredentialKind(StrEnum):
    """A managed identity proves itself anew each time; the others are in Key Vault and expire."""

    MANAGED_IDENTITY = "managed_identity"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - a kind of credential, and none


class Credential(msgspec.Struct, frozen=True):
    """The credential of the app registration; `secret_name`: of the Key Vault secret that holds it."""

    kind: CredentialKind
    secret_name: str | None = None


def days_left(expires_at: datetime | None, now: datetime) -> int:
    """Whole days until it expires, 0 once it has; −1 where it does not."""
    if expires_at is None:
        return DOES_NOT_EXPIRE
    return max(expires_at - now, timedelta(0)).days
