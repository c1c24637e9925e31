"""What an account holds, and the names that the API gives to its properties.

Names and types follow the schemas ContactDto, CustomerDto, DepartmentDto and CustomFieldDto of the maker's
OpenAPI document v3: `Firstname` with a small n, `CustomerID` but `DefaultAgentId`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

CONTACT_NAMES = {
    "id": "EndUserID",
    "customer_id": "CustomerID",
    "customer_name": "CustomerName",
    "first_name": "Firstname",
    "last_name": "Lastname",
    "job_title": "JobTitle",
    "email": "Email",
    "phone": "Phone",
    "mobile_phone": "MobilePhone",
    "is_contact_person": "IsContactPerson",
    "in_ignore_mode": "InIgnoreMode",
    "created_on": "CreatedOn",
    "last_modified": "LastModified",
    "archived": "Archived",
    "department_id": "DepartmentID",
    "department_name": "DepartmentName",
    "default_agent_id": "DefaultAgentId",
}


class AteraContact(msgspec.Struct, kw_only=True, rename=CONTACT_NAMES):
    """A person at a customer; times are aware, in UTC and whole seconds."""

    id: int
    customer_id: int
    email: str
    created_on: datetime
    last_modified: datetime
    first_name: str | None = None
    last_name: str | None = None
    job_title: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    is_contact_person: bool = False
    in_ignore_mode: bool = False
    archived: bool = False
    department_id: int | None = None
    default_agent_id: int | None = None


@dataclass
class AteraCustomer:
    """A customer; its contacts point to it."""

    id: int
    name: str
    domains: tuple[str, ...]
    created_on: datetime
    last_modified: datetime


@dataclass
class AteraDepartment:
    """A department, of the account and not of a customer."""

    id: int
    name: str
    description: str | None = None


@dataclass(frozen=True)
class CustomField:
    """A field that an administrator added; the API can only fill it in."""

    name: str
    target: str
    data_type: str


def whole_seconds(moment: datetime) -> datetime:
    """Return the moment as the service keeps it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def timestamp(moment: datetime) -> str:
    """Return the moment as the service writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
