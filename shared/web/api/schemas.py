"""What goes over the wire."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from shared.core.changes import ChangeKind
from shared.core.configuration import BlankPolicy, EmailSource, LeaverPolicy, Preset
from shared.core.connection import ConnectionState, Grant
from shared.core.errors import Actor
from shared.core.models import UserType
from shared.core.run import FullReason, ReadMode, RunKind, RunState, Trigger
from shared.core.text import clean
from shared.web.identifiers import is_identifier

T = TypeVar("T")


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _name(text: str) -> str:
    cleaned = clean(text)
    if not cleaned:
        raise ValueError("It must not be blank")
    return cleaned


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise ValueError("It must be 1 to 128 printable characters, without a percent sign")
    return text


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_name)]
Identifier = Annotated[str, AfterValidator(_identifier)]


class Sent(BaseModel):
    """Something that callers send; a field that does not exist is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """Something that callers get."""

    model_config = ConfigDict(from_attributes=True)


class Part(Shown, Generic[T]):
    """A part of a list; `after` asks for the next one and is null at the end."""

    data: list[T]
    after: str | None


class Health(Shown):
    """That the app answers."""

    status: Literal["ok"]
    version: str


class AccountShown(Shown):
    """The account of the API key."""

    id: str
    name: str
    created_at: Timestamp


class SiteSent(Sent):
    """A place inside a customer."""

    id: Identifier
    name: Name


class CustomerSent(Sent):
    """A customer as the PSA knows it."""

    name: Name
    sites: Annotated[list[SiteSent], Field(max_length=1000)] = []


class SiteShown(Shown):
    """A place inside a customer."""

    id: str
    name: str


class CustomerShown(Shown):
    """A customer as the PSA knows it."""

    id: str
    name: str
    sites: list[SiteShown]
    created_at: Timestamp


class PortalSessionShown(Shown):
    """A one-use address that opens the portal for one customer in one browser."""

    url: str
    expires_at: Timestamp


class ConnectSent(Sent):
    """How Microsoft Graph is to be reached."""

    grant: Annotated[Grant, Field(strict=False)] = Grant.APPLICATION


class ReasonShown(Shown):
    """What is the matter, who must act, and how."""

    code: str
    title: str
    detail: str
    actor: Actor


class TenantShown(Shown):
    """The connected organization."""

    id: str
    name: str | None
    domain: str | None


class ConfigurationShown(Shown):
    """Every policy of a connection."""

    preset: Preset
    user_types: list[UserType]
    enabled_only: bool
    email_source: EmailSource
    blank_in_directory: BlankPolicy
    leavers: LeaverPolicy


class ConnectionShown(Shown):
    """Where a connection stands."""

    id: str
    customer_id: str
    state: ConnectionState
    state_since: Timestamp | None
    reason: ReasonShown | None
    tenant: TenantShown | None
    grant: Grant
    created_at: Timestamp
    connected_at: Timestamp | None
    connected_by: str | None
    last_sync_at: Timestamp | None
    next_sync_at: Timestamp | None
    configuration: ConfigurationShown
    configuration_version: int
    current_run: str | None
    last_run: str | None


class ConsentLinkShown(Shown):
    """A one-use address that the customer's admin opens to connect."""

    consent_url: str
    expires_at: Timestamp
    connection: ConnectionShown


class ConfigureSent(Sent):
    """The policies to change; null puts one back to its default."""

    configuration: dict[str, Any]


class RunSent(Sent):
    """What kind of run is asked for."""

    kind: Annotated[RunKind, Field(strict=False)] = RunKind.SYNC


class CountsShown(Shown):
    """What became of everybody who was read."""

    users_read: int
    created: int
    linked: int
    updated: int
    unchanged: int
    skipped: int
    conflicts: int
    kept: int


class RunShown(Shown):
    """One sync."""

    id: str
    customer_id: str
    connection_id: str
    kind: RunKind
    trigger: Trigger
    state: RunState
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    updated_at: Timestamp
    read_mode: ReadMode | None
    full_reason: FullReason | None
    planned: int
    applied: int
    counts: CountsShown
    skipped_by_reason: dict[str, int]
    graph_requests: int
    seconds: float
    resumes: int
    error: ReasonShown | None


class StartedRunShown(RunShown):
    """The run that was asked for; `coalesced` when it was under way already."""

    coalesced: bool


class ModifiedShown(Shown):
    """One field with its old and its new value."""

    field: str
    old: str
    new: str


class ChangeShown(Shown):
    """What a run did for one person, or why it did nothing."""

    kind: ChangeKind
    reason: str | None
    name: str
    object_id: str
    contact_id: str | None
    modified: list[ModifiedShown]


class ContactShown(Shown):
    """A contact of the built-in destination; `source` says where its values come from."""

    id: str
    name: str
    email: str
    first_name: str
    last_name: str
    job_title: str
    department: str
    office: str
    company: str
    mobile_phone: str
    business_phone: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    object_id: str | None
    source: str
    created_at: Timestamp
    updated_at: Timestamp
