"""The events that docs/telemetry.md promises."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "telemetry.md"
IDS = frozenset({"account", "customer", "connection", "run"})
BESIDE = frozenset({"level"})
"""What every event has beside its fields."""


def events() -> dict[str, frozenset[str]]:
    """The fields of each event, by its name."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Events\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \|.*\| (.*?) \|$", section, re.MULTILINE)
    return {name: _fields(fields) for names, fields in rows for name in re.findall(r"`([\w.]+)`", names)}


def _fields(text: str) -> frozenset[str]:
    names = re.sub(r"\([^)]*\)|;.*", "", text).split(",")
    return frozenset(name.strip(" `") for name in names if name.strip(" `–-"))
