"""Rows that were written before leavers, sites, the guard and schedules came still load."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from shared.adapters.builtin import BuiltinDestinations
from shared.adapters.tables import documents
from shared.adapters.tables.connections import TableConnections
from shared.adapters.tables.mirrors import TableMirrors
from shared.adapters.tables.reports import TableReports
from shared.adapters.tables.runs import TableChanges, TableRuns
from shared.adapters.tables.table import Table
from shared.core.changes import Change, ChangeKind
from shared.core.configuration import Configuration, Schedule
from shared.core.connection import ConnectionState
from shared.core.models import Contact, ContactFields
from shared.core.report import TenantReport
from shared.core.run import Counts, RunState, Stage
from shared.core.standing import Glance, glance
from shared.ports import ScheduledConnection
from tests.contract.contracts.destination import contacts
from tests.contract.contracts.values import active
from tests.fakes import FakeClock
from tests.integration.storage import OwnTables

AT = "2026-03-02T12:30:00Z"
CONNECTION_ID = "0123456789abcdef"
RUN_ID = f"run_{CONNECTION_ID}8227557000000deadbeef"
RUN: dict[str, Any] = {
    "id": RUN_ID,
    "account_id": "account",
    "customer_id": "c-1",
    "connection_id": CONNECTION_ID,
    "kind": "sync",
    "trigger": "schedule",
    "created_at": AT,
    "updated_at": AT,
    "state": "succeeded",
    "slot": AT,
    "started_at": AT,
    "finished_at": AT,
    "read_mode": "full",
    "full_reason": "weekly",
    "counts": {
        "users_read": 5,
        "created": 2,
        "linked": 0,
        "updated": 0,
        "unchanged": 0,
        "skipped": 3,
        "conflicts": 0,
        "kept": 0,
    },
    "skipped_by_reason": {"not_in_scope.guest": 3},
    "planned": 2,
    "applied": 2,
    "graph_requests": 4,
    "seconds": 1.5,
    "resumes": 0,
    "stage": {"mirror": "mirror", "delta_link": "link", "tenant_id": "tenant", "before": None},
    "error": {"code": "code", "title": "title", "detail": "detail", "actor": "operator"},
}
CONNECTION: dict[str, Any] = {
    "id": CONNECTION_ID,
    "account_id": "account",
    "customer_id": "c-1",
    "created_at": AT,
    "state": "active",
    "reason": None,
    "state_since": AT,
    "grant": "application",
    "tenant_id": "7e4a47e4-0000-4000-8000-000000000001",
    "tenant_name": "Contoso",
    "tenant_domain": None,
    "connected_at": AT,
    "connected_by": None,
    "consent_expires_at": None,
    "secret_name": f"connection-{CONNECTION_ID}",
    "configuration": {
        "preset": "standard",
        "user_types": ["member"],
        "enabled_only": True,
        "email_source": "mail_else_user_principal_name",
        "blank_in_directory": "keep",
        "leavers": "keep",
    },
    "configuration_version": 1,
    "delta_link": "link",
    "mirror": "1:name:1:0:-",
    "full_read_at": AT,
    "read_at": None,
    "synced_at": None,
    "current_run": None,
    "last_run": RUN_ID,
    "lease_owner": None,
    "lease_until": None,
    "fence": 7,
}
FIELDS = {
    "name": "Name",
    "email": "name@example.com",
    "first_name": "",
    "last_name": "",
    "job_title": "New",
    "department": "",
    "office": "",
    "company": "",
    "mobile_phone": "",
    "business_phone": "",
    "street": "",
    "city": "",
    "state": "",
    "postal_code": "",
    "country": "",
}
CHANGES: list[dict[str, Any]] = [
    {
        "kind": "update",
        "object_id": "object",
        "name": "Name",
        "contact_id": "contact",
        "fields": FIELDS,
        "modified": [{"field": "job_title", "old": "Old", "new": "New"}],
        "reason": None,
    },
    {
        "kind": "create",
        "object_id": "object-2",
        "name": "Name",
        "contact_id": None,
        "fields": FIELDS,
        "modified": [{"field": "name", "old": "", "new": "Name"}],
        "reason": None,
    },
    {
        "kind": "skip",
        "object_id": "object-3",
        "name": "Three",
        "contact_id": None,
        "fields": None,
        "modified": [],
        "reason": "not_in_scope.guest",
    },
]


async def test_an_old_run_loads(tables: OwnTables) -> None:
    """What it did not know of is as if it had not happened."""
    row = {"PartitionKey": CONNECTION_ID, "RowKey": RUN_ID, "body": json.dumps(RUN)}
    await Table(tables, "runs").insert(row)
    runs = TableRuns(tables)
    found = await runs.get(RUN_ID)
    assert found is not None
    assert (found.state, found.slot) == (RunState.SUCCEEDED, datetime(2026, 3, 2, 12, 30, tzinfo=UTC))
    assert found.counts == Counts(users_read=5, created=2, skipped=3)
    assert found.stage == Stage("mirror", "link", "tenant")
    assert (found.configuration, found.digest, found.guard, found.approved) == (None, None, (), None)
    assert (await runs.list(CONNECTION_ID, 10)).items == (found,)


async def test_an_old_connection_loads_and_is_due(tables: OwnTables) -> None:
    """With the schedule that every connection had, and a mirror that has to be read again."""
    columns = {"account_id": "account", "connection_id": CONNECTION_ID, "state": "active"}
    row = {"PartitionKey": "account", "RowKey": CONNECTION_ID, "body": json.dumps(CONNECTION), **columns}
    await Table(tables, "connections").insert(row)
    connections = TableConnections(tables)
    stored = await connections.get("account", CONNECTION_ID)
    assert stored is not None
    found = stored.value
    assert (found.state, found.fence, found.delta_link) == (ConnectionState.ACTIVE, 7, "link")
    assert found.configuration == Configuration()
    assert (found.in_scope, found.held_run, found.confirm_absence, found.reviews) == (None, None, False, 0)
    due = ScheduledConnection("account", CONNECTION_ID, Schedule())
    assert [page.items async for page in connections.active()] == [(due,)]
    assert await TableMirrors(tables).load(CONNECTION_ID, found.mirror or "") is None
    unmeasured = Glance("account", "", CONNECTION_ID, ConnectionState.ACTIVE)
    assert [page async for page in connections.glances()] == [(unmeasured,)]
    await connections.replace(stored, found)
    assert [page async for page in connections.glances()] == [(glance(found),)]
    assert [page.items async for page in connections.active()] == [(due,)]


async def test_an_old_change_log_loads(tables: OwnTables) -> None:
    """Of a contact that was made everything is told; what an update changed is not known any more."""
    row = {"PartitionKey": RUN_ID, "RowKey": "1-written-000000", "changes": len(CHANGES)}
    await Table(tables, "changes").insert(row | documents.pack(json.dumps(CHANGES).encode()))
    fields = ContactFields(name="Name", email="name@example.com", job_title="New")
    page = await TableChanges(tables).list(RUN_ID, 10)
    assert page.items == (
        Change(ChangeKind.UPDATE, "object", "Name", "contact", fields),
        Change(ChangeKind.CREATE, "object-2", "Name", None, fields),
        Change(ChangeKind.SKIP, "object-3", "Three", reason="not_in_scope.guest"),
    )
    assert [change.field for change in page.items[1].modified] == ["name", "email", "job_title"]


async def test_an_old_contact_is_active(tables: OwnTables) -> None:
    """Nobody had deactivated it, or decided anything about it."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    row = {"PartitionKey": CONNECTION_ID, "RowKey": "contact", "object_id": "object", **FIELDS}
    await Table(tables, "contacts").insert(row | {"source": "entra", "created_at": at, "updated_at": at})
    destinations = BuiltinDestinations(tables, FakeClock())
    fields = ContactFields(name="Name", email="name@example.com", job_title="New")
    expected = Contact("contact", fields, "object")
    assert await contacts(destinations.open(active("account", CONNECTION_ID))) == {"contact": expected}
    stored = await destinations.get(CONNECTION_ID, "contact")
    assert stored is not None
    assert stored.value.contact == expected


async def test_an_old_report_is_found(tables: OwnTables) -> None:
    """It had a partition of its own, and MFA was not counted; the next sync's report takes its place."""
    body = json.dumps({"made_at": AT, "licensed_users": 5, "secure_score": None, "gaps": []})
    await Table(tables, "reports").insert({"PartitionKey": CONNECTION_ID, "RowKey": "report", "body": body})
    reports = TableReports(tables)
    found = await reports.get("account", CONNECTION_ID)
    assert found == TenantReport(datetime(2026, 3, 2, 12, 30, tzinfo=UTC), 5)
    await reports.save("account", CONNECTION_ID, TenantReport(found.made_at, 6))
    latest = await reports.get("account", CONNECTION_ID)
    assert latest is not None
    assert latest.licensed_users == 6
