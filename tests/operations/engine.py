"""Queries answered on rows of ours, by an engine for Kusto's language that runs on this machine.

It stands in for Azure Monitor: its makers compared its answers with Kusto's own. Here the time stands still.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import duckdb_kql

from tests.operations.alert_rules import QUERIES, Rule

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=100)
_DEPLOYED = "2026-01-01T00:00:00Z"
_TABLES = {
    "AppEvents": {
        "TimeGenerated": "TIMESTAMPTZ",
        "Name": "VARCHAR",
        "Properties": "JSON",
        "OperationId": "VARCHAR",
        "IngestedAt": "TIMESTAMPTZ",
    },
    "AppRequests": {
        "TimeGenerated": "TIMESTAMPTZ",
        "Name": "VARCHAR",
        "ResultCode": "VARCHAR",
        "DurationMs": "DOUBLE",
        "ItemCount": "INTEGER",
    },
}


@dataclass(frozen=True)
class Event:
    """A row of AppEvents. `minutes`: before NOW; `delay`: minutes until it had arrived."""

    name: str
    minutes: float
    fields: Mapping[str, object] = field(default_factory=dict)
    delay: float = 2


@dataclass(frozen=True)
class Request:
    """Rows of AppRequests that are alike, `minutes` before NOW."""

    status: str
    times: int
    minutes: float = 5


def event(name: str, minutes: float, /, **fields: object) -> Event:
    """An event with its fields, which arrive as text."""
    return Event(name, minutes, fields)


def answer(
    text: str, rows: Iterable[Event | Request], *, at: datetime = NOW, window: timedelta = timedelta(days=30)
) -> list[dict[str, Any]]:
    """What the query answers at that time, of what had arrived by then and happened within the window."""
    connection = _storage()
    connection.execute("DELETE FROM AppEvents; DELETE FROM AppRequests")
    for row in rows:
        # To the query it is always NOW, so that it has to be translated only once.
        happened = NOW - timedelta(minutes=row.minutes) + (NOW - at)
        if not NOW - window < happened <= NOW:
            continue
        if isinstance(row, Request):
            values = [happened, "api", row.status, 10.0, row.times]
            connection.execute("INSERT INTO AppRequests VALUES (?, ?, ?, ?, ?)", values)
        elif (arrived := happened + timedelta(minutes=row.delay)) <= NOW:
            properties = json.dumps({f"tenantry.{name}": str(value) for name, value in row.fields.items()})
            values = [happened, row.name, properties, "operation", arrived]
            connection.execute("INSERT INTO AppEvents VALUES (?, ?, ?, ?, ?)", values)
    translated = _translated(text)
    found = connection.execute(translated, translated.parameters)
    columns = [column[0] for column in found.description or ()]
    return [dict(zip(columns, values, strict=True)) for values in found.fetchall()]


def asked(name: str, rows: Iterable[Event | Request], **filled_in: str) -> list[dict[str, Any]]:
    """What the workbook shows for a query."""
    text = (QUERIES / f"{name}.kql").read_text(encoding="utf-8")
    for parameter, value in filled_in.items():
        text = text.replace(f"{{{parameter}}}", value)
    return answer(text, rows)


def fired(
    rule: Rule, rows: Iterable[Event | Request], *, at: datetime = NOW, deployed_at: datetime = LONG_AGO
) -> list[tuple[str, ...]]:
    """What the rule alerts of when it looks at that time: the dimensions of each alert."""
    text = rule.text.replace(_DEPLOYED, deployed_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for old, new in rule.replaced:
        text = text.replace(old, new)
    found = answer(text, rows, at=at, window=timedelta(minutes=rule.window))
    if not rule.measure:
        return [()] if len(found) >= rule.threshold else []
    above = [row for row in found if row[rule.measure] is not None and row[rule.measure] >= rule.threshold]
    return sorted(tuple(str(row[column]) for column in rule.dimensions) for row in above)


@cache
def _storage() -> duckdb.DuckDBPyConnection:
    connection = duckdb_kql.connect()
    for table, columns in _TABLES.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table}({listed})")
    return connection


@cache
def _translated(text: str) -> duckdb_kql.TranslationResult:
    schema = {table: list(columns) for table, columns in _TABLES.items()}
    # When a row arrived is known to Azure Monitor only; here it is a column.
    known = text.replace("ingestion_time()", "IngestedAt")
    return duckdb_kql.to_sql(known, schema=schema, query_now=NOW)
