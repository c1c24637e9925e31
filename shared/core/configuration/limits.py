"""How much one run may change."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from shared.core.configuration.values import STRICT


@dataclass(frozen=True, config=STRICT)
class Limit:
    """The larger of a number and a share."""

    count: Annotated[int, Field(ge=0, le=1_000_000)]
    percent: Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, config=STRICT)
class Guard:
    """How much one run may change before a person has to approve it; see `shared.core.guard`."""

    scope_drop: Limit = Limit(1, 20)
    deactivations: Limit = Limit(5, 10)
    blanked: Limit = Limit(10, 25)
    creations: Limit = Limit(50, 50)
