"""Values for contract tests: names nobody else uses, and text that nobody wants."""

import uuid
from datetime import UTC, datetime, timedelta

import msgspec

from shared.core.changes import Change, ChangeKind, FieldChange
from shared.core.connection import Connection, ConnectionState
from shared.core.models import ContactFields, DirectoryUser
from shared.core.run import Run, RunKind, Trigger, new_run_id

NOW = datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
HOSTILE = (
    "a/b\\c#d?e",
    "100%",
    "%2F",
    "..",
    "it's",
    'say "hi"',
    "tab\tin",
    "new\nline",
    "Zoë Łukasz",
    "名前",
    "😀" * 20,
    "e\u0301",
    "' or PartitionKey ne '",
    " edge ",
)
"""Ids that a key, a URL or a filter could stumble over; all different from each other."""


def unique() -> str:
    """16 hexadecimal digits that no other test has, so that tests may share a store."""
    return uuid.uuid4().hex[:16]


def connection(account_id: str, connection_id: str | None = None, **values: object) -> Connection:
    made = Connection(id=connection_id or unique(), account_id=account_id, customer_id="c-1", created_at=NOW)
    return msgspec.structs.replace(made, **values)


def active(account_id: str, connection_id: str | None = None) -> Connection:
    return connection(account_id, connection_id, state=ConnectionState.ACTIVE)


def in_tenant(connection: Connection, tenant_id: str) -> Connection:
    return msgspec.structs.replace(connection, tenant_id=tenant_id)


def run(connection_id: str, at: datetime = NOW, **values: object) -> Run:
    made = Run(
        id=new_run_id(connection_id, at),
        account_id=unique(),
        customer_id="c-1",
        connection_id=connection_id,
        kind=RunKind.SYNC,
        trigger=Trigger.API,
        created_at=at,
        updated_at=at,
    )
    return msgspec.structs.replace(made, **values)


def change(number: int, text: str = "") -> Change:
    fields = ContactFields(name=f"Person {number} {text}", email=f"person-{number}@example.com")
    return Change(
        ChangeKind.CREATE,
        f"object-{number:06d}",
        fields.name,
        fields=fields,
        changed=(FieldChange("name", "", fields.name),),
    )


def user(number: int, text: str = "") -> DirectoryUser:
    return DirectoryUser(
        id=f"object-{number:06d}",
        user_principal_name=f"person-{number}@example.com",
        display_name=f"Person {number} {text}",
        enabled=bool(number % 2),
        aliases=tuple(f"alias-{number}-{each}@example.com" for each in range(number % 3)),
        licences=("sku-1", "sku-2")[: number % 3],
    )
