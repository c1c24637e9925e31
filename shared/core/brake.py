"""The operator's brake: syncs stopped for one account or for everybody, at one stroke."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.core.errors import TenantryError


class Brake(msgspec.Struct, frozen=True, omit_defaults=True):
    """Syncs are stopped since that time (UTC): those of one account, or with None those of every account."""

    since: datetime
    account_id: str | None = None


class SyncsStopped(TenantryError):
    """A run that must not go on, as the operator has stopped syncs."""

    def __init__(self) -> None:
        """Nobody but the operator can let them go on."""
        super().__init__(
            "syncs_stopped",
            "The operator has stopped all syncs for now.",
            "Nobody has to act here. What was written stays, and the next sync goes on from there.",
        )


def stopped(brakes: Iterable[Brake], account_id: str) -> bool:
    """Whether one of the brakes stops the syncs of the account."""
    return any(brake.account_id in (None, account_id) for brake in brakes)
