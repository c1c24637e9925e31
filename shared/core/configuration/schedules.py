"""When syncs happen by themselves."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from shared.core.configuration.choices import ScheduleKind
from shared.core.configuration.values import STRICT


@dataclass(frozen=True, config=STRICT)
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
