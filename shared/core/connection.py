"""A connection, customer ↔ tenant: its states and the moves between them."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.configuration import Configuration
from shared.core.errors import InvalidMove
from shared.core.events import Notice
from shared.core.permissions import Permission
from shared.core.setup import Setup
from shared.core.setup_link import SetupLink
from shared.core.supplement import Gap
from shared.core.trouble import Trouble

HANDSHAKE_LIFETIME = timedelta(minutes=10)
"""How long a person has to sign in and consent."""


class ConnectionState(StrEnum):
    """Where a connection stands."""

    PENDING = "pending"
    CONSENTING = "consenting"
    VALIDATING = "validating"
    ACTIVE = "active"
    PAUSED = "paused"
    ACTION_REQUIRED = "action_required"
    DISCONNECTED = "disconnected"


class Grant(StrEnum):
    """How Microsoft Graph is reached: app-only after admin consent, or with the admin's refresh token."""

    APPLICATION = "application"
    DELEGATED = "delegated"


_MOVES: dict[ConnectionState, frozenset[ConnectionState]] = {
    ConnectionState.PENDING: frozenset({ConnectionState.CONSENTING, ConnectionState.DISCONNECTED}),
    ConnectionState.CONSENTING: frozenset(
        {
            ConnectionState.PENDING,
            ConnectionState.CONSENTING,
            ConnectionState.VALIDATING,
            ConnectionState.DISCONNECTED,
        }
    ),
    ConnectionState.VALIDATING: frozenset(
        {
            ConnectionState.ACTIVE,
            ConnectionState.ACTION_REQUIRED,
            ConnectionState.VALIDATING,
            ConnectionState.DISCONNECTED,
        }
    ),
    # A reconnect of a working connection is proven again before it counts.
    ConnectionState.ACTIVE: frozenset(
        {
            ConnectionState.PAUSED,
            ConnectionState.ACTION_REQUIRED,
            ConnectionState.VALIDATING,
            ConnectionState.DISCONNECTED,
        }
    ),
    ConnectionState.PAUSED: frozenset(
        {ConnectionState.ACTIVE, ConnectionState.VALIDATING, ConnectionState.DISCONNECTED}
    ),
    ConnectionState.ACTION_REQUIRED: frozenset(
        {ConnectionState.VALIDATING, ConnectionState.ACTION_REQUIRED, ConnectionState.DISCONNECTED}
    ),
    ConnectionState.DISCONNECTED: frozenset({ConnectionState.CONSENTING}),
}


class Connection(msgspec.Struct, frozen=True):
    """Everything we keep of a connection except its tokens.

    `id` is ours and never changes; `secret_name` names the Key Vault secret with the token cache; `mirror`
    names the committed directory mirror; `fence` grows by one with every lease. `in_scope`: how many users
    were in scope at the last commit, None before the first. `held_run`: the run that waits for an approval.
    `confirm_absence`: the next read must be a full one, to see whether people are really gone. `reviews`:
    how many entries the review queue has, decided ones included. `applied_version`: the configuration that
    the last commit went by. `canceled_run`: the last run that somebody canceled while it was under way.
    `setup_link`: the last setup link that was made and not revoked. `setup`: what somebody is choosing.
    `trouble`: why the last run failed, if it did. `gaps`: enrichments that the last committed run lacked.
    `permissions`: as the last proof found them. `outbox`: notices that are not in the feed yet, `noticed` how
    many there ever were. Times are UTC.
    """

    id: str
    account_id: str
    customer_id: str
    created_at: datetime
    state: ConnectionState = ConnectionState.PENDING
    reason: str | None = None
    state_since: datetime | None = None
    grant: Grant = Grant.APPLICATION
    tenant_id: str | None = None
    tenant_name: str | None = None
    tenant_domain: str | None = None
    connected_at: datetime | None = None
    connected_by: str | None = None
    consent_expires_at: datetime | None = None
    secret_name: str | None = None
    configuration: Configuration = Configuration()
    configuration_version: int = 1
    delta_link: str | None = None
    mirror: str | None = None
    full_read_at: datetime | None = None
    read_at: datetime | None = None
    synced_at: datetime | None = None
    current_run: str | None = None
    last_run: str | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    in_scope: int | None = None
    held_run: str | None = None
    confirm_absence: bool = False
    reviews: int = 0
    canceled_run: str | None = None
    applied_version: int | None = None
    setup_link: SetupLink | None = None
    trouble: Trouble | None = None
    gaps: tuple[Gap, ...] = ()
    setup: Setup | None = None
    permissions: tuple[Permission, ...] = ()
    outbox: tuple[Notice, ...] = ()
    noticed: int = 0

    @property
    def being_set_up(self) -> bool:
        """Whether it waits to be set up for the first time, until when nothing is synced by itself."""
        return self.setup is not None and self.setup.first

    def leased(self, now: datetime) -> bool:
        """Whether some worker holds the connection."""
        return self.lease_owner is not None and self.lease_until is not None and self.lease_until > now

    def state_at(self, now: datetime) -> ConnectionState:
        """The state as people should see it: a consent nobody finished is pending again."""
        if (
            self.state is ConnectionState.CONSENTING
            and self.consent_expires_at
            and self.consent_expires_at <= now
        ):
            return ConnectionState.PENDING
        return self.state

    @property
    def set_up(self) -> bool:
        """Whether the set-up is finished: contacts were synced, and the tenant can be read."""
        working = {ConnectionState.ACTIVE, ConnectionState.PAUSED}
        return self.synced_at is not None and self.state in working and not self.being_set_up

    def open_setup_link(self, now: datetime) -> SetupLink | None:
        """The setup link while it can be opened: until its time, or a sync that finished the set-up.

        A link that has ended so stays ended, also when the tenant has to be connected again later.
        """
        link = self.setup_link
        if link is None or link.expires_at <= now or self.set_up:
            return None
        return None if self.synced_at is not None and self.synced_at > link.created_at else link


