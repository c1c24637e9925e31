"""What only an operator may ask for: across all accounts, and of what nobody else sees."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.core.audit import AuditEntry, Operator
from shared.core.connection import Connection, ConnectionState
from shared.core.copies import Value
from shared.core.customer import Account
from shared.core.erasure import Subject


class Fleet(Protocol):
    """All accounts, and the connections of all of them."""

    def accounts(self) -> AsyncIterator[Account]:
        """Stream every account, ordered by id."""
        ...

    def connections(
        self, account_id: str | None = None, state: ConnectionState | None = None
    ) -> AsyncIterator[Connection]:
        """Stream the connections, of one account or of all, in one state or in any, in a fixed order."""
        ...

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection, whoever's it is, or None; looks through all of them."""
        ...


class AuditLog(Protocol):
    """What operators did. Rows are added and never changed."""

    async def append(self, entry: AuditEntry) -> None:
        """Add a row. Raises ConcurrentUpdate where there is one already."""
        ...

    def entries(self, since: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """Stream the rows of acts that were begun then or later, newest first, those of one act together."""
        ...


class WhoActs(Protocol):
    """Whoever uses the command line."""

    async def operator(self) -> Operator:
        """Who that is, as far as can be told."""
        ...


class QueueLength(msgspec.Struct, frozen=True):
    """About how many messages a queue holds, hidden ones included, and how many its poison queue does."""

    name: str
    messages: int
    poison: int


class PeekedMessage(msgspec.Struct, frozen=True):
    """A message as it lies on a queue. `deliveries`: how often it was handed out."""

    id: str
    inserted_at: datetime | None
    deliveries: int
    body: bytes


class WorkQueues(Protocol):
    """The queues of the app, and the poison queue of each."""

    async def lengths(self) -> list[QueueLength]:
        """One for each queue, in a fixed order."""
        ...

    async def peek(self, name: str, limit: int, *, poison: bool) -> list[PeekedMessage]:
        """The first messages that are visible, at most 32, left where they are. Raises NotFound."""
        ...

    async def requeue(self, name: str, limit: int) -> int:
        """Put messages of the poison queue back on the queue, each before it is taken off there; returns how
        many. Raises NotFound."""
        ...


class SecretVersion(msgspec.Struct, frozen=True):
    """A version of a secret, without its value."""

    id: str
    created_at: datetime
    enabled: bool
    expires_at: datetime | None = None


class SecretVersions(Protocol):
    """The versions of secrets."""

    async def list(self, name: str) -> list[SecretVersion]:
        """Every version, newest first; none where there is no such secret."""
        ...

    async def disable(self, name: str, version: str) -> None:
        """Let a version be read no more."""
        ...


class CredentialProof(Protocol):
    """Microsoft, asked whether it takes a credential."""

    async def prove(self, value: str, tenant_id: str) -> None:
        """Ask for a token of the tenant with a secret, or a certificate and its key, that nobody uses yet.

        Raises OperatorError, or what else Microsoft's refusal means.
        """
        ...


class CustomerTraces(Protocol):
    """Every row that is kept of one customer."""

    async def count(self, subject: Subject) -> dict[str, int]:
        """How many there are, by table; every table is named."""
        ...

    def erase(self, subject: Subject) -> AsyncIterator[tuple[str, int]]:
        """Delete them, the customer's own row last; yields, as it goes on, a table and how many rows went."""
        ...


class Tables(Protocol):
    """All state, row by row, whatever it means."""

    async def names(self) -> list[str]:
        """Every table of the app that there is, ordered."""
        ...

    def rows(self, table: str) -> AsyncIterator[list[dict[str, Value]]]:
        """Stream the rows of a table, part by part; none where there is no such table."""
        ...

    async def put(self, table: str, rows: Sequence[dict[str, Value]]) -> None:
        """Create or replace rows; the table is made if there is none."""
        ...
