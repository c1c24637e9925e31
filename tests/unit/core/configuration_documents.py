"""Configurations as technicians send them, and the fields that a refusal names."""

import json
import uuid
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.core.configuration import (
    Configuration,
)

adapter = TypeAdapter(Configuration)
GUIDS = [str(uuid.UUID(int=number)) for number in range(1_000)]


def sent(document: object) -> Configuration:
    """What a technician's JSON becomes."""
    return adapter.validate_json(json.dumps(document))


def refused(document: object) -> list[tuple[int | str, ...]]:
    """The fields that the refusal of a document names."""
    with pytest.raises(ValidationError) as caught:
        sent(document)
    return [error["loc"] for error in caught.value.errors()]


def nested(path: tuple[str | int, ...], value: object) -> Any:
    """A document that has nothing but the value at that path; in lists it is the first."""
    for part in reversed(path):
        value = [value] if isinstance(part, int) else {part: value}
    return value
