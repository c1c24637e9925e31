"""State: what is kept, and how it is found again."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from shared.core.api_key import ApiKey
from shared.core.brake import Brake
from shared.core.changes import Change
from shared.core.configuration import Schedule
from shared.core.connection import Connection
from shared.core.customer import Account, Customer
from shared.core.mirror import Snapshot
from shared.core.prices import Prices
from shared.core.report import TenantReport
from shared.core.reviews import Review
from shared.core.run import Run
from shared.core.standing import Glance
from shared.ports.common import Page, Stored


class AccountStore(Protocol):
    """Accounts and their API keys."""

    async def add(self, account: Account) -> None:
        """Create an account."""
        ...

    async def save(self, account: Account) -> None:
        """Replace an account."""
        ...

    async def get(self, account_id: str) -> Account | None:
        """The account, or None."""
        ...

    async def add_key(self, key: ApiKey) -> None:
        """Keep an API key's hash."""
        ...

    async def get_key(self, account_id: str, key_id: str) -> ApiKey | None:
        """The key, or None."""
        ...

    async def keys(self, account_id: str) -> list[ApiKey]:
        """Every key of the account, revoked ones too."""
        ...

    async def swap_key(self, before: ApiKey, after: ApiKey) -> bool:
        """Replace the key if it still is as `before`; False when it is not."""
        ...

    async def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        """Revoke a key; False when there is none."""
        ...


class CustomerStore(Protocol):
    """The customers of an account, by the PSA's own id."""

    async def put(self, customer: Customer) -> None:
        """Create or replace."""
        ...

    async def get(self, account_id: str, customer_id: str) -> Customer | None:
        """The customer, or None."""
        ...

    async def list(self, account_id: str, limit: int, after: str | None = None) -> Page[Customer]:
        """A page of customers, ordered by id."""
        ...


class ScheduledConnection(msgspec.Struct, frozen=True):
    """As much of an active connection as the fan-out needs."""

    account_id: str
    id: str
    schedule: Schedule = Schedule()


class ConnectionStore(Protocol):
    """Connections; every write is conditional."""

    async def add(self, connection: Connection) -> Stored[Connection]:
        """Create. Raises ConcurrentUpdate when it exists."""
        ...

    async def get(self, account_id: str, connection_id: str) -> Stored[Connection] | None:
        """The connection, or None."""
        ...

    async def replace(self, stored: Stored[Connection], value: Connection) -> Stored[Connection]:
        """Write `value` over `stored`. Raises ConcurrentUpdate when that is no longer what is there."""
        ...

    def of_account(self, account_id: str) -> AsyncIterator[Connection]:
        """Stream every connection of the account, ordered by id."""
        ...

    def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        """Stream every active connection but those being set up, from a former page's `after` on."""
        ...

    def glances(self) -> AsyncIterator[Sequence[Glance]]:
        """Stream every connection there is at a glance, page by page."""
        ...


class RunStore(Protocol):
    """Runs, newest first."""

    async def add(self, run: Run) -> bool:
        """Create; False when there is one with this id already."""
        ...

    async def get(self, run_id: str) -> Run | None:
        """The run, or None."""
        ...

    async def save(self, run: Run) -> None:
        """Replace."""
        ...

    async def swap(self, before: Run, after: Run) -> bool:
        """Replace the run if it still is as `before`; False when it is not."""
        ...

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[Run]:
        """A page of a connection's runs, newest first."""
        ...


class ChangeLog(Protocol):
    """What a run did, in numbered chunks of changes."""

    async def put(self, run_id: str, chunk: str, changes: Sequence[Change]) -> None:
        """Write or replace one chunk; an empty one disappears. Chunks sort by their name."""
        ...

    def chunks(self, run_id: str) -> AsyncIterator[tuple[str, list[Change]]]:
        """Every chunk in order."""
        ...

    async def list(self, run_id: str, limit: int, after: str | None = None) -> Page[Change]:
        """A page of changes in order."""
        ...


