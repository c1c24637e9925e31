"""Errors, grouped by what to do next.

Every error carries a stable `code` for programs and three sentences for people: what happened, who must
act, and how. Nothing in them is taken from the directory, a token or an address.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum


class Actor(StrEnum):
    """Who has to act."""

    NOBODY = "nobody"
    CUSTOMER_ADMIN = "customer_admin"
    TECHNICIAN = "technician"
    OPERATOR = "operator"


def is_somebody_elses(actor: str) -> bool:
    """Whether somebody other than the operator has to act, so that the operator can only wait."""
    return actor in {Actor.CUSTOMER_ADMIN, Actor.TECHNICIAN}


class TenantryError(Exception):
    """What went wrong, in words that may be shown and logged."""

    def __init__(self, code: str, title: str, detail: str, actor: Actor = Actor.NOBODY) -> None:
        """`title`: what happened; `detail`: who must act and how."""
        super().__init__(f"{code}: {title}")
        self.code = code
        self.title = title
        self.detail = detail
        self.actor = actor


class ActionRequired(TenantryError):
    """Somebody at the customer must act before the tenant can be read again.

    `replicating`: right after a consent the same answer only means that Microsoft is still copying it.
    """

    def __init__(
        self,
        code: str,
        title: str,
        detail: str,
        actor: Actor = Actor.CUSTOMER_ADMIN,
        *,
        replicating: bool = False,
    ) -> None:
        """See TenantryError."""
        super().__init__(code, title, detail, actor)
        self.replicating = replicating


class OperatorError(TenantryError):
    """This service is set up wrongly or its own credential was refused; no customer is to blame."""

    def __init__(self, code: str, title: str, detail: str) -> None:
        """The operator always is the one who must act."""
        super().__init__(code, title, detail, Actor.OPERATOR)


class RetryLater(TenantryError):
    """The outside world is busy or briefly broken; `after` says when to come back."""

    def __init__(self, code: str, title: str, after: timedelta) -> None:
        """`after`: how long the other side asked for, or a guess."""
        super().__init__(code, title, "Nobody has to act. It is tried again by itself.")
        self.after = after

    @classmethod
    def soon(cls, code: str, title: str) -> "RetryLater":
        """Come back in half a minute."""
        return cls(code, title, timedelta(seconds=30))


class DestinationRefused(TenantryError):
    """The PSA does not let this service in, or not far enough; trying again changes nothing.

    `closed`: the key itself is refused, so nothing more is asked with it.
    """

    def __init__(
        self, code: str, title: str, detail: str, actor: Actor = Actor.TECHNICIAN, *, closed: bool = False
    ) -> None:
        """See TenantryError."""
        super().__init__(code, title, detail, actor)
        self.closed = closed


class SourceFault(TenantryError):
    """Microsoft Graph answered in a way that must not be trusted; the read is incomplete."""


class ScopeObjectMissing(TenantryError):
    """Groups that the configuration selects are gone; carrying on would put their members out of scope."""

    def __init__(self, group_ids: Sequence[str]) -> None:
        """`group_ids`: object ids of the groups, which are not personal."""
        named = ", ".join(group_ids[:10]) + (
            f" and {len(group_ids) - 10} more" if len(group_ids) > 10 else ""
        )
        super().__init__(
            "scope_object_missing",
            f"A selected group no longer exists in the directory: {named}.",
            "Take it out of the selection, or select the one that replaced it; then sync again.",
            Actor.TECHNICIAN,
        )


class EnrichmentUnavailable(TenantryError):
    """An enrichment cannot be read from this tenant; the run goes on without it.

    `permanent`: the tenant does not have it at all, rather than that it is not to be had now.
    """

    def __init__(self, code: str, title: str, detail: str, actor: Actor, *, permanent: bool = False) -> None:
        """See TenantryError."""
        super().__init__(code, title, detail, actor)
        self.permanent = permanent


class ResyncRequired(TenantryError):
    """The delta link is no longer good; the directory must be read in full."""

    def __init__(self) -> None:
        """Graph says so with 410, `syncStateNotFound` or `resyncRequired`."""
        super().__init__(
            "resync_required",
            "Microsoft Graph no longer knows the place of the last read.",
            "Nobody has to act. The directory is read in full.",
        )


class Refused(TenantryError):
    """A request that cannot be carried out as it was made.

    `status` is the HTTP status it maps to, `headers` go with the answer.
    """

    status = 400
    headers: Mapping[str, str] = {}


class NotFound(Refused):
    """There is no such thing, or not for you: both look alike."""

    status = 404

    def __init__(self, what: str) -> None:
        """`what`: customer, connection, run…"""
        super().__init__(
            "not_found",
            f"There is no such {what}.",
            "Check the id. It must belong to the account of the API key.",
            Actor.TECHNICIAN,
        )


class Conflict(Refused):
    """The state of things does not allow it."""

    status = 409


class Gone(Refused):
    """A link that was used already or has expired."""

    status = 410


class VersionConflict(Refused):
    """Somebody else changed it in the meantime (If-Match)."""

    status = 412

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "version_conflict",
            "The configuration was changed in the meantime.",
            "Read it again, apply your change to what you find, and send the new ETag in If-Match.",
            Actor.TECHNICIAN,
        )


class SetupChanged(Conflict):
    """Somebody else changed, finished or dropped the setup in the meantime."""

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "setup_changed",
            "These settings were changed in the meantime, in another window or by a program.",
            "Look at them as they are now, and decide again. Nothing was changed.",
            Actor.TECHNICIAN,
        )


class ConsentRefused(Refused):
    """A sign-in or consent that proves nothing; nothing was stored."""

    status = 403

    def __init__(self, code: str, title: str, detail: str, actor: Actor = Actor.CUSTOMER_ADMIN) -> None:
        """Mostly it is the customer's admin who signs in once more."""
        super().__init__(code, title, detail, actor)


class InvalidMove(Conflict):
    """The state machine has no such move."""

    def __init__(self, old: str, new: str) -> None:
        """`old` and `new`: states."""
        super().__init__(
            "state_conflict",
            f"The connection is {old}; it cannot become {new}.",
            "Read the connection's state and choose what it allows.",
            Actor.TECHNICIAN,
        )


class Stop(Exception):
    """Somebody else has the work, or it is no longer to be done; nothing failed. `code`: why."""

    code = "stopped"


class LeaseLost(Stop):
    """Another worker owns the connection now, or it is no longer to be synced; stop without a word."""

    code = "lease_lost"


class AttemptFailed(Exception):
    """Work that was not done and is to be tried again. The platform logs the text, so it is a code."""


class ConcurrentUpdate(Exception):
    """The stored value is not the one that was read (ETag)."""


def code_of(error: Exception) -> str:
    """The error's code; for one that is not of this module its type, for its text may hold anything."""
    return error.code if isinstance(error, TenantryError) else f"unexpected.{type(error).__name__}"
