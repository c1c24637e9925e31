"""The source: tenants, read only."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Protocol

import msgspec

from shared.core.connection import Connection
from shared.core.mirror import UserPage
from shared.core.models import DirectoryUser
from shared.core.permissions import Permission
from shared.core.supplement import Registration, SecureScore, SubscribedProduct


class Organization(msgspec.Struct, frozen=True):
    """A tenant by name."""

    id: str
    display_name: str
    domain: str


class DirectoryGroup(msgspec.Struct, frozen=True):
    """A group by name."""

    id: str
    name: str


class DirectoryReader(Protocol):
    """One tenant, read only.

    Besides RetryLater every method may raise ActionRequired (consent withdrawn, permission missing, tenant
    gone…), OperatorError (our own credential) and SourceFault (an answer that must not be trusted).
    """

    @property
    def requests(self) -> int:
        """How many requests were sent to Microsoft Graph so far."""
        ...

    async def organization(self) -> Organization:
        """The tenant's name."""
        ...

    async def prove_permissions(self) -> tuple[Permission, ...]:
        """Try every permission but that of `organization`. Raises ActionRequired without one a sync needs."""
        ...

    async def latest_delta_link(self) -> str:
        """A link that tells what changes from now on."""
        ...

    def users(self) -> AsyncIterator[UserPage]:
        """Every user, page by page."""
        ...

    async def user(self, name: str) -> DirectoryUser | None:
        """One user as it is now, by object id or user principal name; None when there is nobody."""
        ...

    async def members(self, group_ids: Sequence[str]) -> frozenset[str]:
        """Object ids of the users in at least one of the groups, nested groups included.

        Raises ScopeObjectMissing with the groups that do not exist.
        """
        ...

    async def members_of_any_group(self) -> frozenset[str]:
        """Object ids of the users who are in at least one group."""
        ...

    def groups(self, search: str = "") -> AsyncIterator[list[DirectoryGroup]]:
        """The groups of the tenant, page by page; `search`: those whose name has a word that begins so."""
        ...

    async def group_sizes(self, group_ids: Sequence[str]) -> dict[str, int]:
        """Group → how many users are in it, nested groups included; groups that do not exist are left out."""
        ...

    async def mailbox_purposes(self, object_ids: Sequence[str]) -> dict[str, str]:
        """Object id → `userPurpose`, for those who have a mailbox. Raises EnrichmentUnavailable."""
        ...

    async def registrations(self) -> dict[str, Registration]:
        """Object id → authentication methods. Raises EnrichmentUnavailable."""
        ...

    async def activity(self) -> dict[str, date | None]:
        """User principal name, lower case → the day of the last activity within 180 days, None for none.

        Raises EnrichmentUnavailable, also where the tenant conceals names in reports.
        """
        ...

    async def products(self) -> list[SubscribedProduct]:
        """What the tenant bought. Raises EnrichmentUnavailable."""
        ...

    async def secure_score(self) -> SecureScore | None:
        """The newest secure score, None where Microsoft made none yet. Raises EnrichmentUnavailable."""
        ...

    def changes_since(self, delta_link: str) -> AsyncIterator[tuple[UserPage, str | None]]:
        """The changes, page by page; the last page carries the next delta link. Raises ResyncRequired."""
        ...


class Directories(Protocol):
    """Opens tenants."""

    def open(self, connection: Connection) -> DirectoryReader:
        """A reader of the connection's tenant; nothing is sent yet."""
        ...