class MirrorStore(Protocol):
    """Directory mirrors. One that is saved is never changed; `reference` names it."""

    async def save(self, connection_id: str, name: str, snapshot: Snapshot) -> str:
        """Keep the snapshot durably and return its reference. Names are letters, digits and `_`, sort in the
        order in which their mirrors are saved, and are not used twice."""
        ...

    async def load(self, connection_id: str, reference: str) -> Snapshot | None:
        """The whole snapshot, or None when it is not there in full or of another format."""
        ...

    async def prune(self, connection_id: str, keep: str | None) -> None:
        """Delete every mirror of the connection with a lower name than `keep` has; None deletes them all."""
        ...


class OneTimeStore(Protocol):
    """Short-lived values behind an unguessable token; only the token's hash is kept."""

    async def put(self, kind: str, token: str, value: dict[str, Any], expires_at: datetime) -> None:
        """Keep a value."""
        ...

    async def claim(
        self, kind: str, token: str, value: dict[str, Any], expires_at: datetime, now: datetime
    ) -> bool:
        """Keep a value where there is none that is valid; False where there is, used ones included."""
        ...

    async def peek(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        """The value while it is valid."""
        ...

    async def take(self, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
        """The value, to exactly one caller ever."""
        ...

    async def delete(self, kind: str, token: str) -> None:
        """Forget a value."""
        ...

    async def purge(self, now: datetime) -> int:
        """Delete what has expired and return how many."""
        ...


class BrakeStore(Protocol):
    """The operator's brakes: one for everybody, and one for each account."""

    async def all(self) -> list[Brake]:
        """Every brake that is on."""
        ...

    async def put(self, brake: Brake) -> None:
        """Put it on; one that is on already is replaced."""
        ...

    async def release(self, account_id: str | None) -> bool:
        """Let the account's brake go, or with None the one for everybody; False where it was not on."""
        ...


class SlotStore(Protocol):
    """Which slots of the schedule were fanned out, and how far."""

    async def open(self, slot: datetime, now: datetime, lease: timedelta) -> "OpenSlot | None":
        """Claim a slot; None when it is done, or somebody else is at it."""
        ...

    async def advance(self, slot: "OpenSlot", now: datetime, lease: timedelta) -> "OpenSlot":
        """Write down how far the fan-out is. Raises ConcurrentUpdate when somebody else took over."""
        ...

    async def unfinished(self, now: datetime) -> list[datetime]:
        """Slots that were begun and left alone."""
        ...


class OpenSlot(msgspec.Struct, frozen=True):
    """A claimed slot: `opened_at` is when it was claimed first, `after` where the stream of connections goes
    on, `sent` how many messages so far."""

    slot: datetime
    opened_at: datetime
    etag: str
    after: str | None = None
    sent: int = 0
    done: bool = False


class ReviewStore(Protocol):
    """The review queue of each connection."""

    async def all(self, connection_id: str) -> dict[str, Review]:
        """Every review by object id, decided ones included."""
        ...

    async def save(self, connection_id: str, reviews: Sequence[Review]) -> None:
        """Create or replace."""
        ...

    async def remove(self, connection_id: str, object_ids: Sequence[str]) -> None:
        """Delete; what is not there is fine."""
        ...


class ReportStore(Protocol):
    """The latest report about each customer's tenant."""

    async def get(self, account_id: str, connection_id: str) -> TenantReport | None:
        """The report, or None."""
        ...

    def of_account(self, account_id: str) -> AsyncIterator[tuple[str, TenantReport]]:
        """Stream every report of the account with its connection's id, ordered by that."""
        ...

    async def save(self, account_id: str, connection_id: str, report: TenantReport) -> None:
        """Replace."""
        ...


class PriceStore(Protocol):
    """What products cost each account."""

    async def get(self, account_id: str) -> Prices:
        """The prices; none at first."""
        ...

    async def save(self, account_id: str, prices: Prices) -> None:
        """Replace."""
        ...
