"""The configuration of one connection."""

from dataclasses import field
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.core.configuration.choices import (
    BlankPolicy,
    EmailSource,
    Enrichment,
    LeaverCause,
    LeaverPolicy,
    Matching,
    Preset,
    SyncedField,
)
from shared.core.configuration.limits import Guard
from shared.core.configuration.schedules import Schedule
from shared.core.configuration.scope import Scope
from shared.core.configuration.sites import Sites
from shared.core.configuration.values import STRICT, distinct


@dataclass(frozen=True, config=STRICT)
class Configuration:
    """Every policy of one connection; a preset only fills it in (`shared.core.presets`)."""

    preset: Preset = Preset.STANDARD
    scope: Scope = field(default_factory=Scope)
    sites: Sites = field(default_factory=Sites)
    email_source: EmailSource = EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME
    matching: Matching = Matching.IDENTITY
    fields: Annotated[tuple[SyncedField, ...], Field(min_length=1), AfterValidator(distinct)] = tuple(
        sorted(SyncedField)
    )
    blank_in_directory: BlankPolicy = BlankPolicy.KEEP
    leavers: LeaverPolicy = LeaverPolicy.KEEP
    leaver_causes: Annotated[tuple[LeaverCause, ...], Field(min_length=1), AfterValidator(distinct)] = tuple(
        sorted(LeaverCause)
    )
    guard: Guard = field(default_factory=Guard)
    enrichments: Annotated[tuple[Enrichment, ...], AfterValidator(distinct)] = ()
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
