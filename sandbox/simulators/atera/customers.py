"""The account itself, its customers and its departments."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.contact_writes import kept_text
from sandbox.simulators.atera.errors import invalid, not_found
from sandbox.simulators.atera.paging import by_age, page_answer
from sandbox.simulators.atera.records import AteraCustomer, AteraDepartment, timestamp
from sandbox.simulators.atera.requests import CreateDepartment, action, path_id, read_object, understood

_NEVER_SET = (
    "BusinessNumber",
    "Address",
    "City",
    "State",
    "Country",
    "Phone",
    "Fax",
    "Notes",
    "Logo",
    "Links",
    "Longitude",
    "Latitude",
    "ZipCodeStr",
)


async def get_account(account: AteraAccount, _request: web.Request) -> web.Response:
    """Return what the service says of the account."""
    return web.json_response(
        {
            "AccountID": account.id,
            "Country": None,
            "CompanyName": account.company_name,
            "CreatedOn": timestamp(account.created_on),
            "State": None,
            "TimeZoneName": account.time_zone.key,
            "City": None,
            "Address": None,
            "PostalCode": None,
            "Phone": None,
            "IsITDepartment": account.is_it_department,
            "Plan": None,
        }
    )


async def list_customers(account: AteraAccount, request: web.Request) -> web.Response:
    """Return a page of customers; there is no filter by name."""
    return page_answer(account, request, by_age(account, request, account.customers.values()), _customer_body)


async def get_customer(account: AteraAccount, request: web.Request) -> web.Response:
    """Return one customer."""
    customer_id = path_id(request, "customerId")
    if customer_id not in account.customers:
        raise not_found("Customer", customer_id)
    return web.json_response(_customer_body(account.customers[customer_id]))


async def list_departments(account: AteraAccount, request: web.Request) -> web.Response:
    """Return a page of departments, oldest first."""
    return page_answer(account, request, list(account.departments.values()), _department_body)


async def get_department(account: AteraAccount, request: web.Request) -> web.Response:
    """Return one department."""
    department_id = path_id(request, "departmentId")
    if department_id not in account.departments:
        raise not_found("Department", department_id)
    return web.json_response(_department_body(account.departments[department_id]))


async def create_department(account: AteraAccount, request: web.Request) -> web.Response:
    """Add a department; its name is required."""
    behaviour = account.behaviour
    wanted = understood(await read_object(request), CreateDepartment, behaviour)
    name = kept_text(behaviour, (wanted.name or "").strip())
    if name is None:
        raise invalid("Name", "The Name field is required.")
    department_id = account.add_department(name, kept_text(behaviour, wanted.description or ""))
    account.wrote("department created", department_id)
    return action(behaviour, department_id, created=True)


def _customer_body(customer: AteraCustomer) -> dict[str, Any]:
    return {
        "CustomerID": customer.id,
        "CustomerName": customer.name,
        "CreatedOn": timestamp(customer.created_on),
        "LastModified": timestamp(customer.last_modified),
        "Domain": ";".join(customer.domains) or None,
        **dict.fromkeys(_NEVER_SET),
    }


def _department_body(department: AteraDepartment) -> dict[str, Any]:
    return {"Id": department.id, "Name": department.name, "Description": department.description}
