"""The customers of the simulated SyncroMSP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from tests.sandbox.syncro_harness import Service, serve_syncro

NOT_FOUND = {"message": "Not found"}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro() as served:
        yield served


async def names(service: Service, **query: str) -> list[str]:
    found = await service.call("GET", f"/customers?{urlencode(query)}")
    return [customer["business_name"] for customer in found["customers"]]


async def test_a_customer_shows_its_contacts(service: Service) -> None:
    """Alone and in a list, it is the same object."""
    contact = service.account.add_contact(service.customer, name="Nadia")
    alone = (await service.call("GET", f"/customers/{service.customer}"))["customer"]
    assert alone["business_name"] == alone["business_then_name"] == "Contoso"
    assert alone["email"] == "office@contoso.example"
    assert alone["contacts"] == [await service.call("GET", f"/contacts/{contact}")]
    assert alone["online_profile_url"].startswith(f"{service.base_url}/acme/my_profile/")
    assert (await service.call("GET", "/customers"))["customers"] == [alone]


async def test_customers_are_searched(service: Service) -> None:
    """By part of a name, by a whole address, or by a part of either; case is ignored."""
    service.account.add_customer("Contoso Labs", email="labs@contoso.example")
    service.account.add_customer("Fabrikam")
    assert await names(service) == ["Contoso", "Contoso Labs", "Fabrikam"]
    assert await names(service, business_name="CONTOSO") == ["Contoso", "Contoso Labs"]
    assert await names(service, email="LABS@contoso.example") == ["Contoso Labs"]
    assert await names(service, email="contoso.example") == []
    assert await names(service, query="contoso.example") == ["Contoso", "Contoso Labs"]
    assert await names(service, query="labs", business_name="fab") == []
    assert await names(service, sort="business_name DESC") == ["Fabrikam", "Contoso Labs", "Contoso"]
    only = str(service.customer)
    assert await names(service, **{"id[]": only}) == ["Contoso"]
    assert await names(service, **{"not_id[]": only}) == ["Contoso Labs", "Fabrikam"]


async def test_disabled_customers_are_listed_on_request(service: Service) -> None:
    """One by one they can be read all the same."""
    service.account.customers[service.customer].disabled = True
    assert await names(service) == []
    assert await names(service, include_disabled="false") == []
    assert await names(service, include_disabled="true") == ["Contoso"]
    assert (await service.call("GET", f"/customers/{service.customer}"))["customer"]["disabled"] is True


async def test_customers_come_in_pages_of_a_hundred(service: Service) -> None:
    """And beyond the last page there is an empty list."""
    for number in range(100):
        service.account.add_customer(f"Customer {number}")
    for page, size in ((1, 100), (2, 1), (3, 0)):
        found = await service.call("GET", f"/customers?page={page}")
        assert found["meta"] == {"total_pages": 2, "total_entries": 101, "per_page": 100, "page": page}
        assert len(found["customers"]) == size
    service.account.behaviour.customers_per_page = 10
    assert (await service.call("GET", "/customers"))["meta"]["total_pages"] == 11


async def test_a_customer_is_created_and_changed(service: Service) -> None:
    """What is not sent stays, a phone loses its formatting, and a foreign id looks like none."""
    body = {"firstname": "Ada", "lastname": "Ames", "phone": "(1) 2-3", "get_sms": 1, "tax_rate_id": "4"}
    created = (await service.call("POST", "/customers", body))["customer"]
    assert (created["fullname"], created["business_and_full_name"]) == ("Ada Ames", "Ada Ames")
    assert (created["phone"], created["get_sms"], created["tax_rate_id"]) == ("123", True, 4)
    service.clock.advance(minutes=1)
    changed = await service.call("PUT", f"/customers/{created['id']}", {"business_name": "Ames"})
    assert changed["customer"] == created | {
        "business_name": "Ames",
        "business_and_full_name": "Ames - Ada Ames",
        "business_then_name": "Ames",
        "updated_at": "2026-06-01T09:01:00.000Z",
    }
    foreign = service.syncro.add_account("other", name="Other").add_customer("Foreign")
    for method in ("GET", "PUT"):
        for customer_id in (foreign, "abc", 99999):
            answer = await service.ask(method, f"/customers/{customer_id}")
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_a_customer_with_a_wrong_address_is_refused(service: Service) -> None:
    """The refusal has its own shape, with what was sent when it was to be a new one."""
    body = {"business_name": "New", "email": "it is not an email", "nonsense": 1}
    message = ["Email is not an email", 'Email Only able to parse up to "it is not an email"']
    assert await service.refused("POST", "/customers", body) == {
        "success": False,
        "message": message,
        "params": {"business_name": "New", "email": "it is not an email"},
    }
    path = f"/customers/{service.customer}"
    assert await service.refused("PUT", path, body) == {"success": False, "message": message}
    assert service.account.customers[service.customer].business_name == "Contoso"
    assert len(service.account.customers) == 1


async def test_a_deleted_customer_takes_its_contacts_along(service: Service) -> None:
    """Those of other customers stay."""
    other = service.account.add_customer("Fabrikam")
    service.account.add_contact(service.customer, name="Gone")
    stays = service.account.add_contact(other, name="Stays")
    service.account.delete_customer(service.customer)
    assert (await service.ask("GET", f"/customers/{service.customer}")).status_code == 404
    assert list(service.account.contacts) == [stays]
