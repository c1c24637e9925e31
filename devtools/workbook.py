"""The operators' workbook, made of the queries in infra/queries and of what is shown where."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from devtools.layout import ROOT

WORKBOOK = ROOT / "infra" / "workbooks" / "tenantry.json"
QUERIES = ROOT / "infra" / "queries"
WORKSPACE, PORTAL = "__WORKSPACE__", "__PORTAL__"
"""What infra/workbook.bicep puts the workspace's id and the portal's address in place of."""
_SCHEMA = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
_HOUR = 3_600_000
_RANGES = (1, 6, 24, 48, 7 * 24, 30 * 24)  # hours
_DEFAULT_RANGE = 48
_TEXT, _TIME_RANGE = 1, 4  # kinds of parameters
_LINK = 7  # of the ways to show a column


@dataclass(frozen=True)
class Panel:
    """One query's answer. `width`: percent of the page; `note`: said where there is nothing to show."""

    query: str
    title: str
    shown_as: str = "table"
    width: int = 100
    note: str = "Nothing in this time."
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tab:
    """One view; `asks`: the parameter that it is about, as its name and label."""

    name: str
    label: str
    says: str
    panels: tuple[Panel, ...]
    asks: tuple[str, str] | None = field(default=None)


TABS = (
    Tab(
        "fleet",
        "Fleet",
        "Every customer at once. Which entry of the runbook belongs to what you see: docs/operations.md.",
        (
            Panel("fleet-now", "Connections at the last look"),
            Panel("credentials", "The app's own credential"),
            Panel("runs-by-outcome", "Runs by outcome", "barchart", 50),
            Panel("success-rate", "Runs that came through, percent", "timechart", 50),
            Panel("run-durations", "Seconds of work per run", "timechart", 50),
            Panel("queueing", "Seconds before a run is taken up", "timechart", 50),
            Panel("freshness", "Age of the oldest sync in hours, and late customers", "timechart", 50),
            Panel("throttles", "Waits by who asked for them", "barchart", 50),
            Panel("problem-codes", "Why runs fail", note="No run failed."),
            Panel("late-connections", "Late customers", note="Nobody is late."),
            Panel("action-required", "Customers who need somebody", note="Nobody needs anybody."),
            Panel("held-runs", "Runs that wait for a person", note="No run waits."),
            Panel("slots", "Slots of the timer", width=50, note="The timer handed out no slot."),
            Panel("given-up", "Messages that were given up", width=50, note="None was given up."),
            Panel("errors", "Events of level ERROR", note="No errors."),
            Panel("http-requests", "HTTP requests"),
            Panel("operator-actions", "Done by the command line", note="Nobody used the command line."),
        ),
    ),
    Tab(
        "customer",
        "One customer",
        "Paste the id of a connection, or the PSA's id of a customer.",
        (
            Panel("customer-now", "At a glance", note="No run of it ended in this time."),
            Panel("customer-changes", "Changes by day", "barchart"),
            Panel("customer-runs", "Runs", note="No run of it ended in this time."),
            Panel("customer-events", "What else happened"),
        ),
        asks=("customer", "Connection or customer"),
    ),
    Tab(
        "run",
        "One run",
        "Paste the id of a run. `transaction` opens everything that belongs to the same trace.",
        (
            Panel("run-now", "How it ended", note="It has not ended in this time."),
            Panel("run-trace", "In order", links=("transaction",)),
        ),
        asks=("run", "Run"),
    ),
)


def text() -> str:
    """The workbook as it is committed."""
    document = {
        "version": "Notebook/1.0",
        "items": [_time_range(), _tabs(), *(_group(tab) for tab in TABS)],
        "fallbackResourceIds": [WORKSPACE],
        "$schema": _SCHEMA,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Make the committed workbook anew."""
    WORKBOOK.write_text(text(), encoding="utf-8")


def _time_range() -> dict[str, Any]:
    selectable = [{"durationMs": hours * _HOUR} for hours in _RANGES]
    given = {
        "label": "Time",
        "isRequired": True,
        "value": {"durationMs": _DEFAULT_RANGE * _HOUR},
        "typeSettings": {"selectableValues": selectable, "allowCustom": True},
    }
    portal = {"value": PORTAL, "isHiddenWhenLocked": True}
    return _parameters("parameters", ("range", _TIME_RANGE, given), ("portal", _TEXT, portal))


def _tabs() -> dict[str, Any]:
    links = [
        {
            "id": _id("tab", tab.name),
            "cellValue": "view",
            "linkTarget": "parameter",
            "linkLabel": tab.label,
            "subTarget": tab.name,
            "style": "link",
        }
        for tab in TABS
    ]
    return {
        "type": 11,
        "content": {"version": "LinkItem/1.0", "style": "tabs", "links": links},
        "name": "tabs",
    }


def _group(tab: Tab) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"type": 1, "content": {"json": tab.says}, "name": f"{tab.name}-says"}]
    if tab.asks is not None:
        name, label = tab.asks
        items.append(_parameters(f"{tab.name}-asks", (name, _TEXT, {"label": label, "value": ""})))
    items += [_panel(panel, None if tab.asks is None else tab.asks[0]) for panel in tab.panels]
    return {
        "type": 12,
        "content": {"version": "NotebookGroup/1.0", "groupType": "editable", "items": items},
        "conditionalVisibility": {"parameterName": "view", "comparison": "isEqualTo", "value": tab.name},
        "name": tab.name,
    }


def _parameters(name: str, *given: tuple[str, int, dict[str, Any]]) -> dict[str, Any]:
    parameters = [
        {
            "id": _id("parameter", parameter),
            "version": "KqlParameterItem/1.0",
            "name": parameter,
            "type": kind,
        }
        | more
        for parameter, kind, more in given
    ]
    content = {"version": "KqlParameterItem/1.0", "style": "above", "queryType": 0, "parameters": parameters}
    return {"type": 9, "content": content, "name": name}


def _panel(panel: Panel, about: str | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "version": "KqlItem/1.0",
        "query": (QUERIES / f"{panel.query}.kql").read_text(encoding="utf-8"),
        "size": 0,
        "title": panel.title,
        "noDataMessage": panel.note,
        "timeContextFromParameter": "range",
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "visualization": panel.shown_as,
    }
    if panel.links:
        formatters = [
            {
                "columnMatch": column,
                "formatter": _LINK,
                "formatOptions": {"linkTarget": "Url", "linkLabel": "Open"},
            }
            for column in panel.links
        ]
        content["gridSettings"] = {"formatters": formatters}
    item: dict[str, Any] = {"type": 3, "content": content, "customWidth": str(panel.width)}
    if about is not None:
        item["conditionalVisibility"] = {"parameterName": about, "comparison": "isNotEqualTo", "value": ""}
    return item | {"name": panel.query}


def _id(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("tenantry", *parts))))
