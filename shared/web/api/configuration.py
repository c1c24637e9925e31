"""Changing a connection's configuration: which version, and what it becomes."""

import re
from typing import Any

import msgspec

from shared.core.configuration import Configuration
from shared.web.problems import ConfigurationInvalid, InvalidRequest, PreconditionRequired

_STRONG = re.compile(r'"(\d{1,9})"')
_PLACE = re.compile(r"`\$\.(\w+)")
_FIELDS = {field.name for field in msgspec.structs.fields(Configuration)}


def etag(version: int) -> str:
    """The ETag of a configuration version."""
    return f'"{version}"'


def version_in(if_match: str | None, current: int) -> int:
    """The version that If-Match asks for; 0, which never was, when it is not the current one.

    Raises PreconditionRequired and InvalidRequest.
    """
    if if_match is None:
        raise PreconditionRequired
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" in tags or etag(current) in tags:
        return current
    if not all(_STRONG.fullmatch(tag) or tag.startswith('W/"') for tag in tags):
        raise InvalidRequest({"If-Match": "It is not an ETag of this connection."})
    return 0


def merged(present: Configuration, patch: dict[str, Any]) -> Configuration:
    """The configuration after a JSON merge patch: null puts a policy back to its default.

    Raises ConfigurationInvalid, which names the field.
    """
    unknown = [name for name in patch if name not in _FIELDS]
    if unknown:
        name = unknown[0] if unknown[0].isidentifier() and len(unknown[0]) <= 64 else "?"
        raise ConfigurationInvalid({f"configuration.{name}": "There is no such policy."})
    document = msgspec.to_builtins(present) | patch
    document = {name: value for name, value in document.items() if value is not None}
    try:
        configuration = msgspec.convert(document, Configuration)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: half a surrogate pair
        place = _PLACE.search(str(error))
        name = place[1] if place else "?"
        raise ConfigurationInvalid({f"configuration.{name}": "There is no such value."}) from None
    if not configuration.user_types:
        raise ConfigurationInvalid({"configuration.user_types": "Name at least one type of user."})
    return configuration
