"""Why a run ended, in words that may be shown and logged."""

from datetime import datetime

import msgspec

from shared.core.connection import Connection
from shared.core.errors import Actor, TenantryError, code_of
from shared.core.run import RunError
from shared.core.trouble import Trouble


def run_error(error: Exception) -> RunError:
    """The error in words that may be shown."""
    if isinstance(error, TenantryError):
        return RunError(error.code, error.title, error.detail, error.actor.value)
    return RunError(
        code_of(error),
        "The run met an error it does not know.",
        "The run is tried again by itself. If it keeps failing, the operator must look at its log.",
        Actor.OPERATOR.value,
    )


def in_trouble(connection: Connection, run_id: str, error: RunError, now: datetime) -> Connection:
    """The connection after a run that failed."""
    trouble = Trouble(error.code, error.title, error.detail, error.actor, now, run_id)
    return msgspec.structs.replace(connection, trouble=trouble)


def superseded(by_id: str) -> RunError:
    """A later run made a newer plan."""
    return RunError(
        "superseded",
        "A later run made a newer plan before anybody decided about this one.",
        f"Nobody has to act on this run. Look at run {by_id}.",
        Actor.NOBODY.value,
    )


def expired() -> RunError:
    """Nobody decided in time."""
    return RunError(
        "hold_expired",
        "Nobody approved or rejected the run within three days.",
        "Sync again to get a plan of today, and decide about that one.",
        Actor.TECHNICIAN.value,
    )


def rejected() -> RunError:
    """Somebody looked at the plan and said no."""
    return RunError(
        "rejected",
        "Somebody rejected the plan.",
        "Nothing was written. Change the configuration or the directory, then sync again.",
        Actor.TECHNICIAN.value,
    )


def canceled() -> RunError:
    """Somebody asked for it."""
    return RunError(
        "canceled",
        "Somebody canceled the run.",
        "What it had written stays. The next sync goes on from there.",
        Actor.NOBODY.value,
    )


def not_active(state: str) -> RunError:
    """The connection cannot be synced as it is."""
    return RunError(
        "connection_not_active",
        f"The connection is {state}, so nothing was read.",
        "Look at the connection's state: it says who must act.",
        Actor.TECHNICIAN.value,
    )


def stopped() -> RunError:
    """Every delivery of the run's message failed without a word."""
    return RunError(
        "worker_stopped",
        "The run stopped several times without saying why.",
        "The operator must look at the log of this run's last attempts.",
        Actor.OPERATOR.value,
    )


def endless() -> TenantryError:
    """A run must end within a day."""
    return TenantryError(
        "run_timeout",
        "The run was not done after a day.",
        "The operator must look at what holds it up. The next sync goes on from where it came to.",
        Actor.OPERATOR,
    )
