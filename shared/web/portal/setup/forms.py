"""The forms of the steps, and the configuration: what a form shows of one, and what it makes of it.

A field goes by the place of its policy in the configuration, so that whatever the validation says of a place
is said at the field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.configuration import Configuration, ScheduleKind
from shared.core.models import UserType
from shared.core.setup import SetupStep
from shared.web.portal.setup.values import Values

Document = dict[str, Any]

LIMITS = ("scope_drop", "deactivations", "blanked", "creations")
MORE_PATTERNS = 2
"""So many empty rows are there for further patterns."""
_MOST_PATTERNS = 60

_WORDS = {
    "scope.groups": "Select at least one group, or choose one of the other two.",
    "fields": "Choose at least one field.",
    "leaver_causes": "Choose at least one of them.",
    "scope.user_types": "Choose one of them.",
    "schedule": "A daily sync needs a time of day and a time zone.",
}
"""What a person is told in place of what a program is told."""


@dataclass(frozen=True, slots=True)
class Form:
    """`filled`: what it shows of a configuration; `patch`: what it changes, as a JSON merge patch."""

    filled: Callable[[Configuration], Values]
    patch: Callable[[Values], Document]


def errors_at(found: Mapping[str, str], rows: Mapping[str, str] = {}) -> dict[str, str]:
    """Message by field, from those by place; `rows`: where a place of the patch stands in the form."""
    errors: dict[str, str] = {}
    for place, message in found.items():
        field = place.removeprefix("configuration.")
        for prefix, row in rows.items():
            if field == prefix or field.startswith(f"{prefix}."):
                field = row + field.removeprefix(prefix)
                break
        if field in _WORDS:
            errors[field] = _WORDS[field]
        elif field.startswith("scope.domains."):
            number = int(field.rpartition(".")[2]) + 1
            errors.setdefault("scope.domains", f"No. {number} is not a domain such as contoso.com.")
        elif field.endswith(".pattern"):
            errors[field] = "This is no pattern. Look at its brackets and backslashes."
        else:
            errors[field] = message
    return errors


def pattern_rows(values: Values) -> dict[str, str]:
    """Place in the patch → row in the form, for the rows that have a pattern in them."""
    filled = [row for row in _rows(values) if _pattern(values, row)]
    return {f"scope.exclusions.{number}": f"scope.exclusions.{row}" for number, row in enumerate(filled)}


def _preset(configuration: Configuration) -> Values:
    return Values.of({"preset": configuration.preset.value})


def _people(configuration: Configuration) -> Values:
    scope = configuration.scope
    values: dict[str, str | list[str]] = {
        "scope.user_types": "both" if len(scope.user_types) > 1 else scope.user_types[0].value,
        "scope.enabled_only": ["yes"] * scope.enabled_only,
        "scope.licensed_only": ["yes"] * scope.licensed_only,
        "scope.shared_mailboxes": scope.shared_mailboxes.value,
        "scope.domains": "\n".join(scope.domains),
    }
    for row, exclusion in enumerate(scope.exclusions):
        values[f"scope.exclusions.{row}.attribute"] = exclusion.attribute.value
        values[f"scope.exclusions.{row}.pattern"] = exclusion.pattern
    return Values.of(values)


def _people_patch(values: Values) -> Document:
    chosen = values.one("scope.user_types")
    types = [kind.value for kind in UserType] if chosen == "both" else [chosen] if chosen else []
    exclusions = [
        {"attribute": values.one(f"scope.exclusions.{row}.attribute"), "pattern": _pattern(values, row)}
        for row in _rows(values)
        if _pattern(values, row)
    ]
    return {
        "scope": {
            "user_types": types,
            "enabled_only": values.has("scope.enabled_only"),
            "licensed_only": values.has("scope.licensed_only"),
            "shared_mailboxes": values.one("scope.shared_mailboxes"),
            "domains": values.lines("scope.domains"),
            "exclusions": exclusions,
        }
    }


def _groups(configuration: Configuration) -> Values:
    groups = configuration.scope.groups
    return Values.of({"scope.groups.mode": groups.mode.value, "group": groups.ids})


def _groups_patch(values: Values) -> Document:
    mode = values.one("scope.groups.mode")
    ids = list(dict.fromkeys(values.all("group"))) if mode == "selected" else []
    return {"scope": {"groups": {"mode": mode, "ids": ids}}}


def _contacts(configuration: Configuration) -> Values:
    return Values.of(
        {
            "email_source": configuration.email_source.value,
            "matching": configuration.matching.value,
            "fields": [field.value for field in configuration.fields],
            "blank_in_directory": configuration.blank_in_directory.value,
            "leavers": configuration.leavers.value,
            "leaver_causes": [cause.value for cause in configuration.leaver_causes],
        }
    )


def _contacts_patch(values: Values) -> Document:
    return {
        "email_source": values.one("email_source"),
        "matching": values.one("matching"),
        "fields": values.all("fields"),
        "blank_in_directory": values.one("blank_in_directory"),
        "leavers": values.one("leavers"),
        "leaver_causes": values.all("leaver_causes"),
    }


def _schedule(configuration: Configuration) -> Values:
    schedule, guard = configuration.schedule, configuration.guard
    values: dict[str, str | list[str]] = {
        "schedule.kind": schedule.kind.value,
        "schedule.hours": str(schedule.hours),
        "schedule.at": schedule.at or "",
        "schedule.time_zone": schedule.time_zone or "",
        "enrichments": [enrichment.value for enrichment in configuration.enrichments],
    }
    for name in LIMITS:
        values[f"guard.{name}.count"] = str(getattr(guard, name).count)
        values[f"guard.{name}.percent"] = str(getattr(guard, name).percent)
    return Values.of(values)


def _schedule_patch(values: Values) -> Document:
    kind = values.one("schedule.kind")
    if kind == ScheduleKind.DAILY:
        schedule: Document = {
            "kind": kind,
            "at": values.one("schedule.at").strip(),
            "time_zone": values.one("schedule.time_zone").strip(),
        }
    else:
        hours = values.number("schedule.hours")
        schedule = {"kind": kind, "hours": hours, "at": None, "time_zone": None}
    guard = {
        name: {part: values.number(f"guard.{name}.{part}") for part in ("count", "percent")}
        for name in LIMITS
    }
    return {"schedule": schedule, "guard": guard, "enrichments": values.all("enrichments")}


FORMS: dict[SetupStep, Form] = {
    SetupStep.PRESET: Form(_preset, lambda values: {"preset": values.one("preset")}),
    SetupStep.PEOPLE: Form(_people, _people_patch),
    SetupStep.GROUPS: Form(_groups, _groups_patch),
    SetupStep.CONTACTS: Form(_contacts, _contacts_patch),
    SetupStep.SCHEDULE: Form(_schedule, _schedule_patch),
}
"""The steps that are one form; that of the sites is in `shared.web.portal.setup.site_table`."""


def _rows(values: Values) -> range:
    return range(min(values.rows("scope.exclusions"), _MOST_PATTERNS))


def _pattern(values: Values, row: int) -> str:
    return values.one(f"scope.exclusions.{row}.pattern")
