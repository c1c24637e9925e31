"""Who gets a contact."""

from dataclasses import field
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.core.configuration.choices import GroupMode, PatternField, SharedMailboxes
from shared.core.configuration.values import STRICT, Domains, Guids, Labels, distinct
from shared.core.models import UserType
from shared.core.patterns import PatternRefused, pattern


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
class Scope:
    """Who gets a contact; an empty list of departments, offices, domains or SKUs asks for nothing."""

    user_types: Annotated[tuple[UserType, ...], Field(min_length=1), AfterValidator(distinct)] = (
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
