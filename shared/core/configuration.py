"""What a connection is told to do: every policy, with the values that make sense.

A configuration is built from what a technician sends, so building one is what validates it: pydantic refuses
values that are unknown, out of range or at odds with each other, and names the field. What is stored was
validated before and is read without looking again.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import field
from datetime import time
from enum import StrEnum
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.core.models import UserType
from shared.core.patterns import PatternRefused, pattern
from shared.core.text import clean

T = TypeVar("T", bound=str)

_STRICT = ConfigDict(extra="forbid", strict=True)
_DOMAIN = re.compile(r"(?=.{1,253}$)[^\s@/\\.]{1,63}(\.[^\s@/\\.]{1,63})+")


class Preset(StrEnum):
    """A named set of policies."""

    ATERA = "atera"
    SYNCRO = "syncro"
    STANDARD = "standard"


class EmailSource(StrEnum):
    """Which address of the directory becomes the contact's email.

    The name of a guest is no address, so a guest's is `mail` whatever is chosen.
    """

    MAIL_ELSE_USER_PRINCIPAL_NAME = "mail_else_user_principal_name"
    USER_PRINCIPAL_NAME = "user_principal_name"
    MAIL = "mail"


class Matching(StrEnum):
    """How a user's contact is found: by address alone, or by link, unique address, unique alias."""

    EMAIL = "email"
    IDENTITY = "identity"


class BlankPolicy(StrEnum):
    """What a blank in the directory does to a value the contact already has."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class LeaverPolicy(StrEnum):
    """What happens to the linked contact of somebody who left."""

    KEEP = "keep"
    DEACTIVATE = "deactivate"


class LeaverCause(StrEnum):
    """Ways to leave: deleted in the directory, sign-in blocked, or no longer within the scope."""

    DELETED = "deleted"
    DISABLED = "disabled"
    OUT_OF_SCOPE = "out_of_scope"


class SyncedField(StrEnum):
    """The fields of a contact that a sync may fill; the email, by which contacts are matched, always is."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    JOB_TITLE = "job_title"
    DEPARTMENT = "department"
    OFFICE = "office"
    COMPANY = "company"
    MOBILE_PHONE = "mobile_phone"
    BUSINESS_PHONE = "business_phone"
    STREET = "street"
    STREET_2 = "street_2"
    CITY = "city"
    STATE = "state"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"


class GroupMode(StrEnum):
    """Whether membership matters: not at all, in at least one group, or in one of the selected ones."""

    NONE = "none"
    ALL = "all"
    SELECTED = "selected"


class SharedMailboxes(StrEnum):
    """What becomes of mailboxes that belong to nobody.

    `leave_out_likely` goes by what such an account looks like and asks nothing; `leave_out_by_purpose` asks
    Microsoft for the purpose of every mailbox, for which the tenant must grant `MailboxSettings.Read`.
    """

    INCLUDE = "include"
    LEAVE_OUT_LIKELY = "leave_out_likely"
    LEAVE_OUT_BY_PURPOSE = "leave_out_by_purpose"


class PatternField(StrEnum):
    """What an exclusion pattern looks at."""

    EMAIL = "email"
    USER_PRINCIPAL_NAME = "user_principal_name"
    DISPLAY_NAME = "display_name"
    JOB_TITLE = "job_title"
    DEPARTMENT = "department"
    OFFICE = "office"
    COMPANY = "company"


class SiteAttribute(StrEnum):
    """What a site is told by."""

    OFFICE = "office"
    DEPARTMENT = "department"


class Unmatched(StrEnum):
    """What becomes of people whom no site rule names."""

    LEAVE_OUT = "leave_out"
    NO_SITE = "no_site"


class Enrichment(StrEnum):
    """What is read besides the users; each needs a permission of its own."""

    ACTIVITY = "activity"
    LICENCES = "licences"
    MFA = "mfa"
    SECURE_SCORE = "secure_score"


class ScheduleKind(StrEnum):
    """Every so many hours, or daily at a local time."""

    DAILY = "daily"
    EVERY = "every"


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(set(values)))


def _few(most: int) -> tuple[object, ...]:
    """Distinct, and then at most so many: what is named twice counts once."""

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        distinct = _distinct(values)
        if len(distinct) > most:
            raise PydanticCustomError("too_many", "Input should have at most {most} values", {"most": most})
        return distinct

    return AfterValidator(check), Field(json_schema_extra={"maxItems": most})


def _guid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise PydanticCustomError("guid", "Input should be a GUID, as Microsoft Entra shows it") from None


def _domain(value: str) -> str:
    domain = value.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise PydanticCustomError("domain", "Input should be a domain such as contoso.com")
    return domain


def _tidy(value: str) -> str:
    return clean(value)


Label = Annotated[str, Field(max_length=320), AfterValidator(_tidy)]
Guid = Annotated[str, AfterValidator(_guid)]
Labels = Annotated[tuple[Label, ...], *_few(1000)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], *_few(1000)]
Guids = Annotated[tuple[Guid, ...], *_few(999)]


@dataclass(frozen=True, config=_STRICT)
class Groups:
    """Membership as a condition; nested groups count. `ids`: 1 to 999 where groups are selected."""

    mode: GroupMode = GroupMode.NONE
    ids: Guids = ()

    @model_validator(mode="after")
    def _agree(self) -> "Groups":
        if self.mode is GroupMode.SELECTED and not self.ids:
            raise PydanticCustomError("groups", "Select at least one group in `ids`")
        if self.mode is not GroupMode.SELECTED and self.ids:
            raise PydanticCustomError("groups", "`ids` only goes with the mode `selected`")
        return self


