"""Customers, departments and custom values of the simulated Atera."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest

from tests.sandbox.atera_harness import Service, serve_atera


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


async def test_customers_are_listed_with_their_domains(service: Service) -> None:
    """Domains are one text with semicolons, or null; the youngest customer comes first."""
    page = await service.get("customers")
    assert [(item["CustomerID"], item["CustomerName"], item["Domain"]) for item in page["items"]] == [
        (service.fabrikam, "Fabrikam", None),
        (service.contoso, "Contoso", "contoso.example;contoso.onmicrosoft.com"),
    ]
    assert await service.get(f"customers/{service.contoso}") == page["items"][1]
    assert (await service.ask("GET", "customers/999999")).status_code == 404


async def test_customers_come_in_pages(service: Service) -> None:
    """The envelope is that of contacts."""
    page = await service.get("customers", itemsInPage=1)
    assert (page["totalItemCount"], page["totalPages"], len(page["items"])) == (2, 2, 1)
    following = (await service.ask("GET", page["nextLink"])).json()
    assert [item["CustomerName"] for item in following["items"]] == ["Contoso"]


async def test_departments_can_be_added_and_read(service: Service) -> None:
    """They belong to the account, so contacts of every customer can be in one."""
    finance = service.account.add_department("Finance")
    created = await service.ask("POST", "departments", {"Name": "Sales", "Description": "They sell"})
    assert created.status_code == 201
    sales = int(created.json()["ActionID"])
    assert (await service.get("departments"))["items"] == [
        {"Id": finance, "Name": "Finance", "Description": None},
        {"Id": sales, "Name": "Sales", "Description": "They sell"},
    ]
    assert (await service.get(f"departments/{sales}"))["Name"] == "Sales"
    assert (await service.ask("GET", "departments/999999")).status_code == 404
    contact_id = await service.create(DepartmentID=sales)
    assert (await service.get(f"contacts/{contact_id}"))["DepartmentName"] == "Sales"


@pytest.mark.parametrize("body", [{}, {"Name": " "}, {"Name": 1}])
async def test_a_department_has_to_have_a_name(service: Service, body: dict[str, object]) -> None:
    """The answer is 400 and nothing is added."""
    assert (await service.ask("POST", "departments", body)).status_code == 400
    assert not service.account.departments


async def test_custom_fields_are_listed(service: Service) -> None:
    """The fields of all kinds of things come in one list without pages."""
    service.account.add_custom_field("EntraObjectId")
    service.account.add_custom_field("Seats", "Customer", "Numeric")
    listed = await service.get("customvalues/customfields")
    assert [(it["Name"], it["Target"], it["DataType"]) for it in listed] == [
        ("EntraObjectId", "Contact", "Text"),
        ("Seats", "Customer", "Numeric"),
    ]


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_value_of_a_contact_can_be_set_and_read(service: Service, method: str) -> None:
    """Both methods do the same, the field's name may need encoding, and unset values are not read."""
    service.account.add_custom_field("Entra id/object")
    contact_id = await service.create()
    path = f"customvalues/contactfield/{contact_id}/Entra%20id%2Fobject"
    assert await service.get(path) == []
    answer = await service.ask(method, path, {"Value": "1b9f"})
    assert (answer.status_code, answer.json()) == (200, {"ActionID": str(contact_id)})
    (value,) = await service.get(path)
    assert (value["ItemId"], value["FieldName"], value["ValueAsString"]) == (
        contact_id,
        "Entra id/object",
        "1b9f",
    )
    assert await service.get(f"customvalues/contactfields/{contact_id}") == [value]
    assert service.account.custom_values == {(contact_id, "Entra id/object"): "1b9f"}


async def test_a_value_of_a_customer_is_apart_from_that_of_a_contact(service: Service) -> None:
    """A field belongs to one kind of thing, even where the names are the same."""
    service.account.add_custom_field("Tenant", "Customer")
    contact_id = await service.create()
    path = f"customvalues/customerfield/{service.contoso}/Tenant"
    assert (await service.ask("PUT", path, {"Value": "contoso"})).status_code == 200
    assert [value["ValueAsString"] for value in await service.get(path)] == ["contoso"]
    assert len(await service.get(f"customvalues/customerfields/{service.contoso}")) == 1
    other = await service.ask("PUT", f"customvalues/contactfield/{contact_id}/Tenant", {"Value": "x"})
    assert other.status_code == 400
    service.account.add_custom_field("Tenant", "Contact")
    assert len(await service.get(f"customvalues/customerfields/{service.contoso}")) == 1
    assert await service.get(f"customvalues/contactfields/{contact_id}") == []


@pytest.mark.parametrize("value", [None, ""])
async def test_a_value_can_be_taken_away(service: Service, value: str | None) -> None:
    """Null and an empty text both do it."""
    service.account.add_custom_field("EntraObjectId")
    contact_id = await service.create()
    path = f"customvalues/contactfield/{contact_id}/EntraObjectId"
    await service.ask("PUT", path, {"Value": "1b9f"})
    await service.ask("PUT", path, {"Value": value})
    assert await service.get(path) == []


@pytest.mark.parametrize("status", [400, 404])
async def test_an_unknown_field_is_refused_as_the_account_says(
    service: Service, status: Literal[400, 404]
) -> None:
    """The old service said 404, the new document says 400; a name in another case is another name."""
    service.account.behaviour.unknown_field_status = status
    service.account.add_custom_field("EntraObjectId")
    contact_id = await service.create()
    path = f"customvalues/contactfield/{contact_id}/entraobjectid"
    assert (await service.ask("GET", path)).status_code == status
    assert (await service.ask("PUT", path, {"Value": "x"})).status_code == status
    missing = await service.ask("GET", "customvalues/contactfield/999999/EntraObjectId")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("data_type", "good", "bad", "property_name", "expected"),
    [
        ("Numeric", "12.5", "many", "ValueAsDecimal", 12.5),
        ("Boolean", "True", "yes", "ValueAsBool", True),
        ("Numeric", "-1", "nan", "ValueAsDecimal", -1),
        ("Date", "2026-03-02", "soon", "ValueAsDateTime", "2026-03-02T00:00:00Z"),
        ("Date", "2026-03-02T01:00:00+01:00", "2026-03-32", "ValueAsDateTime", "2026-03-02T00:00:00Z"),
    ],
)
async def test_a_value_has_to_be_of_its_fields_type(
    service: Service, data_type: str, good: str, bad: str, property_name: str, expected: object
) -> None:
    """It is written as text in any case, and read as text and as what it is."""
    service.account.add_custom_field("Field", "Contact", data_type)
    contact_id = await service.create()
    path = f"customvalues/contactfield/{contact_id}/Field"
    assert (await service.ask("PUT", path, {"Value": bad})).status_code == 400
    assert (await service.ask("PUT", path, {"Value": good})).status_code == 200
    (value,) = await service.get(path)
    assert (value["ValueAsString"], value[property_name]) == (good, expected)
