"""What the services need from the outside; the docstrings are the contract that every adapter is held to.

Every method may raise `RetryLater` when the other side is unavailable. Times are UTC.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from shared.core.changes import Change
from shared.core.configuration import Schedule
from shared.core.connection import Connection, Grant
from shared.core.customer import Account, ApiKey, Customer
from shared.core.messages import QueueMessage
from shared.core.mirror import Snapshot, UserPage
from shared.core.models import Contact, DirectoryUser
from shared.core.report import TenantReport
from shared.core.reviews import Review
from shared.core.run import Run
from shared.core.supplement import Registration, SecureScore, SubscribedProduct

T = TypeVar("T")


class Stored(msgspec.Struct, Generic[T], frozen=True):
    """A value as it was read, with the ETag that a conditional write needs."""

    value: T
    etag: str


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list; `after` asks for the next part and is None at the end."""

    items: tuple[T, ...]
    after: str | None = None


class Clock(Protocol):
    """Time, passed in so that it can be chosen."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...


class Queue(Protocol):
    """The queue of work."""

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        """Put one message that becomes visible after `delay` (at most 7 days)."""
        ...


class Secrets(Protocol):
    """Named secrets."""

    async def get(self, name: str) -> str | None:
        """The secret's value, or None when there is none."""
        ...

    async def set(self, name: str, value: str) -> None:
        """Write a new version of the secret; one that was deleted is there again."""
        ...

    async def renew(self, name: str, value: str) -> None:
        """Write a new version, unless the secret was deleted: then it stays deleted, without a word."""
        ...

    async def delete(self, name: str) -> None:
        """Delete the secret; deleting what is not there is fine."""
        ...


class AccountStore(Protocol):
    """Accounts and their API keys."""

    async def add(self, account: Account) -> None:
        """Create an account."""
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

    def active(self, after: str | None = None) -> AsyncIterator[Page[ScheduledConnection]]:
        """Stream every active connection, from a former page's `after` on."""
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

    async def prove_permissions(self) -> None:
        """Make one call for each permission a sync needs."""
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


class Destination(Protocol):
    """Where the contacts of one customer live."""

    batch_size: int
    """How many changes one `apply` takes at the most."""

    def contacts(self) -> AsyncIterator[list[Contact]]:
        """Every contact of the customer, page by page."""
        ...

    async def apply(self, changes: Sequence[Change], run_id: str) -> None:
        """Carry out changes that write; doing it again makes no second contact.

        A change with `linked` leaves the user's object id on the contact, and makes one contact per object;
        without it, the contact keeps the link it has, and one contact per address is made. Deactivating
        marks the contact as deactivated by a run, reactivating takes that away.
        """
        ...


class Destinations(Protocol):
    """Opens destinations."""

    def open(self, connection: Connection) -> Destination:
        """The destination of the connection's customer."""
        ...


class StoredContact(msgspec.Struct, frozen=True):
    """A contact of the built-in destination; `source` says where its values come from."""

    contact: Contact
    source: str
    created_at: datetime
    updated_at: datetime


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

    async def get(self, connection_id: str) -> TenantReport | None:
        """The report, or None."""
        ...

    async def save(self, connection_id: str, report: TenantReport) -> None:
        """Replace."""
        ...


class Budgets(Protocol):
    """Allowances that all workers share."""

    async def reserve(self, name: str, amount: int, *, limit: int, window: timedelta) -> timedelta:
        """Take `amount` of the `limit` that `name` may use in any `window`.

        Returns zero when it was granted, else how long to wait before asking again.
        """
        ...

    async def pause(self, name: str, until: datetime) -> None:
        """Nobody is granted anything before `until`; a later pause counts."""
        ...

    async def paused_until(self, name: str) -> datetime | None:
        """Until when everybody pauses, or None."""
        ...


class ContactStore(Protocol):
    """The contacts of the built-in destination, for people and the PSA's front end."""

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        """A page of a customer's contacts, ordered by id."""
        ...

    async def get(self, connection_id: str, contact_id: str) -> Stored[StoredContact] | None:
        """One contact, or None."""
        ...

    async def replace(
        self, connection_id: str, stored: Stored[StoredContact], value: StoredContact
    ) -> Stored[StoredContact]:
        """Write what a person changed. Raises ConcurrentUpdate when the contact is not as it was read."""
        ...


class SignIn(msgspec.Struct, frozen=True):
    """A proven sign-in: claims of a validated id_token, and for a delegated grant the token cache."""

    tenant_id: str
    object_id: str
    username: str
    directory_roles: frozenset[str]
    is_guest: bool
    token_cache: str | None = None


class IdentityProvider(Protocol):
    """Microsoft Entra ID, as far as consent goes."""

    async def begin_sign_in(self, grant: Grant, state: str, redirect_uri: str) -> dict[str, Any]:
        """An authorization request with PKCE and nonce; `auth_uri` in it is where the browser goes."""
        ...

    async def finish_sign_in(self, request: dict[str, Any], answer: dict[str, str]) -> SignIn:
        """Redeem the code and validate the id_token. Raises ConsentRefused."""
        ...

    def admin_consent_url(self, tenant_id: str, state: str, redirect_uri: str) -> str:
        """Where the admin approves application permissions for the tenant."""
        ...
