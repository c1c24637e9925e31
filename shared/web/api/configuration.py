"""Changing a connection's configuration: which version, and what it becomes."""

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from shared.core.configuration import Configuration, Preset, ScheduleKind
from shared.core.customer import Site
from shared.core.presets import PRESETS
from shared.web.problems import (
    ConfigurationInvalid,
    InvalidRequest,
    PreconditionRequired,
    dotted,
    field_errors,
)

_STRONG = re.compile(r'"(\d{1,9})"')
_ADAPTER = TypeAdapter(Configuration)
_DEEPEST = 10  # levels; a configuration has six
_ROOT = "configuration"

Document = dict[str, Any]


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


def merged(present: Configuration, patch: Document, sites: Iterable[Site]) -> Configuration:
    """The configuration after a JSON merge patch (RFC 7396).

    A preset in the patch fills in all of its policies before the rest applies; null puts a policy, or a group
    of policies, back to what the preset says. `sites`: those of the customer, which the site rules may name.
    Raises ConfigurationInvalid, which names every field that is wrong.
    """
    _check_readable(patch)
    base = _base(present, patch)
    document = _patched(_document(base), patch, _defaults(base, patch))
    errors: dict[str, str] = {}
    configuration = None
    try:
        configuration = _ADAPTER.validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False, include_input=False)
        errors = field_errors([{**item} for item in items], _ROOT)
    if "sites" in patch:  # what was there before, others answer for
        errors = _site_errors(document, {site.id for site in sites}) | errors
    if configuration is None or errors:
        raise ConfigurationInvalid(errors)
    return configuration


def _document(configuration: Configuration) -> Document:
    document: Document = msgspec.to_builtins(configuration)
    return document


def _base(present: Configuration, patch: Document) -> Configuration:
    """What the patch is applied to. A preset that does not exist is left to the validation."""
    try:
        return PRESETS[Preset(patch["preset"])]
    except (KeyError, ValueError):
        return present


def _defaults(base: Configuration, patch: Document) -> Document:
    document = _document(PRESETS[base.preset])
    del document["preset"]  # null is none
    schedule = patch.get("schedule")
    if isinstance(schedule, dict):
        kind = schedule.get("kind", base.schedule.kind) or document["schedule"]["kind"]
        if kind != ScheduleKind.DAILY:  # otherwise a preset's time of day could never be taken away
            document["schedule"] |= {"at": None, "time_zone": None}
    return document


def _patched(present: Document, patch: Document, defaults: Document) -> Document:
    result = dict(present)
    for name, value in patch.items():
        if value is None and name in defaults:
            result[name] = defaults[name]
        elif isinstance(value, dict):
            result[name] = _patched(_object(present.get(name)), value, _object(defaults.get(name)))
        else:
            result[name] = value
    return result


def _object(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _site_errors(document: Document, known: set[str]) -> dict[str, str]:
    rules = _object(document.get("sites")).get("rules")
    named = [_object(rule).get("site") for rule in rules] if isinstance(rules, list | tuple) else []
    return {
        f"{_ROOT}.sites.rules.{number}.site": "The customer has no such site."
        for number, site in enumerate(named)
        if isinstance(site, str) and site not in known
    }


def _check_readable(patch: Document) -> None:
    """Raises ConfigurationInvalid for what no validation can read: halves of characters, bottomless pits."""
    places: list[tuple[tuple[object, ...], Any]] = [((_ROOT,), patch)]
    for place, value in places:  # which grows
        if len(place) > _DEEPEST:
            raise ConfigurationInvalid({dotted(*place): "It is nested too deeply."})
        if isinstance(value, str) and not _is_text(value):
            raise ConfigurationInvalid({dotted(*place): "It is not text."})
        if isinstance(value, dict):
            if not all(map(_is_text, value)):
                raise ConfigurationInvalid({dotted(*place, "?"): "There is no such field."})
            places += [((*place, name), item) for name, item in value.items()]
        elif isinstance(value, list):
            places += [((*place, number), item) for number, item in enumerate(value)]


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
