"""Which site somebody belongs to."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.core.configuration.choices import SiteAttribute, Unmatched
from shared.core.configuration.values import STRICT, Label, distinct


@dataclass(frozen=True, config=STRICT)
class SiteRule:
    """Users whose office or department has one of the values belong to the site; "" stands for undefined."""

    attribute: SiteAttribute
    values: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000), AfterValidator(distinct)]
    site: Annotated[str, Field(min_length=1, max_length=128)]


@dataclass(frozen=True, config=STRICT)
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
