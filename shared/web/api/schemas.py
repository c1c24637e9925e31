"""What goes over the wire: customers and connections."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.core.configuration import Configuration, Preset
from shared.core.connection import ConnectionState, Grant
from shared.core.errors import Actor
from shared.core.return_address import LONGEST_URL
from shared.core.text import clean
from shared.services.access import Intent
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


Timestamp = Annotated[
    datetime,
    PlainSerializer(timestamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
_NOT_BLANK = {"pattern": r"[^\s\x00-\x1f\x7f-\x9f]"}
Name = Annotated[str, Field(max_length=200, json_schema_extra={**_NOT_BLANK}), AfterValidator(_name)]
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


class ProposedTenantShown(Shown):
    """The tenant that the customer's email addresses lead to; `domain` is theirs."""

    id: str
    domain: str


class CustomerShown(Shown):
    """A customer as the PSA knows it. `domains`: of its email addresses, the commonest first."""

    id: str
    name: str
    sites: list[SiteShown]
    created_at: Timestamp
    domains: list[str]
    proposed_tenant: Annotated[ProposedTenantShown | None, Field(validation_alias="proposed")]


class PortalSessionSent(Sent):
    """Where the browser may go back to."""

    return_url: Annotated[
        str | None,
        Field(
            max_length=LONGEST_URL,
            description="Shown as a way back on every page; its origin must be one of the account's "
            "`return_origins`.",
            examples=["https://psa.example/customers/acme"],
        ),
    ] = None


class CustomerPortalSent(PortalSessionSent):
    """What the browser is sent for. `intent` decides which page is opened, not what may be seen."""

    intent: Annotated[
        Intent,
        Field(
            strict=False,
            description="connect, configure and preview lead to the set-up, review to the people who could "
            "not be matched, manage to the customer's page.",
        ),
    ] = Intent.MANAGE


class PortalSessionShown(Shown):
    """A one-use address that opens the portal, for one customer or for the account, in one browser."""

    url: str
    expires_at: Timestamp


class SetupLinkSent(Sent):
    """How long the link may be opened."""

    expires_in_days: Annotated[int, Field(ge=1, le=30, description="Days until it ends by itself.")] = 7


class SetupLinkShown(Shown):
    """A setup link: it may be mailed and opened more than once, until the set-up is finished, it expires or
    is revoked. Its secret is not shown again."""

    id: Annotated[
        str, Field(description="Names the link, opens nothing.", examples=["5d0c1f6a9e3b47821b2c3d4e"])
    ]
    created_at: Timestamp
    expires_at: Timestamp


class NewSetupLinkShown(SetupLinkShown):
    """The link that was made; any former one of the customer has ended."""

    url: Annotated[
        str,
        Field(
            description="What to send to the customer's administrator. Shown this once.",
            examples=["https://tenantry.example/portal/setup?token=setup_…"],
        ),
    ]


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
    being_set_up: bool
    configuration: Configuration
    configuration_version: int
    current_run: str | None
    held_run: str | None
    last_run: str | None


class ConsentLinkShown(Shown):
    """A one-use address that the customer's admin opens to connect."""

    consent_url: str
    expires_at: Timestamp
    connection: ConnectionShown


class ConfigureSent(Sent):
    """A merge patch of the configuration; null puts a policy back to what the preset says."""

    configuration: dict[str, Any]


class PresetShown(Shown):
    """A preset and every policy it fills in."""

    preset: Preset
    configuration: Configuration
