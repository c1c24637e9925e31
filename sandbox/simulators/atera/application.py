"""The simulated Atera API v3 as an aiohttp application.

Follows the maker's OpenAPI document "Atera OpenAPI v3 documentation" (title "Welcome to the Atera API"); what
that leaves open is a switch of `Behaviour`.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.simulators.atera import contacts, custom_values, customers
from sandbox.simulators.atera.control import add_control_routes
from sandbox.simulators.atera.custom_values import CustomValues
from sandbox.simulators.atera.gate import Gate, Work
from sandbox.simulators.atera.paging import BASE_URL
from sandbox.simulators.atera.state import Atera
from sandbox.simulators.faults import FaultPlan, add_fault_routes, fault_middleware
from sandbox.simulators.request_log import RequestLog, add_request_log_routes, request_log_middleware

PREFIX = "/api/v3"
_CONTACT, _CUSTOMER = CustomValues("Contact", "contactId"), CustomValues("Customer", "customerId")
_ROUTES: tuple[tuple[str, str, str | None, Work], ...] = (
    ("GET", "account", None, customers.get_account),
    ("GET", "contacts", "Contacts:Read", contacts.list_contacts),
    ("POST", "contacts", "Contacts:Write", contacts.create_contact),
    ("GET", "contacts/{contactId}", "Contacts:Read", contacts.get_contact),
    ("PUT", "contacts/{contactId}", "Contacts:Write", contacts.update_contact),
    ("POST", "contacts/{contactId}", "Contacts:Write", contacts.update_contact),
    ("DELETE", "contacts/{contactId}", "Contacts:Delete", contacts.delete_contact),
    ("GET", "customers", "Customers:Read", customers.list_customers),
    ("GET", "customers/{customerId}", "Customers:Read", customers.get_customer),
    ("GET", "departments", "Departments:Read", customers.list_departments),
    ("POST", "departments", "Departments:Write", customers.create_department),
    ("GET", "departments/{departmentId}", "Departments:Read", customers.get_department),
    ("GET", "customvalues/customfields", "CustomValues:Read", custom_values.list_custom_fields),
    ("GET", "customvalues/contactfields/{contactId}", "CustomValues:Read", _CONTACT.list_values),
    ("GET", "customvalues/customerfields/{customerId}", "CustomValues:Read", _CUSTOMER.list_values),
    *(
        (method, f"customvalues/{path}/{{fieldName}}", f"CustomValues:{right}", work)
        for path, values in (
            ("contactfield/{contactId}", _CONTACT),
            ("customerfield/{customerId}", _CUSTOMER),
        )
        for method, right, work in (
            ("GET", "Read", values.get_value),
            ("PUT", "Write", values.set_value),
            ("POST", "Write", values.set_value),
        )
    ),
)


def atera_application(atera: Atera, base_url: str, *, faults: FaultPlan | None = None) -> web.Application:
    """Build the service that answers below `/api/v3`; the links in its pages begin with `base_url`."""
    plan, log, gate = faults or FaultPlan(), RequestLog(), Gate(atera)
    application = web.Application(
        middlewares=[
            request_log_middleware(log, gate.tenant_of),
            fault_middleware(plan, gate.tenant_of),
        ]
    )
    application[BASE_URL] = base_url.rstrip("/")
    for method, path, permission, work in _ROUTES:
        application.router.add_route(method, f"{PREFIX}/{path}", gate.guarded(permission, work))
    add_control_routes(application, atera)
    add_fault_routes(application, plan)
    add_request_log_routes(application, log)
    return application
