"""The objects a directory holds: users, groups, applications and their service principals, licences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"
SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"
SECURITY_ADMINISTRATOR = "194ae4cb-b126-40b2-bd5b-6091b380977d"
DEFAULT_USER_ROLE = "b79fbf4d-3ef9-4689-8143-76b194e85509"

Properties = dict[str, Any]
Purpose = Literal["user", "linked", "shared", "room", "equipment", "others"]
CapabilityStatus = Literal["Enabled", "Warning", "Suspended", "Deleted", "LockedOut"]


@dataclass(slots=True)
class User:
    """A user account.

    `properties` uses Microsoft Graph's names; one never set is absent, one cleared is None. `ordinal`
    orders a tenant's users by when they appeared. `home_tenant_id` is set for guests whose home tenant is
    known.
    """

    properties: Properties
    directory_roles: set[str] = field(default_factory=set)
    purpose: Purpose = "user"
    home_tenant_id: str | None = None
    home_upn: str | None = None
    ordinal: int = 0

    @property
    def id(self) -> str:
        return str(self.properties["id"])

    @property
    def user_principal_name(self) -> str:
        return str(self.properties["userPrincipalName"])

    @property
    def display_name(self) -> str:
        return str(self.properties["displayName"])

    @property
    def mail(self) -> str | None:
        return self.properties.get("mail")

    @property
    def enabled(self) -> bool:
        return bool(self.properties.get("accountEnabled"))

    @property
    def is_guest(self) -> bool:
        return self.properties.get("userType") == "Guest"

    @property
    def has_mailbox(self) -> bool:
        """Whether there is a mailbox in this tenant; a guest's is at home."""
        return bool(self.mail) and not self.is_guest

    @property
    def is_administrator(self) -> bool:
        return bool(self.directory_roles - {DEFAULT_USER_ROLE})

    @property
    def is_global_administrator(self) -> bool:
        return GLOBAL_ADMINISTRATOR in self.directory_roles


@dataclass(slots=True)
class Group:
    """A group; `member_ids` names users and groups of the same tenant, and groups may form a cycle."""

    properties: Properties
    member_ids: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.properties["id"])

    @property
    def display_name(self) -> str:
        return str(self.properties["displayName"])


@dataclass(slots=True)
class SubscribedSku:
    """A licence product that the tenant bought: the units it paid for, and those it has stopped paying for.

    After a subscription ends its units are in `warning` (still usable), then `suspended`, then `locked_out`.
    """

    sku_id: str
    part_number: str
    units: int
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0
    capability_status: CapabilityStatus = "Enabled"


@dataclass(slots=True)
class Application:
    """An application registration, which lives in its home tenant and may be consented to in any other."""

    client_id: str
    display_name: str
    home_tenant_id: str
    secrets: set[str] = field(default_factory=set)
    redirect_uris: set[str] = field(default_factory=set)
    required_app_roles: set[str] = field(default_factory=set)
    required_scopes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ServicePrincipal:
    """An application's presence in one tenant: the permissions that were consented to there."""

    id: str
    client_id: str
    app_roles: set[str] = field(default_factory=set)
    scopes: set[str] = field(default_factory=set)
    enabled: bool = True
