"""The alert rules of infra/alerts.bicep, as far as tests look at them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.architecture.sources import ROOT

ALERTS = ROOT / "infra" / "alerts.bicep"
QUERIES = ROOT / "infra" / "queries"

_ENTRY = re.compile(r"^  \{\n(?P<body>(?:    .*\n)+)  \}$", re.MULTILINE)
_LOADED = re.compile(r"loadTextContent\('queries/([\w-]+)\.kql'\)")
_DEFAULT = re.compile(r"^param (\w+) int = (\d+)$", re.MULTILINE)
_REPLACED = re.compile(r"'(\w+ = \d+)', '(\w+ = )\$\{(\w+)\}'")
_VARIABLE = re.compile(r"^var (\w+) = loadTextContent\('queries/([\w-]+)\.kql'\)$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """One rule; `text`: of its query, as it is in the file; `replaced`: what the module puts there for what.

    `threshold`: as it is unless an operator says otherwise; durations in minutes.
    """

    name: str
    severity: int
    query: str
    text: str
    replaced: tuple[tuple[str, str], ...]
    measure: str
    threshold: int
    dimensions: tuple[str, ...]
    frequency: int
    window: int
    state: bool
    mute: int | None


def rules() -> list[Rule]:
    """Every rule, in the order of the file."""
    source = ALERTS.read_text(encoding="utf-8")
    variables = dict(_VARIABLE.findall(source))
    defaults = {name: int(value) for name, value in _DEFAULT.findall(source)}
    return [_rule(entry["body"], variables, defaults) for entry in _ENTRY.finditer(source)]


def minutes(duration: str) -> int:
    """An ISO 8601 duration of one unit in minutes."""
    found = re.fullmatch(r"P(?:(\d+)D|T(\d+)H|T(\d+)M)", duration)
    assert found is not None, duration
    days, hours, rest = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + rest


def _rule(body: str, variables: dict[str, str], defaults: dict[str, int]) -> Rule:
    given = dict(re.findall(r"^    (\w+): (.*?)(?: //.*)?$", body, re.MULTILINE))
    loaded = _LOADED.search(given["query"])
    query = loaded[1] if loaded else next(variables[name] for name in variables if name in given["query"])
    mute, threshold = given["mute"].strip("'"), given["threshold"]
    replaced = _REPLACED.findall(given["query"])
    return Rule(
        name=given["name"].strip("'"),
        severity=int(given["severity"]),
        query=query,
        text=(QUERIES / f"{query}.kql").read_text(encoding="utf-8"),
        replaced=tuple((old, f"{start}{defaults[name]}") for old, start, name in replaced),
        threshold=defaults[threshold] if threshold in defaults else int(threshold),
        measure=given["measure"].strip("'"),
        dimensions=tuple(re.findall(r"'(\w+)'", given["dimensions"])),
        frequency=minutes(given["frequency"].strip("'")),
        window=minutes(given["window"].strip("'")),
        state=given["state"] == "true",
        mute=None if mute == "null" else minutes(mute),
    )