def moved(
    connection: Connection, state: ConnectionState, now: datetime, reason: str | None = None
) -> Connection:
    """The connection in its new state. Raises InvalidMove where the state machine has no such move."""
    if state not in _MOVES[connection.state]:
        raise InvalidMove(connection.state, state)
    since = connection.state_since if connection.state is state else now
    return msgspec.structs.replace(connection, state=state, reason=reason, state_since=since)


def consent_opened(connection: Connection, now: datetime) -> Connection:
    """An admin left for Microsoft's pages. A connection that works keeps working meanwhile."""
    keeps_state = {
        ConnectionState.ACTIVE,
        ConnectionState.PAUSED,
        ConnectionState.ACTION_REQUIRED,
        ConnectionState.VALIDATING,
    }
    if connection.state in keeps_state:
        return connection
    opened = moved(connection, ConnectionState.CONSENTING, now)
    return msgspec.structs.replace(opened, consent_expires_at=now + HANDSHAKE_LIFETIME)


def consent_abandoned(connection: Connection, now: datetime) -> Connection:
    """The consent was declined or refused: back to where nothing was stored."""
    if connection.state is not ConnectionState.CONSENTING:
        return connection
    back = ConnectionState.PENDING if connection.tenant_id is None else ConnectionState.DISCONNECTED
    abandoned = moved(connection, back, now)
    return msgspec.structs.replace(abandoned, consent_expires_at=None)


def tenant_allowed(connection: Connection, tenant_id: str) -> bool:
    """A reconnect must come from the tenant that was connected; after a disconnect any tenant may."""
    free = {ConnectionState.PENDING, ConnectionState.CONSENTING, ConnectionState.DISCONNECTED}
    return connection.state in free or connection.tenant_id in (None, tenant_id)


def disconnected(connection: Connection, now: datetime) -> Connection:
    """The connection without its place in the directory and without whoever works on it.

    The secret's name stays until the secret is gone; see `without_secret`.
    """
    ended = moved(connection, ConnectionState.DISCONNECTED, now)
    return msgspec.structs.replace(
        ended,
        delta_link=None,
        mirror=None,
        full_read_at=None,
        read_at=None,
        consent_expires_at=None,
        permissions=(),
        trouble=None,
        gaps=(),
        current_run=None,
        held_run=None,
        in_scope=None,
        confirm_absence=False,
        lease_owner=None,
        lease_until=None,
    )


def without_secret(connection: Connection) -> Connection:
    """The disconnected connection after its secret was deleted."""
    if connection.state is not ConnectionState.DISCONNECTED:
        return connection
    return msgspec.structs.replace(connection, secret_name=None)
