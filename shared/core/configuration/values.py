"""Values that several policies are made of, validated one by one."""

import re
import uuid
from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.core.text import clean

T = TypeVar("T", bound=str)

STRICT = ConfigDict(extra="forbid", strict=True)
"""Of every policy: no field that is unknown, no value of another type."""
_DOMAIN = re.compile(r"(?=.{1,253}$)[^\s@/\\.]{1,63}(\.[^\s@/\\.]{1,63})+")


def distinct(values: Iterable[T]) -> tuple[T, ...]:
    """Each value once, in order, so that equal policies look equal."""
    return tuple(sorted(set(values)))


def few(most: int) -> tuple[object, ...]:
    """Distinct, and then at most so many: what is named twice counts once."""

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        once = distinct(values)
        if len(once) > most:
            raise PydanticCustomError("too_many", "Input should have at most {most} values", {"most": most})
        return once

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
Labels = Annotated[tuple[Label, ...], *few(1000)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], *few(1000)]
Guids = Annotated[tuple[Guid, ...], *few(999)]