@dataclass(frozen=True, config=_STRICT)
class Exclusion:
    """Whoever the pattern is found in is left out.

    `pattern`: an RE2 expression, which takes time in proportion to the text; upper and lower case are equal.
    """

    attribute: PatternField
    pattern: Annotated[str, Field(min_length=1, max_length=200)]

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            pattern(value)
        except PatternRefused as refused:
            raise PydanticCustomError(
                "pattern", "Input should be an RE2 pattern: {why}", {"why": str(refused)}
            ) from None
        return value


@dataclass(frozen=True, config=_STRICT)
class Scope:
    """Who gets a contact; an empty list of departments, offices, domains or SKUs asks for nothing."""

    user_types: Annotated[tuple[UserType, ...], Field(min_length=1), AfterValidator(_distinct)] = (
        UserType.MEMBER,
    )
    enabled_only: bool = True
    groups: Groups = field(default_factory=Groups)
    departments: Labels = ()
    offices: Labels = ()
    domains: Domains = ()
    licensed_only: bool = False
    skus: Guids = ()
    shared_mailboxes: SharedMailboxes = SharedMailboxes.LEAVE_OUT_LIKELY
    exclusions: Annotated[tuple[Exclusion, ...], Field(max_length=50)] = ()


@dataclass(frozen=True, config=_STRICT)
class SiteRule:
    """Users whose office or department has one of the values belong to the site; "" stands for undefined."""

    attribute: SiteAttribute
    values: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000), AfterValidator(_distinct)]
    site: Annotated[str, Field(min_length=1, max_length=128)]


@dataclass(frozen=True, config=_STRICT)
class Sites:
    """Rules in order: the first that names a user's office or department decides. Without rules there are
    no sites, and nobody is left out."""

    rules: Annotated[tuple[SiteRule, ...], Field(max_length=1000)] = ()
    unmatched: Unmatched = Unmatched.LEAVE_OUT

    @field_validator("rules")
    @classmethod
    def _say_each_once(cls, rules: tuple[SiteRule, ...]) -> tuple[SiteRule, ...]:
        seen: set[tuple[SiteAttribute, str]] = set()
        for number, rule in enumerate(rules, start=1):
            values = {(rule.attribute, value.casefold()) for value in rule.values}
            if seen & values:
                raise PydanticCustomError(
                    "site_rule", "Rule {number} names a value that a rule before it has", {"number": number}
                )
            seen |= values
        return rules


@dataclass(frozen=True, config=_STRICT)
class Limit:
    """The larger of a number and a share."""

    count: Annotated[int, Field(ge=0, le=1_000_000)]
    percent: Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, config=_STRICT)
class Guard:
    """How much one run may change before a person has to approve it; see `shared.core.guard`."""

    scope_drop: Limit = Limit(1, 20)
    deactivations: Limit = Limit(5, 10)
    blanked: Limit = Limit(10, 25)
    creations: Limit = Limit(50, 50)


@dataclass(frozen=True, config=_STRICT)
class Schedule:
    """When syncs happen by themselves: every `hours`, or daily `at` a time of day in `time_zone` (IANA)."""

    kind: ScheduleKind = ScheduleKind.EVERY
    hours: Annotated[int, Field(ge=1, le=168)] = 12
    at: str | None = None
    time_zone: str | None = None

    @field_validator("at")
    @classmethod
    def _is_a_time_of_day(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                at = time.fromisoformat(value)
                if at.tzinfo is None and at.isoformat("minutes") == value:
                    return value
            except ValueError:
                pass
            raise PydanticCustomError("time", "Input should be a time of day such as 01:00")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise PydanticCustomError(
                    "time_zone", "Input should be a time zone such as America/Los_Angeles"
                ) from None
        return value

    @model_validator(mode="after")
    def _agree(self) -> "Schedule":
        daily = self.kind is ScheduleKind.DAILY
        if daily and (self.at is None or self.time_zone is None):
            raise PydanticCustomError("schedule", "A daily sync needs `at` and `time_zone`")
        if not daily and (self.at is not None or self.time_zone is not None):
            raise PydanticCustomError("schedule", "`at` and `time_zone` only go with the kind `daily`")
        return self


@dataclass(frozen=True, config=_STRICT)
class Configuration:
    """Every policy of one connection; a preset only fills it in (`shared.core.presets`)."""

    preset: Preset = Preset.STANDARD
    scope: Scope = field(default_factory=Scope)
    sites: Sites = field(default_factory=Sites)
    email_source: EmailSource = EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME
    matching: Matching = Matching.IDENTITY
    fields: Annotated[tuple[SyncedField, ...], Field(min_length=1), AfterValidator(_distinct)] = tuple(
        sorted(SyncedField)
    )
    blank_in_directory: BlankPolicy = BlankPolicy.KEEP
    leavers: LeaverPolicy = LeaverPolicy.KEEP
    leaver_causes: Annotated[tuple[LeaverCause, ...], Field(min_length=1), AfterValidator(_distinct)] = tuple(
        sorted(LeaverCause)
    )
    guard: Guard = field(default_factory=Guard)
    enrichments: Annotated[tuple[Enrichment, ...], AfterValidator(_distinct)] = ()
    schedule: Schedule = field(default_factory=Schedule)

    @field_validator("leavers")
    @classmethod
    def _links_are_there(cls, leavers: LeaverPolicy, info: ValidationInfo) -> LeaverPolicy:
        # Without links nobody can tell a leaver's contact from one the technician added.
        if leavers is LeaverPolicy.DEACTIVATE and info.data.get("matching") is Matching.EMAIL:
            raise PydanticCustomError(
                "leavers", "Contacts matched by email alone have no link, so they cannot be deactivated"
            )
        return leavers
